package decode

import "unicode/utf8"

// manyRows is how many stretches of 256 letters of Unicode text has letters of that nobody writes: a language has letters
// and signs in a few of them, but for those of China, Japan and Korea, which do not count here.
const manyRows = 12

// manyScripts says whether text has letters of so many scripts that it is bytes in disguise: random bits written as letters
// (lz-string, lzutf8, base32768) and what is done to bytes by taking them for text.
func manyScripts(t []byte) bool {
	var rows [256]bool
	count, strange, all := 0, 0, 0
	for i := 0; i < len(t); {
		r, n := rune(t[i]), 1
		if r >= utf8.RuneSelf {
			r, n = utf8.DecodeRune(t[i:])
		}
		i += n
		all++
		if r < utf8.RuneSelf || r >= 0x3000 && r < 0xa000 || r >= 0xac00 && r < 0xd800 || r >= 0x1f000 && r < 0x20000 {
			continue // ASCII; ideographs and syllables; pictures
		}
		strange++
		if row := byte(r >> 8); !rows[row] {
			rows[row] = true
			count++
		}
	}
	return count >= manyRows && strange*4 >= all
}
