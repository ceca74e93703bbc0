package decode

import (
	"encoding/binary"
	mathbits "math/bits"
)

// lastTries is for bytes that nothing explained and that are about to be reported: what costs too much, or finds too
// much, to be tried on every value. Whatever is found must make sense from its first byte to its last.
func (p *peeler) lastTries(at *step, data []byte) (explained, ok bool) {
	if len(data) < minXOR || len(data) > 1<<20 || !p.tooLong(len(data)) || !p.enter() {
		return false, false
	}
	defer p.leave()
	if explained, ok := p.headed(at, data); ok {
		return explained, true
	}
	head := data[:min(len(data), xorHead/4)]
	most := commonestOf(head)
	if most.count*64 < most.of || most.kinds*5 > most.of*3 {
		return false, false // as even as random bytes: nothing with words in it
	}
	if p.xoredSnappy(at, data) || p.xoredFields(at, data, head, most) {
		return true, true
	}
	return false, false
}

// maxHead is the longest header that is skipped before deflate: as long as a digest, or that of gzip, which some senders overwrite.
const maxHead = 20

// headed peels deflate behind a few bytes that mean nothing here: a length, a checksum, a key's number.
func (p *peeler) headed(at *step, data []byte) (explained, ok bool) {
	for skip := 1; skip <= maxHead && skip+16 <= len(data); skip++ {
		body := data[skip:]
		switch body[0] >> 1 & 3 {
		case 2:
			if !deflateFits(body) {
				continue
			}
		case 1:
			if body[0]&1 == 0 || !beginsFixed(body) {
				continue
			}
		default:
			continue
		}
		hit, mark := p.hit, p.arena.mark
		out, err := p.inflate("deflate", body)
		if rest, isTrailing := err.(trailing); isTrailing && rest.n <= 8 {
			err = nil
		}
		if err != nil || len(out) < 16 || !sensible(out) {
			p.hit, p.arena.mark = hit, mark
			continue
		}
		return p.child(p.mk(step{up: p.mk(step{up: at, place: "@", n: skip}), op: "deflate"}), out), true
	}
	return false, false
}

// beginsFixed says whether a block with fixed codes (RFC 1951, section 3.2.6) begins with four letters of ASCII.
func beginsFixed(b []byte) bool {
	bits := binary.LittleEndian.Uint64(b) >> 3
	for range 4 {
		code := mathbits.Reverse8(uint8(bits)) // of 8 bits, the highest first
		if code < 0x30+'\t' || code > 0x30+'~' {
			return false
		}
		bits >>= 8
	}
	return true
}

// xoredSnappy peels raw snappy whose bytes were all combined with the same byte: with the right one its elements end where
// the bytes do, and give as many as it says.
func (p *peeler) xoredSnappy(at *step, data []byte) bool {
	for key := 1; key < 256; key++ {
		if snappyAdds(data, byte(key)) && p.unxored(at, data, byte(key), "snappy-raw", "snappy") {
			return true
		}
	}
	return false
}

// xoredFields peels bytes of a binary format, texts with tags and lengths between, that were all combined with the same byte.
func (p *peeler) xoredFields(at *step, data, head []byte, most commonest) bool {
	const least = 128
	if len(data) < least {
		return false
	}
	if most.count*40 < most.of || most.kinds > min(160, most.of/2) {
		return false
	}
	var count [256]int
	for _, c := range head {
		count[c]++
	}
	words := func(key byte) (n int) { // letters and digits: with another key there are as many printable bytes, but others
		for c := byte('0'); c <= 'z'; c++ {
			if c <= '9' || c >= 'a' {
				n += count[c^key]
			}
		}
		return n
	}
	if words(0)*3 > len(head) {
		return false
	}
	best, key := len(head)/2, byte(0)
	for _, plain := range []byte("eaoitnrs012345-/. \"_\x00\n\x12\x1a") {
		if k := most.byte ^ plain; k != 0 && words(k) > best {
			best, key = words(k), k
		}
	}
	if key == 0 {
		return false
	}
	out := p.alloc(len(data))
	if out == nil {
		return false
	}
	for i, c := range data {
		out[i] = c ^ key
	}
	p.muted++
	s := p.mk(step{up: at, op: "xor"})
	explained := p.announced(s, out) || p.guessed(s, out) // a stretch of words in it is not enough: there are such by chance
	if p.muted--; explained {
		p.show(Bytes, s, out, true)
		p.disguised(at, data, "xor")
	}
	return explained
}

// snappyAdds says whether bytes, each combined with key, are raw snappy by their lengths alone: the elements take all of
// them, copy nothing from before the beginning, and give as many bytes as stands before them.
func snappyAdds(b []byte, key byte) bool {
	want, shift, i := 0, 0, 0
	for ; ; i++ {
		if i >= len(b) || i > 3 {
			return false
		}
		c := b[i] ^ key
		want |= int(c&0x7f) << shift
		if shift += 7; c < 0x80 {
			break
		}
	}
	if want < len(b)*3/4 || want > len(b)*32 {
		return false
	}
	n := 0
	for i++; i < len(b) && n < want; {
		tag := b[i] ^ key
		i++
		switch size, extra := int(tag>>2)+1, 0; tag & 3 {
		case 0:
			if size > 60 {
				extra, size = size-60, 0
				if extra > 3 || i+extra > len(b) {
					return false
				}
				for k := range extra {
					size |= int(b[i+k]^key) << (8 * k)
				}
				size++
			}
			i, n = i+extra+size, n+size
		case 1:
			if i >= len(b) || copiesAhead(int(tag>>5)<<8|int(b[i]^key), n) {
				return false
			}
			i, n = i+1, n+4+int(tag>>2&7)
		default:
			extra = 2
			if tag&3 == 3 {
				extra = 4
			}
			if i+extra > len(b) || copiesAhead(int(b[i]^key)|int(b[i+1]^key)<<8, n) {
				return false
			}
			i, n = i+extra, n+size
		}
	}
	return n == want && i == len(b)
}

// copiesAhead says whether an element copies from where nothing is yet.
func copiesAhead(offset, n int) bool { return offset == 0 || offset > n }
