package decode

import (
	"bytes"
	"encoding/ascii85"
	"slices"
	"strings"
)

// hexText peels hex, plain or with spaces, colons or dashes between bytes. It says whether something readable came out.
func (p *peeler) hexText(at *step, t []byte, m mask) bool {
	if len(t) < shortWord {
		return false
	}
	mark := p.arena.mark
	defer func() { p.arena.mark = mark }()
	if m&^mHex == 0 && len(t)%2 != 0 {
		return false
	}
	out := p.alloc(len(t)/2 + 1)
	if out == nil {
		return false
	}
	n, half := 0, -1
	if m&^mHex == 0 {
		for ; n < len(t)/2; n++ {
			out[n] = hexDigits[t[2*n]]<<4 | hexDigits[t[2*n+1]]
		}
		t = nil
	}
	for _, c := range t {
		v := hexVal(c)
		if v < 0 {
			if half >= 0 && m&mMinus == 0 {
				return false // a separator inside a byte
			}
			continue
		}
		if half < 0 {
			half = v
			continue
		}
		out[n] = byte(half<<4 | v)
		n, half = n+1, -1
	}
	if half >= 0 {
		return false
	}
	out = out[:n]
	s := p.mk(step{up: at, op: "hex"})
	if promising(out) || n > quietBody {
		return p.child(s, out)
	}
	p.show(Bytes, s, out, false)
	if n >= minCipher {
		p.dark(s, out, "")
	}
	return false
}

const (
	base32Letters    = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
	base32hexLetters = "0123456789ABCDEFGHIJKLMNOPQRSTUV"
)

// base32Text peels RFC 4648 base32, either alphabet, either case, padded or not.
func (p *peeler) base32Text(at *step, t []byte, m mask) bool {
	if len(t) < minRun || m&(mPlus|mSlash|mMinus|mUnder) != 0 || m&(mLow|mHexLow) != 0 && m&(mUp|mHexUp) != 0 {
		return false
	}
	if m&mDigit == 0 && m&(mLow|mHexLow) != 0 {
		return false // a word: of 16 letters of base32 one in thirty has no digit
	}
	mark := p.arena.mark
	defer func() { p.arena.mark = mark }()
	out := p.alloc(len(t))
	if out == nil {
		return false
	}
	for _, e := range []struct{ op, letters string }{{"base32", base32Letters}, {"base32hex", base32hexLetters}} {
		n, ok := unbase32(out, t, e.letters)
		if !ok {
			continue
		}
		// Long, one case and none of 0 1 8 9: nothing else looks like base32. Of the other alphabet that cannot be said.
		if promising(out[:n]) || e.op == "base32" && n >= minRun {
			if p.child(p.mk(step{up: at, op: e.op}), out[:n]) {
				return true
			}
		}
	}
	return false
}

func unbase32(out, t []byte, letters string) (n int, ok bool) {
	var acc uint32
	bits := 0
	for _, c := range t {
		if c >= 'a' && c <= 'z' {
			c -= 'a' - 'A'
		}
		v := strings.IndexByte(letters, c)
		if v < 0 {
			if c == '=' || classes[c]&mSpace != 0 {
				continue
			}
			return 0, false
		}
		acc, bits = acc<<5|uint32(v), bits+5
		if bits >= 8 {
			bits -= 8
			out[n] = byte(acc >> bits)
			n++
		}
	}
	return n, true
}

const (
	z85Alphabet  = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#"
	git85Letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~"
)

// base85Text peels Ascii85 (with or without <~ ~>), Z85 and the alphabet of RFC 1924. Prose is never long without a space,
// so only tokens are tried, and only a readable outcome counts.
func (p *peeler) base85Text(at *step, t []byte, m mask) bool {
	if len(t) < 20 || m&(mHigh|mCtrl|mSpace) != 0 || m&(mOther|mSemi|mLess|mQuest|mAmp|mPct|mTilde) == 0 || len(t) > 1<<20 {
		return false
	}
	if !p.spend(3 * len(t)) {
		return false
	}
	mark := p.arena.mark
	defer func() { p.arena.mark = mark }()
	a := bytes.TrimSuffix(bytes.TrimPrefix(t, []byte("<~")), []byte("~>"))
	if fitsASCII85(a) {
		dst := p.arena.take(4*len(a) + 8)
		if n, _, err := ascii85.Decode(dst, a, true); err == nil && promising(dst[:n]) && p.child(p.mk(step{up: at, op: "ascii85"}), dst[:n]) {
			return true
		}
	}
	out := p.arena.take(len(t))
	for _, e := range [...]struct {
		op    string
		value *[256]byte
	}{{"z85", &z85Values}, {"base85", &git85Values}} {
		if out, ok := unbase85(out[:0], t, e.value); ok && promising(out) && p.child(p.mk(step{up: at, op: e.op}), out) {
			return true
		}
	}
	return false
}

// fitsASCII85 says whether text has letters of Ascii85 alone, with white space between.
func fitsASCII85(t []byte) bool {
	for _, c := range t {
		if c > 'u' && c != 'z' {
			return false
		}
	}
	return true
}

var z85Values, git85Values = values85(z85Alphabet), values85(git85Letters)

// values85 gives one more than the value of each letter.
func values85(letters string) (t [256]byte) {
	for i := range letters {
		t[letters[i]] = byte(i) + 1
	}
	return t
}

// unbase85 appends to out.
func unbase85(out, t []byte, value *[256]byte) ([]byte, bool) {
	for len(t) > 0 {
		group := t[:min(5, len(t))]
		t = t[len(group):]
		if len(group) == 1 {
			return nil, false
		}
		var acc uint64
		for i := range 5 {
			d := uint64(84)
			if i < len(group) {
				v := value[group[i]]
				if v == 0 {
					return nil, false
				}
				d = uint64(v - 1)
			}
			acc = acc*85 + d
		}
		if acc >= 1<<32 {
			return nil, false
		}
		b := [4]byte{byte(acc >> 24), byte(acc >> 16), byte(acc >> 8), byte(acc)}
		out = append(out, b[:len(group)-1]...)
	}
	return out, true
}

const base58Letters = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"

// maxBase58 is the longest text that is tried as base58, which takes the square of its length.
const maxBase58 = 1024

// base58Text peels base58 in the alphabet of Bitcoin. Only a readable outcome counts.
func (p *peeler) base58Text(at *step, t []byte, m mask) bool {
	if len(t) < minRun || len(t) > maxBase58 || m&^mAlnum != 0 || m&mDigit == 0 || m&(mUp|mHexUp) == 0 || m&(mLow|mHexLow) == 0 {
		return false
	}
	mark := p.arena.mark
	defer func() { p.arena.mark = mark }()
	out := p.alloc(len(t))
	if out == nil {
		return false
	}
	n := 0 // bytes, lowest first
	for _, c := range t {
		v := strings.IndexByte(base58Letters, c)
		if v < 0 {
			return false
		}
		carry := uint32(v)
		for i := range n {
			carry += uint32(out[i]) * 58
			out[i] = byte(carry)
			carry >>= 8
		}
		for ; carry > 0; carry >>= 8 {
			out[n] = byte(carry)
			n++
		}
	}
	slices.Reverse(out[:n])
	return promising(out[:n]) && p.child(p.mk(step{up: at, op: "base58"}), out[:n])
}
