package decode

// turned peels a document of JSON of which every byte was changed in the same way: a number was added to it, or its halves
// were exchanged. Its first two bytes and its last show which.
func (p *peeler) turned(at *step, data []byte) bool {
	n := len(data)
	for _, plain := range [...][2]byte{{'{', '"'}, {'[', '{'}} {
		end := plain[0] + 2
		if k := data[0] - plain[0]; k != 0 && data[1]-plain[1] == k && data[n-1]-end == k {
			return p.turn(at, data, "offset", func(c byte) byte { return c - k })
		}
		if swapped(data[0]) == plain[0] && swapped(data[1]) == plain[1] && swapped(data[n-1]) == end {
			return p.turn(at, data, "nibbles", swapped)
		}
	}
	return false
}

// turnable says of the difference between the first byte and the second whether turned may know them.
func turnable(d byte) bool {
	return d == '{'-'"' || d == 0x100+'['-'{' || d == 0xb7-0x22 || d == 0x100+0xb5-0xb7
}

// swapped has the halves of a byte exchanged.
func swapped(c byte) byte { return c<<4 | c>>4 }

func (p *peeler) turn(at *step, data []byte, op string, back func(byte) byte) bool {
	mark := p.arena.mark
	defer func() { p.arena.mark = mark }()
	out := p.alloc(len(data))
	if out == nil {
		return false
	}
	for i, c := range data {
		out[i] = back(c)
	}
	if !looksText(out) {
		return false
	}
	p.disguised(at, data, op)
	return p.child(p.mk(step{up: at, op: op}), out)
}
