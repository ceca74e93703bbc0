package decode

import (
	"unicode/utf16"
	"unicode/utf8"
)

// lzText peels what lz-string writes (compressToBase64, compressToEncodedURIComponent; lzWide the third): an LZ78 of UTF-16 units, packed
// into six bits a letter. Product analytics SDKs of browsers send it.
func (p *peeler) lzText(at *step, t []byte) bool {
	if len(t) < minShifted || !p.spend(len(t)) {
		return false
	}
	end := len(t)
	for end > 0 && t[end-1] == '=' {
		end--
	}
	if base64Values[t[0]]&0x10 != 0 { // it begins with a code that none begins with
		return false
	}
	out, ok := p.lz.decode(t[:end], 6, min(len(t)*int(int64(p.limits.Ratio)), RatioFloor*8))
	return ok && lzLetters(t[:end]) && p.lzOut(at, out)
}

// lzWide peels what compressToUTF16 writes: 15 bits in each letter, beginning at the space, and a space behind them.
func (p *peeler) lzWide(at *step, t []byte) bool {
	if len(t) < minShifted || !p.spend(2*len(t)) {
		return false
	}
	mark := p.arena.mark
	defer func() { p.arena.mark = mark }()
	letters := p.arena.take(2*len(t) + len(lzEnd))[:0]
	wide := 0
	for i := 0; i < len(t); {
		r, n := utf8.DecodeRune(t[i:])
		if r < ' ' || r >= ' '+1<<15 || i >= minShifted && wide < minShifted/6 {
			return false // of random letters of 15 bits one in 341 is of ASCII
		}
		if r >= utf8.RuneSelf {
			wide++
		}
		i += n
		u := uint32(r) - ' '
		for _, five := range [...]uint32{u >> 10, u >> 5 & 31, u & 31} {
			letters = append(letters, base64Letters[five])
		}
	}
	letters = append(letters, lzEnd...)
	out, ok := p.lz.decode(letters, 5, min(len(t)*int(int64(p.limits.Ratio)), RatioFloor*8))
	return ok && p.lzOut(at, out)
}

// lzEnd are two letters of zeros: such are spaces, which were trimmed.
const lzEnd = "AAAAAA"

func (p *peeler) lzOut(at *step, out []uint16) bool {
	if len(out) < 8 {
		return false
	}
	text := []byte(string(utf16.Decode(out)))
	if !looksText(text) || !prosaic(text) || !p.spend(len(text)) {
		return false
	}
	return p.child(p.mk(step{up: at, op: "lz-string"}), text)
}

// lzValues are the values of the letters of both alphabets: that for URLs ends in + - $.
var lzValues = func() (t [256]byte) {
	t = base64Values
	t['-'], t['$'], t['_'] = 63, 64, 0xff
	return t
}()

// lzLetters says whether there is nothing else in text: a stream may end before it.
func lzLetters(t []byte) bool {
	for _, c := range t {
		if lzValues[c] > 64 {
			return false
		}
	}
	return true
}

// prosaic says whether text is one that somebody would compress: a document, or mostly ASCII.
func prosaic(b []byte) bool {
	if b[0] == '{' || b[0] == '[' {
		return true
	}
	ascii := 0
	for _, c := range b {
		if textByte(c) {
			ascii++
		}
	}
	return ascii*10 >= len(b)*9
}

// lzBits reads bits, lowest first of each number, highest first of each letter.
type lzBits struct {
	letters []byte
	width   int
	at      int
	mask    byte
}

func (r *lzBits) read(n int) (v uint32, ok bool) {
	for i := range n {
		if r.at >= len(r.letters) {
			return 0, false
		}
		if lzValues[r.letters[r.at]]&r.mask != 0 {
			v |= 1 << i
		}
		if r.mask >>= 1; r.mask == 0 {
			r.mask = 1 << (r.width - 1)
			r.at++
		}
	}
	return v, true
}

// lzEntry is a word of the dictionary: a stretch of what came out.
type lzEntry struct{ start, length int }

// lzTables keep their memory from one text to the next.
type lzTables struct {
	out  []uint16
	dict []lzEntry
}

// decode decodes lz-string, up to most units. It says whether the stream came to its end mark.
func (t *lzTables) decode(letters []byte, width, most int) ([]uint16, bool) {
	r := lzBits{letters: letters, width: width, mask: 1 << (width - 1)}
	literal := func(kind uint32) (uint16, bool) {
		n := 8
		if kind == 1 {
			n = 16
		}
		v, ok := r.read(n)
		return uint16(v), ok
	}
	kind, ok := r.read(2)
	if !ok || kind >= 2 {
		return nil, false
	}
	first, ok := literal(kind)
	if !ok {
		return nil, false
	}
	out := append(t.out[:0], first)
	dict := append(t.dict[:0], lzEntry{}, lzEntry{}, lzEntry{}, lzEntry{0, 1})
	defer func() {
		if cap(out) <= arenaChunk && cap(dict) <= arenaChunk {
			t.out, t.dict = out, dict
		}
	}()
	prev := lzEntry{0, 1}
	room, bits := 4, 3
	for len(out) < most {
		code, ok := r.read(bits)
		if !ok {
			return nil, false
		}
		var cur lzEntry
		switch {
		case code == 2:
			return out, true
		case code < 2:
			c, ok := literal(code)
			if !ok {
				return nil, false
			}
			cur = lzEntry{len(out), 1}
			out = append(out, c)
			dict = append(dict, cur)
			if room--; room == 0 {
				room, bits = 1<<bits, bits+1
			}
		case int(code) < len(dict):
			e := dict[code]
			cur = lzEntry{len(out), e.length}
			out = append(out, out[e.start:e.start+e.length]...)
		case int(code) == len(dict):
			cur = lzEntry{len(out), prev.length + 1}
			out = append(out, out[prev.start:prev.start+prev.length]...)
			out = append(out, out[prev.start])
		default:
			return nil, false
		}
		// The new word is the one before with the first letter of this one; both lie side by side in out.
		dict = append(dict, lzEntry{prev.start, prev.length + 1})
		prev = cur
		if room--; room == 0 {
			room, bits = 1<<bits, bits+1
		}
		if bits > 24 {
			return nil, false
		}
	}
	return nil, false
}
