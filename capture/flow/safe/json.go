package safe

import (
	"fmt"
	"unicode/utf16"
	"unicode/utf8"
)

// JSON writes a JSON text such that a terminal which shows it raw does not obey it: what [Text] spells out and JSON lets
// stand becomes \uNNNN, which every reader takes for the same character. A byte that is not UTF-8 becomes \ufffd, which
// is what readers make of it. White space between values stays.
func JSON(text []byte) []byte {
	clean := 0 // bytes of text that are in out, or need not be
	var out []byte
	for i := 0; i < len(text); {
		if c := text[i]; c < utf8.RuneSelf && c != 0x7f {
			i++
			continue
		}
		r, n := utf8.DecodeRune(text[i:])
		if bad := r == utf8.RuneError && n == 1; bad || r <= 0x9f || hidden(r) {
			out = append(out, text[clean:i]...)
			if high, low := utf16.EncodeRune(r); high != utf8.RuneError {
				out = fmt.Appendf(out, `\u%04x\u%04x`, high, low)
			} else {
				out = fmt.Appendf(out, `\u%04x`, r)
			}
			clean = i + n
		}
		i += n
	}
	if out == nil {
		return text
	}
	return append(out, text[clean:]...)
}
