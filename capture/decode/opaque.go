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
	var count [256]uint64
	for _, c := range b {
		count[c]++
	}
	total := log2(uint64(len(b)))
	var sum uint64
	for _, n := range count {
		if n > 0 {
			sum += n * (total - log2(n))
		}
	}
	return int(sum * 1000 / uint64(len(b)) >> 16)
}

// log2 is the binary logarithm with 16 fractional bits, by squaring.
func log2(n uint64) uint64 {
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

// dense says whether the entropy is near what random bytes of this length and alphabet would have: 15/16 of it.
func dense(b []byte, alphabet int) bool {
	most := log2(uint64(min(len(b), alphabet)))
	return uint64(entropy(b)) >= most*1000>>16*15/16
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

// dark notes a layer that nothing explained. The value it is part of decides whether to report it.
func (p *peeler) dark(at *step, data []byte, reason string) {
	if len(data) > p.quiet {
		p.unread = &OpaquePart{Location: at.location(), Reason: reason, Bytes: len(data), Entropy: entropy(data)}
	}
}

// maxOpaque is how many unexplained parts of one message are listed.
const maxOpaque = 64

// opaque reports a value that nothing explained, unless it is so short that it can hold no more than a token.
func (p *peeler) opaque(at *step, data []byte) {
	if len(data) <= p.quiet || len(p.rep.Opaque) >= maxOpaque {
		return
	}
	o := p.unread
	if o == nil && !denseToken(data, maskOf(data)) {
		return // what is not text in it is short
	}
	if o == nil {
		o = &OpaquePart{Location: at.location(), Reason: "unknown: token", Bytes: len(data), Entropy: entropy(data)}
	}
	p.rep.Opaque = append(p.rep.Opaque, *o)
}
