package leak

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// previewContext is how much of a value stands on either side of a match in a preview, in bytes.
const previewContext = 24

// previewMatch is how much of a match itself a preview shows, in bytes.
const previewMatch = 200

// cutMark stands in a preview where the value goes on.
const cutMark = "…"

// preview shows a match in its surroundings: printable, identifiers and numbers by their last four characters.
func preview(kind string, v []byte, start, end int) string {
	from, to := max(0, start-previewContext), min(len(v), end+previewContext)
	for i := 1; i < utf8.UTFMax && from > 0 && from < start && !utf8.RuneStart(v[from]); i++ { // no character is cut in two
		from++
	}
	for i := 1; i < utf8.UTFMax && to < len(v) && to > end && !utf8.RuneStart(v[to]); i++ {
		to--
	}
	match := v[start:min(end, start+previewMatch)]
	if kind == ValueID || kind == ValueNumber {
		s := show(match)
		if len(s) > 4 {
			s = "..." + s[len(s)-4:]
		}
		return s
	}
	text := show(v[from:start]) + show(match)
	if start+len(match) < end {
		text += cutMark
	}
	text += show(v[end:to])
	if from > 0 {
		text = cutMark + text
	}
	if to < len(v) {
		text += cutMark
	}
	return text
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
