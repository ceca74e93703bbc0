package decode

import (
	"bytes"
	"math/bits"
)

// entropy is the Shannon entropy of the bytes in thousandths of a bit a byte, in whole numbers throughout so that every
// machine says the same.
func entropy(b []byte) int {
	if len(b) == 0 {
		return 0
	}
	var count [256]uint32
	rest := b
	for ; len(rest) >= 2*runBlock; rest = rest[runBlock:] {
		if block := rest[:runBlock]; uniform(block) {
			count[block[0]] += runBlock
		} else {
			tally(&count, block)
		}
	}
	tally(&count, rest)
	total := log2(uint64(len(b)))
	var sum uint64
	for _, n := range count {
		if n > 0 {
			sum += uint64(n) * (total - log2(uint64(n)))
		}
	}
	return int(sum * 1000 / uint64(len(b)) >> 16)
}

func tally(count *[256]uint32, b []byte) {
	for _, c := range b {
		count[c]++
	}
}

// logs are the logarithms of small numbers.
var logs = func() (t [256]uint32) {
	for n := 1; n < len(t); n++ {
		t[n] = uint32(square(uint64(n)))
	}
	return t
}()

// log2 is the binary logarithm with 16 fractional bits.
func log2(n uint64) uint64 {
	if n < uint64(len(logs)) {
		return uint64(logs[n])
	}
	return square(n)
}

// square finds a logarithm by squaring.
func square(n uint64) uint64 {
	whole := uint64(bits.Len64(n) - 1)
	x := n << (63 - whole) >> 32 // in [2^31, 2^32)
	r := whole << 16
	for bit := uint64(1 << 15); bit > 0; bit >>= 1 {
		x = x * x >> 31
		if x >= 1<<32 {
			x >>= 1
			r |= bit
		}
	}
	return r
}

// dense says whether an entropy is near what random bytes of this length and alphabet would have: 7/8 of it.
func dense(size, entropy, alphabet int) bool {
	most := log2(uint64(min(size, alphabet)))
	return uint64(entropy) >= most*1000>>16*7/8
}

// denseToken says whether a text is one long token without a meaning to a reader: letters of base64, hex or base85 at random.
func denseToken(t []byte, m mask) bool {
	if len(t) <= quietBody*3/2 || m&mHigh != 0 {
		return false
	}
	if bytes.IndexByte(t, ' ') >= 0 || bytes.Contains(t, []byte("://")) {
		return false // a sentence or an address; lines of base64 have no spaces
	}
	switch {
	case m&^(mHex|mSpace) == 0:
		return len(t) > 2*quietBody && m&(mHexLow|mHexUp) != 0 && entropy(t) >= 3500
	case m&mAlnum == 0:
		return false
	}
	return entropy(t) >= 4900 || m&^(mB64|mSpace) == 0 && m&(mLow|mUp) != 0 && m&mDigit != 0 && entropy(t) >= 4600
}

// dark notes a layer that nothing explained. The value it is part of decides whether to report it. Without a reason, the
// bytes give it.
func (p *peeler) dark(at *step, data []byte, reason string) {
	if p.tooLong(len(data)) {
		e := entropy(data)
		if reason == "" {
			reason = reasonOf(data, e)
		}
		p.unread = &OpaquePart{Location: at.location(), Reason: reason, Bytes: len(data), Entropy: e}
	}
}

// tooLong says whether something of this many bytes is reported when nothing explains it: shorter, it is a token.
func (p *peeler) tooLong(n int) bool {
	return n > p.quiet || n >= minCipher && (p.isRoot() || saysEncrypted(p.owner.name()))
}

// isRoot says whether the value being peeled is the whole body: that is no token, however short.
func (p *peeler) isRoot() bool { return p.root != nil && p.owner == p.root }

// maxOpaque is how many unexplained parts of one message are listed.
const maxOpaque = 64

// opaque reports a value that nothing explained, unless it is so short that it can hold no more than a token.
func (p *peeler) opaque(at *step, data []byte) {
	if p.muted > 0 || len(data) < minCipher || len(p.rep.Opaque) >= maxOpaque {
		return
	}
	o := p.unread
	quiet := p.quiet
	if saysEncrypted(at.name()) {
		quiet = minCipher - 1
		if o != nil {
			o.Reason = "encrypted: by its name"
		}
	}
	if p.isRoot() {
		quiet = minCipher - 1
	}
	if o == nil && denseToken(data, maskOf(data)) {
		o = &OpaquePart{Location: at.location(), Reason: "unknown: token", Bytes: len(data), Entropy: entropy(data)}
	}
	if o != nil && o.Bytes > quiet {
		p.rep.Opaque = append(p.rep.Opaque, *o)
	}
}

// minCipher is the size of one block of a cipher: less is not reported, whatever it is called.
const minCipher = 16

// name is the name that the phone gave to a value: the last of a path, or of a pair.
func (s *step) name() []byte {
	for ; s != nil; s = s.up {
		if s.path != nil {
			for i := len(s.path.elems) - 1; i >= 0; i-- {
				if k := s.path.elems[i].key; len(k) > 0 {
					return k
				}
			}
		}
		if s.detail != "" {
			return []byte(s.detail)
		}
	}
	return nil
}

// saysEncrypted says whether a name means that the value is encrypted.
func saysEncrypted(name []byte) bool {
	if len(name) < 3 || len(name) > 40 {
		return false
	}
	n := name
	for i, c := range name {
		if c >= 'A' && c <= 'Z' || c >= 0x80 {
			n = append(append(make([]byte, 0, 40), name[:i]...), bytes.ToLower(name[i:])...)
			break
		}
	}
	if !bytes.Contains(n, []byte("enc")) && !bytes.Contains(n, []byte("key")) && !bytes.Contains(n, []byte("cipher")) {
		return string(n) == "payloads"
	}
	for _, w := range []string{"encrypt", "cipher", "ekey", "aeskey", "aes_key", "enc_", "encdata", "encpayload"} {
		if bytes.Contains(n, []byte(w)) {
			return true
		}
	}
	return string(n) == "enc"
}
