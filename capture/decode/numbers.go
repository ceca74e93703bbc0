package decode

import "bytes"

// Tokens that are written a little beside the rule: hex that is marked as such, a list of bytes as decimal numbers outside
// of JSON, base64 whose plus signs were taken for spaces on the way.

// hexMarked peels hex after 0x.
func (p *peeler) hexMarked(at *step, t []byte) bool {
	if len(t) < 2+shortWord || t[0] != '0' || t[1]|0x20 != 'x' {
		return false
	}
	rest := t[2:]
	m := maskOf(rest)
	return m&^mHex == 0 && p.hexText(at, rest, m)
}

// decimalBytes peels numbers that are bytes, signed or not, with commas, spaces or semicolons between: "118,101,108 ...".
func (p *peeler) decimalBytes(at *step, t []byte) bool {
	mark := p.arena.mark
	defer func() { p.arena.mark = mark }()
	var out []byte
	for pos := 0; pos < len(t); {
		v, size := smallInt(t[pos:])
		if size == 0 {
			return false
		}
		if out == nil {
			if out = p.alloc(len(t)/2 + 1); out == nil {
				return false
			}
			out = out[:0]
		}
		out = append(out, byte(v))
		pos += size
		next := pos
		for next < len(t) && (t[next] == ',' || t[next] == ';' || classes[t[next]]&mSpace != 0) {
			next++
		}
		if next == pos && pos < len(t) {
			return false
		}
		pos = next
	}
	if len(out) < minByteArray || !promising(out) {
		return false
	}
	return p.child(p.mk(step{up: at, op: "byte-array"}), out)
}

// base64Spaced peels base64 of which spaces were plus signs. It must give something readable: sentences have spaces too.
func (p *peeler) base64Spaced(at *step, t []byte) bool {
	if len(t) < minShifted || bytes.IndexByte(t, '\n') >= 0 || bytes.Contains(t, []byte("  ")) {
		return false
	}
	mark := p.arena.mark
	defer func() { p.arena.mark = mark }()
	fixed := p.alloc(len(t))
	out := p.alloc(len(t)/4*3 + 3)
	if fixed == nil || out == nil {
		return false
	}
	copy(fixed, t)
	for i, c := range fixed {
		if c == ' ' {
			fixed[i] = '+'
		}
	}
	n, read := unbase64(out, fixed)
	if rest := bytes.Trim(fixed[read:], "="); len(rest) > 0 || !promising(out[:n]) {
		return false
	}
	return p.child(p.mk(step{up: at, op: "base64"}), out[:n])
}
