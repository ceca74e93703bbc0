package safe

import (
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestText(t *testing.T) {
	for name, c := range map[string]struct{ in, want string }{
		"ascii":             {"plain text, \\ and \"quotes\"", "plain text, \\ and \"quotes\""},
		"letters":           {"größe 搜索 поиск 🙂", "größe 搜索 поиск 🙂"},
		"combining":         {"e\u0301", "e\u0301"},
		"escape":            {"\x1b[2Jgone", `\x1b[2Jgone`},
		"nul and newline":   {"a\x00b\nc\r\td", `a\x00b\x0ac\x0d\x09d`},
		"del":               {"a\x7fb", `a\x7fb`},
		"c1":                {"a\u009bb\u0085", `a\x9bb\x85`},
		"not utf-8":         {"a\xff\xc3(", `a\xff\xc3(`},
		"half a surrogate":  {"a\xed\xa0\x80b", `a\xed\xa0\x80b`},
		"bidi override":     {"exe.\u202egpj", `exe.\u{202e}gpj`},
		"isolates":          {"\u2066x\u2069", `\u{2066}x\u{2069}`},
		"zero width":        {"duck\u200bduckgo.com\ufeff", `duck\u{200b}duckgo.com\u{feff}`},
		"soft hyphen":       {"a\u00adb", `a\u{00ad}b`},
		"no-break space":    {"a\u00a0b", `a\u{00a0}b`},
		"line separator":    {"a\u2028b\u2029", `a\u{2028}b\u{2029}`},
		"hangul filler":     {"a\u3164b", `a\u{3164}b`},
		"variation":         {"a\ufe0fb", `a\u{fe0f}b`},
		"tag":               {"a\U000e0041b", `a\u{e0041}b`},
		"private use":       {"a\ue000b\U0010fffd", `a\u{e000}b\u{10fffd}`},
		"noncharacter":      {"a\ufffeb", `a\u{fffe}b`},
		"real replacement":  {"a\ufffdb", "a\ufffdb"},
		"nothing":           {"", ""},
		"an escape as text": {`\x1b`, `\x1b`},
	} {
		t.Run(name, func(t *testing.T) {
			if got := Text(c.in); got != c.want {
				t.Errorf("Text(%q) = %q, want %q", c.in, got, c.want)
			}
		})
	}
}

func TestLine(t *testing.T) {
	for name, c := range map[string]struct {
		in    string
		limit int
		want  string
	}{
		"short":         {"abc", 3, "abc"},
		"long":          {"abcd", 3, "ab…"},
		"wide":          {"搜索引擎", 3, "搜索…"},
		"escape whole":  {"a\x1bcd", 3, `a\x1b…`},
		"no limit":      {"abcd", 0, "abcd"},
		"broken letter": {"\xff\xff\xff\xff", 3, `\xff\xff…`},
	} {
		t.Run(name, func(t *testing.T) {
			if got := Line(c.in, c.limit); got != c.want {
				t.Errorf("Line(%q, %d) = %q, want %q", c.in, c.limit, got, c.want)
			}
		})
	}
}

func FuzzText(f *testing.F) {
	for _, s := range []string{"", "a\x1b[31m", "\u202e", "\xff", "🙂\u200d", "\U000e0001"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := Text(s)
		if !utf8.ValidString(got) {
			t.Fatalf("Text(%q) is not UTF-8: %q", s, got)
		}
		for _, r := range got {
			if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Zl, r) || unicode.Is(unicode.Zp, r) {
				t.Fatalf("Text(%q) leaves %U", s, r)
			}
		}
		if Text(got) != got {
			t.Fatalf("Text is not stable on %q: %q then %q", s, got, Text(got))
		}
	})
}
