package adb

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
)

func TestHostileSync(t *testing.T) {
	const done = "DONE\x00\x00\x00\x00"
	dent := func(name string, n string) string {
		return "DENT\xa4\x81\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00" + n + name
	}
	tests := []struct {
		name   string
		answer string // to any request
		list   bool
		want   Code
	}{
		{"a whole file", "DATA\x02\x00\x00\x00hi" + done, false, ""},
		{"cut in a chunk", "DATA\x09\x00\x00\x00hi", false, NoExit},
		{"cut between chunks", "DATA\x02\x00\x00\x00hi", false, NoExit},
		{"a chunk of 4 GiB", "DATA\xff\xff\xff\xffhi", false, Malformed},
		{"unknown message", "WHAT\x00\x00\x00\x00", false, Malformed},
		{"a refusal of 4 GiB", "FAIL\xff\xff\xff\xff", false, Malformed},
		{"a refusal in the middle", "DATA\x02\x00\x00\x00hiFAIL\x03\x00\x00\x00bad", false, Refused},
		{"a whole list", dent("f", "\x01\x00\x00\x00") + done, true, ""},
		{"a name of 4 GiB", dent("f", "\xff\xff\xff\xff"), true, Malformed},
		{"a name that climbs", dent("../f", "\x04\x00\x00\x00") + done, true, Malformed},
		{"a name with NUL", dent("a\x00b", "\x03\x00\x00\x00") + done, true, Malformed},
		{"a list that is cut", dent("f", "\x01\x00\x00\x00"), true, NoExit},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := startFake(t, script{"sync:": func(c *fakeConn) {
				c.okay()
				io.ReadFull(c.r, make([]byte, 8))
				io.WriteString(c, tt.answer)
			}})
			d := f.device(Options{})
			var err error
			if tt.list {
				_, err = d.List(t.Context(), "/p")
			} else {
				err = d.Pull(t.Context(), "/p", io.Discard)
			}
			if CodeOf(err) != tt.want || (err == nil) != (tt.want == "") {
				t.Errorf("error %v, want %q", err, tt.want)
			}
		})
	}
}

func FuzzGuard(f *testing.F) {
	f.Add("DATA\x02\x00\x00\x00hiDONE\x00\x00\x00\x00")
	f.Add("DENT\xa4\x81\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00fDONE\x00\x00\x00\x00")
	f.Fuzz(func(t *testing.T, in string) {
		var out bytes.Buffer
		g := guard{from: strings.NewReader(in), to: &out, file: 64}
		err := g.run()
		if !strings.HasPrefix(in, out.String()) {
			t.Fatal("what came out is not what went in")
		}
		if err == nil && !strings.Contains(out.String(), "DONE") && !strings.Contains(out.String(), "OKAY") {
			t.Fatal("an answer without an end")
		}
		if errors.Is(err, io.EOF) && out.Len() > len(in) {
			t.Fatal("more than came in")
		}
	})
}
