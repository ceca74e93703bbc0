package safe

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

func TestJSON(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"plain", `{"a":"b\u001b[2J"}`, `{"a":"b\u001b[2J"}`},
		{"letters of any script", `"ü 小米 😀"`, `"ü 小米 😀"`},
		{"a C1 control", "\"\u009b2J\"", `"\u009b2J"`},
		{"delete", "\"\x7f\"", `"\u007f"`},
		{"bidirectional", "{\"\u202e\":\"\u2066a\u2069\"}", `{"\u202e":"\u2066a\u2069"}`},
		{"beyond 16 bits", "\"\U000e0041\"", `"\udb40\udc41"`},
		{"white space between values", "{\n\t\"a\": 1\r\n}", "{\n\t\"a\": 1\r\n}"},
		{"a byte that is no text", "\"\x9b2J\"", `"\ufffd2J"`},
		{"a replacement character that is text", "\"\ufffd\"", "\"\ufffd\""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := string(JSON([]byte(tt.in))); got != tt.want {
				t.Errorf("%s, want %s", got, tt.want)
			}
		})
	}
}

// FuzzJSON wants the same meaning, and nothing that a terminal would obey.
func FuzzJSON(f *testing.F) {
	f.Add("a\u009b\u202e\U000e0041\xff\x7f")
	f.Fuzz(func(t *testing.T, s string) {
		var b bytes.Buffer
		enc := json.NewEncoder(&b)
		enc.SetEscapeHTML(false)
		if err := enc.Encode(s); err != nil {
			t.Fatal(err)
		}
		out := JSON(b.Bytes())
		if line := strings.TrimSuffix(string(out), "\n"); Text(line) != line {
			t.Fatalf("%q is not safe to show", out)
		}
		var got, want string
		if err := json.Unmarshal(out, &got); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(b.Bytes(), &want); err != nil || got != want {
			t.Fatalf("%q means %q, want %q (%v)", out, got, want, err)
		}
	})
}
