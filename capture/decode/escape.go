package decode

import (
	"bytes"
	"html"
	"unicode/utf16"
	"unicode/utf8"
)

func hexVal(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

// hexDigits are the values of hex digits, and zero for all else.
var hexDigits = func() (t [256]byte) {
	for c := range t {
		t[c] = byte(max(0, hexVal(byte(c))))
	}
	return t
}()

// percent removes one layer of %XX. It leaves stray percent signs as they are, and fails when there was nothing to remove.
func (p *peeler) percent(t []byte) ([]byte, bool) {
	i := bytes.IndexByte(t, '%')
	if i < 0 {
		return nil, false
	}
	out := p.alloc(len(t))
	if out == nil {
		return nil, false
	}
	n, found := copy(out, t[:i]), false
	for i < len(t) {
		c := t[i]
		if c == '%' && i+2 < len(t) && (classes[t[i+1]]|classes[t[i+2]])&^mHex == 0 {
			out[n] = hexDigits[t[i+1]]<<4 | hexDigits[t[i+2]]
			n, i, found = n+1, i+3, true
			continue
		}
		out[n] = c
		n, i = n+1, i+1
	}
	return out[:n], found
}

// plus turns + into a space, as forms do.
func (p *peeler) plus(t []byte) ([]byte, bool) {
	if bytes.IndexByte(t, '+') < 0 {
		return nil, false
	}
	out := p.alloc(len(t))
	if out == nil {
		return nil, false
	}
	copy(out, t)
	for rest := out; ; {
		i := bytes.IndexByte(rest, '+')
		if i < 0 {
			return out, true
		}
		rest[i] = ' '
		rest = rest[i+1:]
	}
}

// percentU removes %uXXXX, the escape of JavaScript's escape(), and %XX as Latin-1 beside it.
func (p *peeler) percentU(t []byte) ([]byte, bool) {
	if !bytes.Contains(t, []byte("%u")) && !bytes.Contains(t, []byte("%U")) {
		return nil, false
	}
	out := p.alloc(len(t) + 4)
	if out == nil {
		return nil, false
	}
	out = out[:0]
	found := false
	for i := 0; i < len(t); {
		if t[i] == '%' && i+5 < len(t) && t[i+1]|0x20 == 'u' {
			if r, n := utf16Escape(t[i:], 2, "%u"); n > 0 {
				out, i, found = utf8.AppendRune(out, r), i+n, true
				continue
			}
		}
		if t[i] == '%' && i+2 < len(t) {
			if h, l := hexVal(t[i+1]), hexVal(t[i+2]); h >= 0 && l >= 0 {
				out, i = utf8.AppendRune(out, rune(h<<4|l)), i+3
				continue
			}
		}
		out = append(out, t[i])
		i++
	}
	return out, found
}

// utf16Escape reads an escape of four hex digits after skip bytes, and the second half of a pair if there is one.
func utf16Escape(t []byte, skip int, mark string) (rune, int) {
	r, ok := hex4(t[skip:])
	if !ok {
		return 0, 0
	}
	n := skip + 4
	if utf16.IsSurrogate(r) {
		if len(t) >= n+skip+4 && bytes.EqualFold(t[n:n+skip], []byte(mark)) {
			if lo, ok := hex4(t[n+skip:]); ok {
				if both := utf16.DecodeRune(r, lo); both != utf8.RuneError {
					return both, n + skip + 4
				}
			}
		}
		return utf8.RuneError, n
	}
	return r, n
}

func hex4(t []byte) (rune, bool) {
	if len(t) < 4 {
		return 0, false
	}
	var r rune
	for _, c := range t[:4] {
		v := hexVal(c)
		if v < 0 {
			return 0, false
		}
		r = r<<4 | rune(v)
	}
	return r, true
}

// entities removes the entities of HTML and XML, named and numeric.
func (p *peeler) entities(t []byte) ([]byte, bool) {
	if bytes.IndexByte(t, '&') < 0 {
		return nil, false
	}
	if !p.spend(len(t)) {
		return nil, false
	}
	out := []byte(html.UnescapeString(string(t)))
	return out, !bytes.Equal(out, t)
}

// backslash removes the escapes of JSON, JavaScript, Java and C strings: \n \/ \" \uXXXX \u{X} \xXX and octal.
func (p *peeler) backslash(t []byte) ([]byte, bool) {
	i := bytes.IndexByte(t, '\\')
	if i < 0 {
		return nil, false
	}
	out := p.alloc(len(t) + 4)
	if out == nil {
		return nil, false
	}
	out = append(out[:0], t[:i]...)
	found := false
	for i < len(t) {
		if t[i] != '\\' || i+1 >= len(t) {
			out = append(out, t[i])
			i++
			continue
		}
		n, ok := 0, false
		if out, n, ok = appendEscape(out, t[i:]); ok {
			i, found = i+n, true
			continue
		}
		out = append(out, t[i])
		i++
	}
	return out, found
}

// appendEscape decodes the escape that t begins with and says how many bytes it took.
func appendEscape(out, t []byte) ([]byte, int, bool) {
	switch c := t[1]; c {
	case 'n':
		return append(out, '\n'), 2, true
	case 't':
		return append(out, '\t'), 2, true
	case 'r':
		return append(out, '\r'), 2, true
	case 'b':
		return append(out, '\b'), 2, true
	case 'f':
		return append(out, '\f'), 2, true
	case '/', '"', '\\', '\'', '`', ' ', ',', ';', ':', '=', '|', '&', '?', '!', '#', '$', '(', ')', '[', ']', '{', '}', '<', '>', '+', '-', '*', '.', '@', '~', '%', '^':
		return append(out, c), 2, true // what separates in some format, where it does not
	case 'u':
		if r, n := utf16Escape(t, 2, `\u`); n > 0 {
			return utf8.AppendRune(out, r), n, true
		}
		if end := bytes.IndexByte(t[:min(len(t), 12)], '}'); end > 3 && t[2] == '{' {
			var r rune
			for _, c := range t[3:end] {
				v := hexVal(c)
				if v < 0 {
					return out, 0, false
				}
				r = r<<4 | rune(v)
			}
			return utf8.AppendRune(out, r), end + 1, true
		}
	case 'x', 'X':
		if len(t) >= 4 && hexVal(t[2]) >= 0 && hexVal(t[3]) >= 0 {
			return append(out, byte(hexVal(t[2])<<4|hexVal(t[3]))), 4, true
		}
	case '0', '1', '2', '3':
		if len(t) >= 4 && t[2] >= '0' && t[2] <= '7' && t[3] >= '0' && t[3] <= '7' {
			return append(out, (c-'0')<<6|(t[2]-'0')<<3|(t[3]-'0')), 4, true
		}
	}
	return out, 0, false
}

// quotedPrintable removes the encoding of RFC 2045. Text without a soft line break or an escape in capitals is left alone,
// and so is what becomes unreadable.
func (p *peeler) quotedPrintable(t []byte) ([]byte, bool) {
	if !hasQuoted(t) {
		return nil, false
	}
	out := p.alloc(len(t))
	if out == nil {
		return nil, false
	}
	n, found := 0, false
	for i := 0; i < len(t); i++ {
		c := t[i]
		if c == '=' {
			rest := t[i+1:]
			switch {
			case len(rest) >= 2 && isUpperHex(rest[0]) && isUpperHex(rest[1]):
				out[n] = byte(hexVal(rest[0])<<4 | hexVal(rest[1]))
				n, i, found = n+1, i+2, true
				continue
			case len(rest) >= 2 && rest[0] == '\r' && rest[1] == '\n':
				i, found = i+2, true
				continue
			case len(rest) >= 1 && rest[0] == '\n':
				i, found = i+1, true
				continue
			}
		}
		out[n] = c
		n++
	}
	return out[:n], found && promising(out[:n])
}

// hasQuoted says whether there is anything in text that quoted-printable writes.
func hasQuoted(t []byte) bool {
	for {
		i := bytes.IndexByte(t, '=')
		if i < 0 {
			return false
		}
		t = t[i+1:]
		if len(t) >= 1 && t[0] == '\n' || len(t) >= 2 && (t[0] == '\r' && t[1] == '\n' || isUpperHex(t[0]) && isUpperHex(t[1])) {
			return true
		}
	}
}

func isUpperHex(c byte) bool { return c >= '0' && c <= '9' || c >= 'A' && c <= 'F' }
