package decode

import "bytes"

// Base64 that is not the one of RFC 4648: with other signs for + and / and =, with its letters in another of the orders
// that are in use, or behind more letters than it can be shifted by. Each is told by how the first bytes come out, so that
// nearly all text is refused after eight letters.

// otherOrders are orders of the letters of base64 that somebody uses: crypt(3) and xxencode begin with signs and digits,
// others exchange capitals and small letters, or put the digits first.
var otherOrders = func() (out [][256]byte) {
	const up, low, digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz", "0123456789"
	for _, order := range []string{
		low + up + digits + "+/", digits + up + low + "+/", digits + low + up + "+/", up + digits + low + "+/", low + digits + up + "+/",
		"+/" + digits + up + low, "+/" + digits + low + up, "+/" + up + low + digits, "+/" + low + up + digits,
		up[13:] + up[:13] + low[13:] + low[:13] + digits + "+/",
	} {
		var t [256]byte
		for i := range t {
			t[i] = noLetter
		}
		for i := range len(order) {
			t[order[i]] = byte(i)
		}
		t['-'], t['.'], t['_'] = t['+'], t['+'], t['/']
		out = append(out, t)
	}
	return out
}()

// noLetter is the value of what is no letter of base64.
const noLetter = 0xff

// minOther is the shortest text that is tried as base64 of another kind.
const minOther = 40

// otherBase64 peels a text that is one token. It says whether something readable came out.
func (p *peeler) otherBase64(at *step, t []byte, m mask) bool {
	if len(t) < minOther || m&mSpace != 0 {
		return false
	}
	return p.otherSigns(at, t, m) || m&^mB64 == 0 && (p.otherOrder(at, t) || p.behindLetters(at, t))
}

// otherSigns peels base64 with two other signs, whichever stands for which, and perhaps one for padding.
func (p *peeler) otherSigns(at *step, t []byte, m mask) bool {
	if m&^mB64 == 0 {
		return false
	}
	body := t
	for n := 0; n < 2 && len(body) > 0 && classes[body[len(body)-1]]&mAlnum == 0; n++ {
		body = body[:len(body)-1]
	}
	var signs [2]byte
	n := 0
	for _, c := range body {
		if classes[c]&mAlnum != 0 || c == signs[0] || c == signs[1] {
			continue
		}
		if n == len(signs) {
			return false
		}
		signs[n] = c
		n++
	}
	if maskOf(signs[:n])&^(mPlus|mSlash|mMinus|mUnder) == 0 {
		return false // the letters are those that everybody uses
	}
	found := false // both are shown: what is compressed comes out with either, up to where the first of the signs matters
	for turn := range 2 {
		values := base64Values
		for _, c := range []byte("+/-_") {
			values[c] = noLetter
		}
		for i, c := range signs[:n] {
			values[c] = byte(62 + i ^ turn)
		}
		found = p.otherOut(at, body, &values, "base64", 0) || found
	}
	return found
}

// otherOrder peels base64 with its letters in another order.
func (p *peeler) otherOrder(at *step, t []byte) bool {
	body := bytes.TrimRight(t, "=")
	for i := range otherOrders {
		if p.otherOut(at, body, &otherOrders[i], "alphabet", 0) {
			p.disguised(at, t, "alphabet")
			return true
		}
	}
	return false
}

// maxStray is how many letters may stand before base64, in groups of four and one to three more.
const maxStray = 36

// behindLetters peels base64 behind letters of another kind, a random key or a version, that shift its groups.
func (p *peeler) behindLetters(at *step, t []byte) bool {
	if len(t) < 2*maxStray {
		return false
	}
	body := bytes.TrimRight(t, "=")
	for n := 1; n < maxStray; n++ {
		if n&3 != 0 && p.otherOut(at, body[n:], &base64Values, "base64", n) {
			return true
		}
	}
	return false
}

// otherOut decodes with a table of values if the first letters come out as something promising.
func (p *peeler) otherOut(at *step, t []byte, values *[256]byte, op string, stray int) bool {
	a, b, c, d := values[t[0]], values[t[1]], values[t[2]], values[t[3]]
	if a|b|c|d > 63 || !mayBegin(a<<2|b>>4, b<<4|c>>2) {
		return false
	}
	var head [12]byte
	if n := decodeWith(values, head[:], t[:16]); n < 12 || !beginsWell(head[:]) {
		return false
	}
	mark := p.arena.mark
	defer func() { p.arena.mark = mark }()
	out := p.alloc(len(t)/4*3 + 3)
	if out == nil {
		return false
	}
	n := decodeWith(values, out, t)
	s := p.mk(step{up: at, op: op})
	if stray > 0 {
		s.place, s.n = "+", stray
	}
	if n < len(t)*3/4-2 || !promising(out[:n]) {
		return false
	}
	if magicOf(out[:n]) == magicZlib { // two bytes, which are there by chance now and then
		if _, err := p.inflate(string(magicZlib), out[:n]); err != nil {
			return false
		}
	}
	return p.child(s, out[:n])
}

// mayBegin says whether something that begins well may begin with two bytes.
func mayBegin(a, b byte) bool {
	return classes[a]&(mCtrl|mHigh) == 0 && classes[b]&(mCtrl|mHigh) == 0 || a == 0x1f && b == 0x8b || a == 0x28 && b == 0xb5 || a&0x0f == 8
}

// beginsWell says whether bytes begin a document or a compression that is known.
func beginsWell(b []byte) bool {
	if mg := magicOf(b); mg != magicNone {
		return true
	}
	for _, c := range b {
		if classes[c]&(mCtrl|mHigh) != 0 {
			return false
		}
	}
	return b[0] == '{' || b[0] == '[' || b[0] == '<' || wordy(b)
}

// decodeWith decodes letters by a table of their values up to the first that has none, and gives the number of bytes written.
func decodeWith(values *[256]byte, out, t []byte) (n int) {
	acc, bits := uint32(0), 0
	for _, c := range t {
		v := values[c]
		if v == noLetter {
			return n
		}
		acc, bits = acc<<6|uint32(v), bits+6
		if bits >= 8 {
			bits -= 8
			out[n] = byte(acc >> bits)
			n++
		}
	}
	return n
}
