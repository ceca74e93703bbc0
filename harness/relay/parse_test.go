package main

import (
	"bufio"
	"bytes"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"
)

func TestOwners(t *testing.T) {
	const heading = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
	row := func(local, remote, state, uid string) string {
		return "   0: " + local + " " + remote + " " + state + " 00000000:00000000 00:00000000 00000000 " + uid + " 0 30 1 0 20 4 30 10 -1\n"
	}
	const six = "0000000000000000FFFF00000100007F"
	tests := []struct {
		name, text string
		want       int
	}{
		{"IPv4", heading + row("0100007F:8000", "0100007F:46A0", "01", "10100"), 10100},
		{"mapped", heading + row(six+":8000", six+":46A0", "01", "10100"), 10100},
		{"the other end", heading + row("0100007F:46A0", "0100007F:8000", "01", "2000"), -1},
		{"another port", heading + row("0100007F:8001", "0100007F:46A0", "01", "10100"), -1},
		{"not the loopback", heading + row("0101A8C0:8000", "0100007F:46A0", "01", "10100"), -1},
		{"time wait has no owner", heading + row("0100007F:8000", "0100007F:46A0", "06", "0"), -1},
		{"closing", heading + row("0100007F:8000", "0100007F:46A0", "04", "10100"), -1},
		{"root is an owner", heading + row("0100007F:8000", "0100007F:46A0", "01", "0"), 0},
		{"two owners", heading + row("0100007F:8000", "0100007F:46A0", "01", "10100") + row("0100007F:8000", "0100007F:46A0", "01", "10101"), -1},
		{"empty", "", -1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			all := map[ends]int{}
			owners([]byte(tt.text), all)
			got, ok := all[ends{0x8000, 0x46A0}]
			if !ok {
				got = unknownUID
			}
			if got != tt.want {
				t.Errorf("got %d, want %d", got, tt.want)
			}
		})
	}
}

func TestNetdAnswer(t *testing.T) {
	four := "222\x00" + "\x00\x00\x00\x01" + strings.Repeat("\x00\x00\x00\x00", 4) +
		"\x00\x00\x00\x10" + "\x02\x00\x00\x00\xc6\x12\x00\x07" + strings.Repeat("\x00", 8) + "\x00\x00\x00\x00" + "\x00\x00\x00\x00"
	if got, err := netdAnswer([]byte(four)); err != nil || fmt.Sprint(got) != "[198.18.0.7]" {
		t.Errorf("got %v, %v", got, err)
	}
	for _, bad := range []string{"", "401\x00", four[:20], four[:40], "222\x00\x00\x00\x00\x00"} {
		if got, err := netdAnswer([]byte(bad)); err == nil {
			t.Errorf("%q gives %v", bad, got)
		}
	}
}

func TestAsksNetd(t *testing.T) {
	path := t.TempDir() + "/s"
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	asked := make(chan string, 1)
	go func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		text, _ := bufio.NewReader(c).ReadString(0)
		asked <- text
		fmt.Fprint(c, "222\x00\x00\x00\x00\x01"+strings.Repeat("\x00\x00\x00\x00", 4)+"\x00\x00\x00\x10\x02\x00\x00\x00\x01\x02\x03\x04"+strings.Repeat("\x00", 16))
	}()
	got, err := askNetd(t.Context(), path, "site.test")
	if err != nil || fmt.Sprint(got) != "[1.2.3.4]" || <-asked != "getaddrinfo site.test ^ 0 0 1 0 0\x00" {
		t.Errorf("got %v, %v", got, err)
	}
	if _, err := askNetd(t.Context(), path, "a b"); err == nil {
		t.Error("a name with a space was asked for")
	}
}

func TestOptions(t *testing.T) {
	good := []string{"-listen", "1", "-host", "2", "-token", "00112233445566778899"}
	if o, err := parse(good); err != nil || o.grace != 30*time.Second || o.fresh >= o.grace {
		t.Errorf("got %+v, %v", o, err)
	}
	for _, bad := range [][]string{{}, append(good[:4:4], "-token", "zz"), append(good[:4:4], "-token", "00"), append(good[:6:6], "-listen", "0"),
		append(good[:6:6], "-host", "70000"), append(good[:6:6], "-grace", "0s"), append(good[:6:6], "more")} {
		if _, err := parse(bad); err == nil {
			t.Errorf("%q is accepted", bad)
		}
	}
}

func FuzzNetdAnswer(f *testing.F) {
	f.Add([]byte("222\x00\x00\x00\x00\x01"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if got, err := netdAnswer(b); err == nil && len(got)*4 > len(b) {
			t.Errorf("%d addresses in %d bytes", len(got), len(b))
		}
	})
}

func FuzzAim(f *testing.F) {
	f.Add([]byte("GET http://a.test/ HTTP/1.1\r\nA: b"))
	f.Add([]byte("CONNECT a.test:443 HTTP/1.1"))
	f.Fuzz(func(t *testing.T, b []byte) {
		to, err := aim(b)
		if err != nil {
			return
		}
		if to.host == "" || to.port < 1 || to.port > 65535 || !to.connect && !bytes.HasSuffix(to.head, []byte("\r\n\r\n")) {
			t.Errorf("%q gives %+v", b, to)
		}
	})
}

func FuzzOwners(f *testing.F) {
	f.Add([]byte("   0: 0100007F:8000 0100007F:46A0 01 00000000:00000000 00:00000000 00000000 10100 0 30 1\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		all := map[ends]int{}
		owners(b, all)
		if len(all) > bytes.Count(b, []byte("\n"))+1 {
			t.Errorf("%d rows in %q", len(all), b)
		}
	})
}
