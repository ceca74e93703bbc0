package decode

import (
	"encoding/binary"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"
)

// wide peels text in UTF-16 of either order, with or without its mark.
func (p *peeler) wide(at *step, data []byte) bool {
	order, start := utf16Order(data)
	if order == nil {
		return false
	}
	if !p.spend(len(data) * 3 / 2) {
		return true
	}
	units := make([]uint16, 0, len(data)/2)
	for b := data[start:]; len(b) >= 2; b = b[2:] {
		units = append(units, order.Uint16(b))
	}
	text := []byte(string(utf16.Decode(units)))
	if !looksText(text) {
		return false
	}
	op := "utf-16le"
	if order == binary.BigEndian {
		op = "utf-16be"
	}
	return p.child(p.mk(step{up: at, op: op}), text)
}

// utf16Order guesses the order from the mark, or from zero bytes at every other place.
func utf16Order(b []byte) (binary.ByteOrder, int) {
	if len(b) < 8 {
		return nil, 0
	}
	switch {
	case b[0] == 0xff && b[1] == 0xfe:
		return binary.LittleEndian, 2
	case b[0] == 0xfe && b[1] == 0xff:
		return binary.BigEndian, 2
	}
	even, odd, n := 0, 0, min(len(b), 4096)&^1
	for i := 0; i < n; i += 2 {
		if b[i] == 0 {
			even++
		}
		if b[i+1] == 0 {
			odd++
		}
	}
	switch {
	case odd*2 > n/2 && even*16 < n/2:
		return binary.LittleEndian, 0
	case even*2 > n/2 && odd*16 < n/2:
		return binary.BigEndian, 0
	}
	return nil, 0
}

// latin1 peels text whose letters are really bytes: binary data that was taken for Latin-1 and written as UTF-8.
func (p *peeler) latin1(at *step, t []byte) bool {
	out := p.alloc(len(t))
	if out == nil {
		return false
	}
	n := 0
	for i := 0; i < len(t); n++ {
		c := t[i]
		if c < utf8.RuneSelf {
			out[n] = c
			i++
			continue
		}
		if c != 0xc2 && c != 0xc3 || i+1 >= len(t) || t[i+1]&0xc0 != 0x80 {
			return false
		}
		out[n] = c<<6 | t[i+1]&0x3f
		i += 2
	}
	out = out[:n]
	if magicOf(out) == magicNone && !looksText(out) {
		return false
	}
	return p.child(p.mk(step{up: at, op: "latin-1"}), out)
}

// gb18030 peels text in the Chinese national sets (GB2312, GBK, GB18030). Nearly all pairs of bytes are some character, so
// three in four must be among the 3755 common ones, and nothing else beyond ASCII but Chinese punctuation.
func (p *peeler) gb18030(at *step, data []byte) bool {
	pairs, common := 0, 0
	for i := 0; i < len(data); i++ {
		c := data[i]
		if c < 0x80 {
			if !textByte(c) {
				return false
			}
			continue
		}
		if i++; c == 0x80 || c == 0xff || i >= len(data) {
			return false
		}
		pairs++
		if d := data[i]; c >= 0xb0 && c <= 0xd7 && d >= 0xa1 || c == 0xa1 && d >= 0xa1 || c == 0xa3 && d >= 0xa1 {
			common++
		}
	}
	if pairs == 0 || common*4 < pairs*3 || !p.spend(len(data)*2) {
		return false
	}
	out, err := simplifiedchinese.GB18030.NewDecoder().Bytes(data)
	return err == nil && p.child(p.mk(step{up: at, op: "gb18030"}), out)
}
