// Package safe makes text that a phone or a server sent safe to show: on a console, in a log, in a report.
//
// It never drops or hides a character: what could move a cursor, reverse a line or be invisible is spelled out as an
// escape. It does not escape for HTML or a shell; whoever writes those does it on top. For JSON, which has escapes of its
// own, there is [JSON].
package safe

import (
	"strings"
	"unicode/utf8"
)

const hexDigits = "0123456789abcdef"

// Text spells out C0 and C1 controls, DEL, bidirectional and zero-width characters, line and paragraph separators,
// variation selectors, tags, private-use characters and bytes that are not UTF-8, as \xNN or \u{NNNN}. A backslash
// stays as it is: the result is for people, not for parsers. Text(Text(s)) equals Text(s).
func Text(s string) string {
	if plain(s) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s) + 16)
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && n <= 1:
			escapeByte(&b, s[i])
			n = 1
		case r < 0x20 || r >= 0x7f && r <= 0x9f:
			escapeByte(&b, byte(r))
		case hidden(r):
			escapeRune(&b, r)
		default:
			b.WriteString(s[i : i+n])
		}
		i += n
	}
	return b.String()
}

// Line is Text, cut to at most limit characters with an ellipsis in the place of what was cut.
func Line(s string, limit int) string {
	// Characters are cut before they are spelled out, so that no escape is cut in half.
	if n := utf8.RuneCountInString(s); limit > 0 && n > limit {
		i := 0
		for range limit - 1 {
			_, w := utf8.DecodeRuneInString(s[i:])
			i += w
		}
		return Text(s[:i]) + "…"
	}
	return Text(s)
}

func plain(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < 0x20 || s[i] >= 0x7f {
			return false
		}
	}
	return true
}

// hidden says whether a rune of U+00A0 or above shows nothing, or changes how its neighbours show. The table is our own
// and frozen: Unicode's grow with each Go, and must not change what an old bundle is judged to be.
func hidden(r rune) bool {
	if r < hiddenRanges[0][0] {
		return false
	}
	for _, span := range hiddenRanges {
		if r >= span[0] && r <= span[1] {
			return true
		}
	}
	return r&0xfffe == 0xfffe // noncharacters
}

var hiddenRanges = [...][2]rune{
	{0xa0, 0xa0},     // no-break space
	{0xad, 0xad},     // soft hyphen
	{0x34f, 0x34f},   // combining grapheme joiner
	{0x600, 0x605},   // Arabic number signs
	{0x61c, 0x61c},   // Arabic letter mark
	{0x6dd, 0x6dd},   //
	{0x70f, 0x70f},   //
	{0x890, 0x891},   //
	{0x8e2, 0x8e2},   //
	{0x115f, 0x1160}, // Hangul fillers
	{0x1680, 0x1680}, // a space
	{0x17b4, 0x17b5}, //
	{0x180b, 0x180f}, // Mongolian selectors
	{0x2000, 0x200f}, // spaces, zero width, marks
	{0x2028, 0x202f}, // separators, bidi embeddings and overrides
	{0x205f, 0x206f}, // joiners, isolates, invisible operators
	{0x3164, 0x3164}, // Hangul filler
	{0xe000, 0xf8ff}, // private use
	{0xfdd0, 0xfdef}, // noncharacters
	{0xfe00, 0xfe0f}, // variation selectors
	{0xfeff, 0xfeff}, // byte order mark
	{0xffa0, 0xffa0}, // Hangul filler
	{0xfff0, 0xfffb}, // interlinear annotation
	{0x110bd, 0x110bd},
	{0x110cd, 0x110cd},
	{0x13430, 0x1343f},
	{0x1bca0, 0x1bca3},
	{0x1d173, 0x1d17a},
	{0xe0000, 0x10ffff}, // tags, variation selectors, private use
}

func escapeByte(b *strings.Builder, c byte) {
	b.WriteString(`\x`)
	b.WriteByte(hexDigits[c>>4])
	b.WriteByte(hexDigits[c&15])
}

func escapeRune(b *strings.Builder, r rune) {
	b.WriteString(`\u{`)
	started := false
	for shift := 20; shift >= 0; shift -= 4 {
		d := byte(r>>shift) & 15
		if d != 0 || started || shift <= 12 {
			started = true
			b.WriteByte(hexDigits[d])
		}
	}
	b.WriteByte('}')
}
