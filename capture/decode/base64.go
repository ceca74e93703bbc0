package decode

import (
	"bytes"
	"encoding/binary"
	"unicode/utf8"
)

// Base64 as senders write it: the standard or the URL alphabet or both mixed, padded or not, wrapped in lines, and with up
// to three stray letters before it (engine.io writes a "b"), which shift every group.

const base64Letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

var base64Values = func() (t [256]byte) {
	for i := range t {
		t[i] = 0xff
	}
	for i := range base64Letters {
		t[base64Letters[i]] = byte(i)
	}
	t['-'], t['_'] = 62, 63
	return t
}()

// unbase64 decodes into out, skipping white space, and stops at the first other byte or at padding. It gives the number
// of bytes written and of bytes of t read.
func unbase64(out, t []byte) (n, read int) {
	// Whole groups without white space first: the common case. What is written beyond them is written again, or left.
	for len(t)-read >= 8 && len(out)-n >= 8 {
		s := t[read : read+8 : read+8]
		a, b, c, d := base64Values[s[0]], base64Values[s[1]], base64Values[s[2]], base64Values[s[3]]
		e, f, g, h := base64Values[s[4]], base64Values[s[5]], base64Values[s[6]], base64Values[s[7]]
		if a|b|c|d|e|f|g|h > 63 {
			break
		}
		binary.BigEndian.PutUint64(out[n:], uint64(a)<<58|uint64(b)<<52|uint64(c)<<46|uint64(d)<<40|uint64(e)<<34|uint64(f)<<28|uint64(g)<<22|uint64(h)<<16)
		n, read = n+6, read+8
	}
	for len(t)-read >= 4 {
		a, b, c, d := base64Values[t[read]], base64Values[t[read+1]], base64Values[t[read+2]], base64Values[t[read+3]]
		if a|b|c|d > 63 {
			break
		}
		v := uint32(a)<<18 | uint32(b)<<12 | uint32(c)<<6 | uint32(d)
		out[n], out[n+1], out[n+2] = byte(v>>16), byte(v>>8), byte(v)
		n, read = n+3, read+4
	}
	var acc uint32
	bits := 0
	for ; read < len(t); read++ {
		v := base64Values[t[read]]
		if v > 63 {
			if classes[t[read]]&mSpace != 0 {
				continue
			}
			break
		}
		acc, bits = acc<<6|uint32(v), bits+6
		if bits >= 8 {
			bits -= 8
			out[n] = byte(acc >> bits)
			n++
		}
	}
	return n, read
}

// base64Text peels a text that is made of the letters of base64 alone. It says whether something readable came out.
func (p *peeler) base64Text(at *step, t []byte, m mask) bool {
	if len(t) < shortWord {
		return true
	}
	op := "base64"
	if m&(mMinus|mUnder) != 0 && m&(mPlus|mSlash) == 0 {
		op = "base64url"
	}
	whole := m&mEq == 0 || paddedAtEnd(t)
	for shift := 0; shift < 4 && len(t)-shift >= shortWord && !p.stop; shift++ {
		if shift > 0 && len(t) < minShifted {
			break
		}
		if shift > 0 && whole && hopeless(t[shift:]) {
			continue
		}
		mark := p.arena.mark
		out := p.alloc((len(t)-shift)/4*3 + 3)
		if out == nil {
			return true
		}
		n, read := unbase64(out, t[shift:])
		for read+shift < len(t) && (t[read+shift] == '=' || classes[t[read+shift]]&mSpace != 0) {
			read++
		}
		ok := false
		switch {
		case read > 0 && read+shift < len(t) && t[read+shift-1] == '=':
			// Padding in the middle: one encoded piece after another.
			ok = p.base64Pieces(at, t[shift:], op)
		case read+shift == len(t):
			ok = p.base64Out(at, t, out[:n], op, shift, m)
		}
		p.arena.mark = mark
		if ok {
			return true
		}
	}
	return false
}

// paddedAtEnd says whether there is nothing but padding and white space from the first padding on.
func paddedAtEnd(t []byte) bool {
	for _, c := range t[bytes.IndexByte(t, '=')+1:] {
		if c != '=' && classes[c]&mSpace == 0 {
			return false
		}
	}
	return true
}

// minLine is the shortest line that base64 is wrapped in.
const minLine = 16

// spaced says whether text has white space as sentences do, and not as base64 that is wrapped in lines or set in groups:
// its words are short and of different lengths.
func spaced(t []byte) bool {
	first, n, even, short := 0, 0, true, false
	for _, c := range t {
		if classes[c]&mSpace == 0 {
			n++
			continue
		}
		if n > 0 {
			if first == 0 {
				first = n
			}
			even = even && n == first
			if short = short || n < minLine; short && !even {
				return true
			}
		}
		n = 0
	}
	return false
}

// minShifted is the shortest text in which base64 with stray letters before it is looked for.
const minShifted = 24

func (p *peeler) base64Out(at *step, t, out []byte, op string, shift int, m mask) bool {
	s := p.mk(step{up: at, op: op})
	if shift > 0 {
		s.place, s.n = "+", shift
		if !promising(out) && !(len(out) >= minRun && p.formed(out)) {
			return false
		}
		return p.child(s, out)
	}
	if likely := promising(out); !likely && (len(out) < 16 || m&mDigit == 0) {
		p.show(Bytes, s, out, false) // of 22 letters of base64 one in a hundred has no digit; of names nearly every one
		return false
	} else if !likely && m&mSpace != 0 && spaced(t) && !p.isRoot() && !saysEncrypted(p.owner.name()) {
		p.show(Bytes, s, out, true)
		return false
	} else {
		return p.child(s, out) && (likely || len(out) >= 24)
	}
}

// base64Pieces peels base64 that has padding inside.
func (p *peeler) base64Pieces(at *step, t []byte, op string) bool {
	all, found := p.alloc(len(t)), false
	if all == nil {
		return true
	}
	n := 0
	for len(t) > 0 && !p.stop {
		w, read := unbase64(all[n:], t)
		n += w
		for read < len(t) && base64Values[t[read]] > 63 {
			read++
		}
		if read == 0 {
			break
		}
		t = t[read:]
	}
	found = p.child(p.mk(step{up: at, op: op}), all[:n])
	return found
}

// hopelessHead is how many letters of a trial of base64 are looked at first.
const hopelessHead = 32

// hopeless says of a trial of base64 that what it gives begins like nothing that is promising, whatever follows.
func hopeless(t []byte) bool {
	const letters = hopelessHead
	if len(t) < 2*letters {
		return false
	}
	var out [letters/4*3 + 3]byte
	n, read := unbase64(out[:], t[:letters])
	if n < 16 || read < letters || magicOf(out[:n]) != magicNone {
		return false
	}
	i := 0
	for i < n {
		if out[i] < utf8.RuneSelf {
			i++
			continue
		}
		r, size := utf8.DecodeRune(out[i:n])
		if r == utf8.RuneError && size == 1 {
			break
		}
		i += size
	}
	return i < n-3 // a letter of UTF-8 may go on behind the end
}

// promising says whether a trial decoding is worth going into: text, or something with a known beginning.
func promising(b []byte) bool {
	return len(b) >= 4 && (looksText(b) || magicOf(b) != magicNone)
}

// minRun is the shortest run of base64 or hex letters inside other text that is looked into.
const minRun = 16

// runs peels the runs of base64 and hex letters that stand inside other text: Bearer tokens, data: URLs, key=value lines.
// Found says that something readable came out, dark that a long run stayed closed.
func (p *peeler) runs(at *step, t []byte) (found, dark bool) {
	const std, url = mAlnum | mPlus | mSlash, mAlnum | mMinus | mUnder
	var opened [8][2]int // of the first alphabet: what is read need not be tried in the other
	n := 0
	for _, alphabet := range []mask{std, url} {
		for i := 0; i+minRun <= len(t) && !p.stop; {
			// A run of minRun letters must hold the byte at its end: look there first.
			j := i + minRun - 1
			for j >= i && classes[t[j]]&alphabet != 0 {
				j--
			}
			if j >= i {
				i = j + 1
				continue
			}
			end := i + minRun
			for end < len(t) && classes[t[end]]&alphabet != 0 {
				end++
			}
			end = overLines(t, i, end, alphabet)
			start := i
			for start > 0 && classes[t[start-1]]&alphabet != 0 {
				start--
			}
			if end-start < len(t) && (alphabet == std || !sameRun(t, start, end) && !inAny(opened[:n], start, end)) {
				switch run := t[start:end]; {
				case p.run(at, run, start):
					found = true
					if n < len(opened) {
						opened[n], n = [2]int{start, end}, n+1
					}
				case len(run) > quietBody*3/2 && denseToken(run, maskOf(run)):
					dark = true
				}
			}
			i = end
		}
	}
	return found, dark
}

// overLines gives the end of a run that goes on in the next lines, as base64 that is wrapped in lines does: all but the last
// line are of one length.
func overLines(t []byte, start, end int, alphabet mask) int {
	width := end - start
	if width < 60 || width%4 != 0 {
		return end
	}
	for {
		next := end
		if next < len(t) && t[next] == '\r' {
			next++
		}
		if next >= len(t) || t[next] != '\n' {
			return end
		}
		next++
		n := 0
		for n < width && next+n < len(t) && classes[t[next+n]]&alphabet != 0 {
			n++
		}
		after := next + n
		if n == 0 || after < len(t) && t[after] != '=' && classes[t[after]]&mSpace == 0 {
			return end
		}
		if end = after; n < width {
			return end
		}
	}
}

func inAny(runs [][2]int, start, end int) bool {
	for _, r := range runs {
		if r[0] <= start && end <= r[1] {
			return true
		}
	}
	return false
}

// sameRun says whether a run of the alphabet for URLs is one of the standard alphabet as well, which was looked into before,
// and too short to be told as dark.
func sameRun(t []byte, start, end int) bool {
	const other = mPlus | mSlash
	return end-start <= quietBody/3*4 && maskOf(t[start:end])&^mAlnum == 0 && (start == 0 || classes[t[start-1]]&other == 0) && (end == len(t) || classes[t[end]]&other == 0)
}

// run says whether something readable came out.
func (p *peeler) run(up *step, t []byte, offset int) bool {
	if !p.enter() {
		return false
	}
	defer p.leave()
	m := maskOf(t)
	at := p.mk(step{up: up, place: "@", n: offset})
	if m&^mHex == 0 && m&mDigit != 0 {
		if p.hexText(at, t, m) {
			return true
		}
		if len(t) > 2*quietBody {
			return false
		}
	}
	op := "base64"
	if m&(mMinus|mUnder) != 0 {
		op = "base64url"
	}
	shifts := 4
	if len(t) < minShifted || m&^(mHex|mMinus) == 0 && m&mDigit != 0 { // the latter is a UUID or a digest: nothing stands before base64 there
		shifts = 1
	}
	for shift := range shifts {
		mark := p.arena.mark
		out := p.alloc(len(t)/4*3 + 3)
		if out == nil {
			return false
		}
		n, _ := unbase64(out, t[shift:])
		out = out[:n]
		ok := false
		s := p.mk(step{up: at, op: op})
		switch likely := promising(out); {
		case likely && p.child(s, out):
			ok = true
		case !likely && n >= minRun && p.formed(out):
			ok = p.child(s, out)
		case shift == 0 && n > quietBody && !likely:
			p.show(Bytes, s, out, false)
			ok = p.child(s, out)
		case shift == 0:
			p.show(Bytes, s, out, false)
		}
		p.arena.mark = mark
		if ok {
			return true
		}
	}
	return false
}

func reverse(out, t []byte) {
	for i, c := range t {
		out[len(t)-1-i] = c
	}
}

// reversed peels base64 that was written backwards.
func (p *peeler) reversed(at *step, t []byte) bool {
	if base64Values[t[len(t)-1]] > 63 {
		return false // padding belongs to the end
	}
	if len(t) >= 2*hopelessHead {
		var head [2 * hopelessHead]byte
		if reverse(head[:], t[len(t)-len(head):]); hopeless(head[:]) {
			return false
		}
	}
	mark := p.arena.mark
	defer func() { p.arena.mark = mark }()
	back, out := p.alloc(len(t)), p.alloc(len(t))
	if back == nil || out == nil {
		return false
	}
	reverse(back, t)
	n, _ := unbase64(out, back)
	return promising(out[:n]) && p.child(p.mk(step{up: p.mk(step{up: at, op: "reversed"}), op: "base64"}), out[:n])
}
