package decode

import (
	"bytes"
	"unicode/utf8"
)

// maxInside is how many things are looked for inside bytes of an unknown format.
const maxInside = 64

// inside looks into bytes of an unknown format for what is known: compressed streams at any place, and stretches of text
// that hold a document or an encoding. Ok says that it found something that explains the bytes or takes up most of them.
func (p *peeler) inside(at *step, data []byte, m mask) (explained, ok bool) {
	if !p.enter() {
		return true, true
	}
	defer p.leave()
	covered, clear := p.streams(at, data)
	text := p.stretches(at, data, m)
	switch {
	case covered*8 >= len(data)*7:
		return clear, true
	case text*5 >= len(data)*3 || (text+covered)*8 >= len(data)*7:
		return clear, true
	}
	return false, false
}

// magicBytes are those that the compressions begin with that are looked for in other bytes.
var magicBytes = kinds(func(c byte) bool { return c == 0x1f || c == 0x28 || c == 0x78 || c == 0x04 || c == 0xff })

// streams peels compressed streams that begin somewhere after the first byte. It says how many bytes they took.
func (p *peeler) streams(at *step, data []byte) (covered int, explained bool) {
	explained = true
	for i, tries := 1, 0; tries < maxInside && !p.stop; i++ {
		if i = nextOf(data, i, &magicBytes); i+8 >= len(data) {
			break
		}
		mg := magicOf(data[i:])
		if mg == magicNone || mg == magicOther {
			continue
		}
		if mg == magicZlib && i > 16 && data[i+1] != 0x9c && data[i+1] != 0x01 && data[i+1] != 0xda && data[i+1] != 0x5e {
			continue
		}
		tries++
		out, err := p.inflate(string(mg), data[i:])
		rest, isTrailing := err.(trailing)
		if len(out) < 4 || err != nil && !isTrailing && len(out) < 64 {
			continue
		}
		taken := len(data) - i
		if isTrailing {
			taken -= rest.n
		}
		clear := p.child(p.mk(step{up: p.mk(step{up: at, place: "@", n: i}), op: string(mg)}), out)
		if broken(err) {
			continue
		}
		explained = explained && clear
		covered += taken
		i += taken - 1
	}
	return covered, explained
}

// minStretch is the shortest stretch of text in bytes that is looked into.
const minStretch = 12

// stretches peels the stretches of text in bytes, as far as they can hold more than they show. It says how many bytes they are.
func (p *peeler) stretches(at *step, data []byte, m mask) (covered int) {
	tries := 0
	for i := nextStretch(data, 0, m); i < len(data) && !p.stop; i = nextStretch(data, i, m) {
		end := i + max(1, textRun(data[i:]))
		if s := data[i:end]; len(s) >= minStretch && looksText(s) {
			clear := s[0] == '{' || s[0] == '[' || wordy(s)
			if m := maskOf(s); tries < 4*maxInside && (m&(mOpen|mPct|mBack|mLess|mEq|mPlus|mSlash|mAmp) != 0 || len(s) >= minShifted && m&mSpace == 0) {
				tries++
				clear = p.child(p.mk(step{up: at, op: "strings", place: "@", n: i}), stretchOf(s)) && clear
			}
			if clear {
				covered += len(s)
			}
		}
		i = end
	}
	return covered
}

// nextStretch passes by bytes from i on that begin no stretch of minStretch: those before a byte that cannot go on with a
// text. The byte such a stretch would end with is looked at first, as most bytes of a cipher can stand in no text.
func nextStretch(b []byte, i int, m mask) int {
	if m&^(mCtrl|mSep) == 0 {
		return len(b)
	}
next:
	for i+minStretch <= len(b) {
		if k := textRoles[b[i]]; k == roleNone && b[i] == b[i+minStretch-1] {
			i = nextOf(b, i, &textStarts) // a run of zeros, perhaps
			continue
		}
		for j := i + minStretch - 1; j >= i; j-- {
			switch textRoles[b[j]] {
			case roleASCII:
				continue
			case roleMore:
				if j > 0 && textRoles[b[j-1]]&(roleFirst|roleMore) != 0 {
					continue
				}
			case roleFirst:
				if j+1 == len(b) || textRoles[b[j+1]] == roleMore {
					continue
				}
			}
			i = j + 1
			continue next
		}
		return i
	}
	return len(b)
}

// What a byte can be in text that is UTF-8.
const (
	roleNone  = 0
	roleASCII = 1 << (iota - 1)
	roleFirst // of a letter of several bytes
	roleMore
)

var textRoles = func() (t [256]uint8) {
	for c := range t {
		switch {
		case textByte(byte(c)):
			t[c] = roleASCII
		case c >= 0xc2 && c < 0xf5:
			t[c] = roleFirst
		case c >= 0x80 && c < 0xc0:
			t[c] = roleMore
		}
	}
	return t
}()

// textRun is how many bytes of text a value begins with: printable ASCII and whole letters of UTF-8.
func textRun(b []byte) int {
	i := 0
	for i < len(b) {
		if textBytes[b[i]] {
			i++
			continue
		}
		if b[i] < 0xc2 || i+1 == len(b) || b[i+1]&0xc0 != 0x80 {
			break
		}
		r, n := utf8.DecodeRune(b[i:])
		if n < 2 || r < 0xa0 || r == 0xfffd {
			break
		}
		i += n
	}
	return i
}

// textBytes are the bytes of text in ASCII; textStarts those and the first bytes of other letters.
var (
	textBytes  = kinds(textByte)
	textStarts = kinds(func(c byte) bool { return textByte(c) || c >= 0xc2 && c < 0xf5 })
)

func textByte(c byte) bool { return c >= ' ' && c < 0x7f || c == '\n' || c == '\t' || c == '\r' }

// stretchOf drops the letters before a document that are a length or a tag which happens to be printable.
func stretchOf(s []byte) []byte {
	for i := range min(3, len(s)) {
		if (s[i] == '{' || s[i] == '[' || s[i] == '<') && i > 0 && bytes.IndexByte(s[i:], s[i]+2) > 0 {
			return s[i:]
		}
	}
	return s
}

// wordy says whether text is made of letters and digits for the most part: words, addresses, identifiers. Text that was
// disguised byte by byte is not.
func wordy(b []byte) bool {
	n := 0
	for _, c := range b {
		if c >= 0x80 || classes[c]&mAlnum != 0 {
			n++
		}
	}
	return n*10 >= len(b)*6
}
