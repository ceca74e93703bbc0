package leak

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// previewContext is how much of a value stands on either side of a match in a preview, in bytes.
const previewContext = 24

// preview shows a match in its surroundings: printable, identifiers and numbers by their last four characters.
func preview(kind string, v []byte, start, end int) string {
	from, to := max(0, start-previewContext), min(len(v), end+previewContext)
	match := v[start:min(end, start+200)]
	if kind == ValueID || kind == ValueNumber {
		s := show(match)
		if len(s) > 4 {
			s = "..." + s[len(s)-4:]
		}
		return s
	}
	return show(v[from:start]) + show(match) + show(v[min(end, start+200):to])
}

// show makes bytes printable on one line: control, format and invalid bytes become a middle dot.
func show(b []byte) string {
	var out strings.Builder
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		b = b[n:]
		if r == utf8.RuneError && n <= 1 || !unicode.IsPrint(r) {
			r = '·'
		}
		out.WriteRune(r)
	}
	return out.String()
}
