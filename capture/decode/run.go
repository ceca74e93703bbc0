package decode

import "bytes"

// What is made to grow is one byte, over and over: an encoder leaves nothing of it, and a decoder would look at each again
// in every way it knows. A stretch of one byte is looked at once instead, and says the same.

// runBlock is the size of the pieces that are looked at whole: shorter runs are read byte by byte.
const runBlock = 512

// uniform says whether bytes are all the same.
func uniform(b []byte) bool {
	return len(b) > 0 && b[0] == b[len(b)-1] && bytes.Equal(b[1:], b[:len(b)-1])
}

// nextOf is the first place from i on with a byte that is wanted, or the end.
func nextOf(b []byte, i int, wanted *[256]bool) int {
	for i < len(b) {
		end := min(i+runBlock, len(b))
		if end-i == runBlock && !wanted[b[i]] && uniform(b[i:end]) {
			i = end
			continue
		}
		for ; i < end; i++ {
			if wanted[b[i]] {
				return i
			}
		}
	}
	return i
}

// kinds says which bytes are of a kind.
func kinds(of func(c byte) bool) (t [256]bool) {
	for c := range t {
		t[c] = of(byte(c))
	}
	return t
}
