package decode

import "bytes"

// fullWidth turns the wide forms of ASCII (U+FF01 to U+FF5E, and U+3000 for a space) into ASCII.
func (p *peeler) fullWidth(t []byte) ([]byte, bool) {
	i := bytes.IndexByte(t, 0xef)
	if i < 0 {
		return nil, false
	}
	out := p.alloc(len(t))
	if out == nil {
		return nil, false
	}
	out, wide := append(out[:0], t[:i]...), 0
	for i < len(t) {
		if c, ok := wideByte(t[i:]); ok {
			out = append(out, c)
			i, wide = i+3, wide+1
			continue
		}
		if bytes.HasPrefix(t[i:], []byte("\u3000")) {
			out = append(out, ' ')
			i += 3
			continue
		}
		out = append(out, t[i])
		i++
	}
	return out, wide >= 4 // a comma and a bracket are no more than punctuation
}

// wideByte is the letter of ASCII that a wide one at the beginning stands for.
func wideByte(t []byte) (byte, bool) {
	if len(t) < 3 || t[0] != 0xef {
		return 0, false
	}
	switch r := int(t[1]&0x3f)<<6 | int(t[2]&0x3f); {
	case t[1] != 0xbc && t[1] != 0xbd, r < 0xf01, r > 0xf5e:
		return 0, false
	default:
		return byte(r - 0xf01 + '!'), true
	}
}
