package leak

import (
	"bytes"
	"unicode"
	"unicode/utf8"
)

// edge says what may stand beside a match, so that a canary inside a longer word, number, host or hex string is not one.
type edge uint8

const (
	edgeNone   edge = iota // binary forms: any byte in a loose value, the whole of another
	edgeZeros              // binary numbers: any byte in a loose value, zeros in another
	edgeText               // no letter or digit
	edgeHost               // moreover no further label of a host name
	edgeNumber             // no digit, no fraction, not inside a longer hex string
	edgeHex                // no hex digit
	edgeMarker             // no letter of a name, nor a dot or dollar that goes on
	edgeWide               // UTF-16: no letter or digit as the neighbouring unit
	edgeAny                // anything: what is so long and odd is nobody else's
	edgeMail               // anything, but no further label of the host name that it ends with
	edgeSite               // begins with a host name: no letter or digit, and no further label before it
)

// holds says whether a match in v from start to end stands by itself. Loose: v may be an unknown binary format, where the
// byte before a text can be its length, and the byte after it the tag of the next field.
func (e edge) holds(v []byte, start, end int, loose bool) bool {
	switch e {
	case edgeNone:
		return loose || start == 0 && end == len(v)
	case edgeZeros:
		return loose || len(bytes.Trim(v[:start], "\x00"))+len(bytes.Trim(v[end:], "\x00")) == 0
	case edgeAny:
		return true
	case edgeMail:
		return end+1 >= len(v) || v[end] != '.' && v[end] != '-' || !alnumByte(v[end+1])
	}
	left, right := e.left(v, start), e.right(v, end)
	if left && right {
		return true
	}
	if !loose {
		return false
	}
	return prefixed(v, start, end, left, right, e == edgeWide)
}

func (e edge) left(v []byte, at int) bool {
	if at == 0 {
		return true
	}
	c := v[at-1]
	switch e {
	case edgeWide:
		return !alnumByte(c) && (at < 2 || c != 0 || !alnumByte(v[at-2]))
	case edgeNumber:
		if digitByte(c) || (c == '.' || c == ',') && at > 1 && digitByte(v[at-2]) {
			return false
		}
		return !(hexByte(c) && hexRun(v, at-1, -1))
	case edgeHex:
		return !hexByte(c)
	case edgeMarker:
		if c == '.' || c == '$' || c == '-' {
			return at < 2 || !alnumByte(v[at-2])
		}
		return !alnumByte(c) && c != '_' && c < utf8.RuneSelf
	case edgeHost, edgeSite: // "app-host.example" still names it, "www.host.example" is another host
		if c == '.' {
			return at < 2 || !alnumByte(v[at-2])
		}
	}
	return !letterBefore(v, at)
}

func (e edge) right(v []byte, at int) bool {
	if at >= len(v) {
		return true
	}
	c := v[at]
	switch e {
	case edgeWide:
		return !(at+1 < len(v) && (c == 0 && alnumByte(v[at+1]) || alnumByte(c) && v[at+1] == 0))
	case edgeNumber:
		return !digitByte(c) && !(hexByte(c) && hexRun(v, at, 1))
	case edgeHex:
		return !hexByte(c)
	case edgeMarker:
		if c == '.' || c == '$' || c == '-' {
			return at+1 >= len(v) || !alnumByte(v[at+1])
		}
		return !alnumByte(c) && c != '_' && c < utf8.RuneSelf
	case edgeHost:
		if c == '.' || c == '-' {
			return at+1 >= len(v) || !alnumByte(v[at+1])
		}
	}
	return !letterAfter(v, at)
}

// hexRun says whether the letters and digits from at on in direction d are all hex, as in a longer hex string. "imei867..." is none.
func hexRun(v []byte, at, d int) bool {
	for ; at >= 0 && at < len(v); at += d {
		switch c := v[at]; {
		case hexByte(c):
		case alnumByte(c):
			return false
		default:
			return true
		}
	}
	return true
}

// letterBefore and letterAfter say whether a letter or digit adjoins. Scripts that are written without spaces do not count.
func letterBefore(v []byte, at int) bool {
	if c := v[at-1]; c < utf8.RuneSelf {
		return alnumByte(c)
	}
	r, n := utf8.DecodeLastRune(v[:at])
	return n > 1 && wordRune(r)
}

func letterAfter(v []byte, at int) bool {
	if c := v[at]; c < utf8.RuneSelf {
		return alnumByte(c)
	}
	r, n := utf8.DecodeRune(v[at:])
	return n > 1 && wordRune(r)
}

func wordRune(r rune) bool {
	if unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar, unicode.Hangul) {
		return false
	}
	return unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r)
}

// prefixed says whether a text in a binary format is set off by a length before it, although letters adjoin.
// Some formats count UTF-16 units, as Java and .NET do, and not bytes.
func prefixed(v []byte, start, end int, left, right, wide bool) bool {
	units := (end - start) / 2
	if !wide {
		units = unitsOf(v[start:end])
	}
	for _, n := range lengthsBefore(v, start) {
		if n == end-start || n == units {
			return true
		}
	}
	if !left {
		if n, ok := lengthBefore(v, start); !ok || n < end-start || !right && n != end-start {
			return false
		}
		return true
	}
	// The match begins well but a letter follows: the text it stands in must end here by its length.
	run := start
	for run > 0 && start-run < 1<<14 && printByte(v[run-1]) {
		run--
	}
	for s := run; s <= start && s < run+3; s++ {
		if v[s]&0xc0 == 0x80 {
			continue // it goes on with a letter of UTF-8: no text begins with it
		}
		for _, n := range lengthsBefore(v, s) {
			if s+n == end {
				return true
			}
		}
	}
	return false
}

// unitsOf is how many units of UTF-16 a text in UTF-8 is.
func unitsOf(b []byte) (n int) {
	for _, c := range b {
		switch {
		case c >= 0xf0:
			n += 2
		case c < 0x80 || c >= 0xc0:
			n++
		}
	}
	return n
}

func lengthBefore(v []byte, at int) (int, bool) {
	for _, n := range lengthsBefore(v, at) {
		if n > 0 && at+n <= len(v) && (at+n == len(v) || n < 1<<16) && textUntil(v[at:at+n]) {
			return n, true
		}
	}
	return 0, false
}

// textUntil says whether bytes have no control character, as a text that a length announces.
func textUntil(b []byte) bool {
	for _, c := range b {
		if c < ' ' && c != '\n' && c != '\t' && c != '\r' {
			return false
		}
	}
	return true
}

// lengthsBefore reads the length that may stand before at, in the ways of binary formats: a byte (protobuf, Thrift,
// Pascal), its double (Avro), the low bits of it (MessagePack, CBOR; Smile, less one), two bytes of varint, two or four bytes of either order.
func lengthsBefore(v []byte, at int) []int {
	if at == 0 {
		return nil
	}
	c := int(v[at-1])
	out := []int{c, c >> 1, c & 0x1f, c & 0x0f, c&0x3f + 1}
	if at >= 2 {
		d := int(v[at-2])
		out = append(out, d|c<<8, d<<8|c)
		if d >= 0x80 && c < 0x80 {
			out = append(out, d&0x7f|c<<7, (d&0x7f|c<<7)>>1)
		}
	}
	if at >= 4 {
		a, b, d := int(v[at-4]), int(v[at-3]), int(v[at-2])
		if a < 4 {
			out = append(out, a<<24|b<<16|d<<8|c)
		}
		if c < 4 {
			out = append(out, c<<24|d<<16|b<<8|a)
		}
	}
	return out
}

func digitByte(c byte) bool { return c >= '0' && c <= '9' }
func hexByte(c byte) bool   { return hexLetters[c] }
func alnumByte(c byte) bool { return digitByte(c) || c|0x20 >= 'a' && c|0x20 <= 'z' }
func printByte(c byte) bool { return c >= ' ' && c != 0x7f }

var hexLetters = func() (t [256]bool) {
	for _, c := range []byte("0123456789abcdefABCDEF") {
		t[c] = true
	}
	return t
}()
