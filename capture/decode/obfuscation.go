package decode

import "bytes"

// Disguises that need no key to see through: letters shifted by a fixed number (rot13 and its kin) and bytes combined
// with one fixed byte. What they hide is shown, and the value is reported as opaque all the same: who disguises one thing
// may disguise another in a way that is not guessed.

// shifted peels text with its letters shifted, known by what stands before "://".
func (p *peeler) shifted(at *step, t []byte) bool {
	for from := 0; ; {
		i := bytes.Index(t[from:], []byte("://"))
		if i < 0 {
			return false
		}
		i += from
		from = i + 3
		for _, plain := range []string{"https", "http"} {
			if i < len(plain) {
				continue
			}
			if k, ok := shiftOf(t[i-len(plain):i], plain); ok && (i == len(plain) || classes[t[i-len(plain)-1]]&mAlnum == 0) {
				return p.unshift(at, t, k)
			}
		}
	}
}

// shiftOf is by how much the letters of plain were moved to make word; 0 does not count.
func shiftOf(word []byte, plain string) (int, bool) {
	k := -1
	for i, c := range word {
		c |= 0x20
		if c < 'a' || c > 'z' {
			return 0, false
		}
		d := (int(c) - int(plain[i]) + 26) % 26
		if k >= 0 && d != k {
			return 0, false
		}
		k = d
	}
	return k, k > 0
}

func (p *peeler) unshift(at *step, t []byte, k int) bool {
	out := p.alloc(len(t))
	if out == nil {
		return false
	}
	for i, c := range t {
		switch {
		case c >= 'a' && c <= 'z':
			c = 'a' + (c-'a'+26-byte(k))%26
		case c >= 'A' && c <= 'Z':
			c = 'A' + (c-'A'+26-byte(k))%26
		}
		out[i] = c
	}
	op := "caesar"
	if k == 13 {
		op = "rot13"
	}
	p.disguised(at, t, op)
	return p.child(p.mk(step{up: at, op: op}), out)
}

// disguised reports a disguise.
func (p *peeler) disguised(at *step, data []byte, op string) {
	if p.muted == 0 && len(p.rep.Opaque) < maxOpaque {
		p.rep.Opaque = append(p.rep.Opaque, OpaquePart{Location: at.location(), Reason: "disguised: " + op, Bytes: len(data), Entropy: entropy(data)})
	}
}

// minXOR is the fewest bytes of which one combining byte is guessed.
const minXOR = 24

// minKinds is how many different bytes text has at least.
const minKinds = 8

// xorHead is how many bytes are counted to guess the byte that all were combined with.
const xorHead = 1 << 14

// commonest is the commonest byte of the beginning of a value, the lowest one of several, and how often it is there.
type commonest struct {
	byte  byte
	count int // of those counted
	of    int // bytes counted
	kinds int // different bytes among them
}

func commonestOf(data []byte) commonest {
	head := data[:min(len(data), xorHead)]
	var count [256]uint16
	best, kinds := uint32(0), uint32(0)
	for _, c := range head { // without a branch: of random bytes none could be foreseen
		n := count[c]
		kinds += (uint32(n) - 1) >> 31
		n++
		count[c] = n
		best = max(best, uint32(n)<<8|uint32(^c))
	}
	return commonest{^byte(best), int(best >> 8), len(head), int(kinds)}
}

// xored peels bytes that were all combined with the same byte, when that gives a document or prose. The byte is guessed
// from the commonest one, which stands for a quote, a space, an e or zero.
func (p *peeler) xored(at *step, data []byte, most commonest) bool {
	if len(data) < minXOR || len(data) > 1<<22 {
		return false
	}
	if most.kinds < minKinds {
		return false // asterisks, zeros, a ruler
	}
	if most.count*32 < most.of {
		return false
	}
	var out []byte
	for _, plain := range [...]byte{'"', ' ', 'e', '0', 'a', 0} {
		k := most.byte ^ plain
		if k == 0 || !looksXOR(data[:min(len(data), 64)], k) {
			continue
		}
		if out == nil {
			if out = p.alloc(len(data)); out == nil {
				return false
			}
		}
		for i, c := range data {
			out[i] = c ^ k
		}
		if looksText(out) && (out[0] == '{' || out[0] == '[' || out[0] == '<' || bytes.Contains(out, []byte("://")) || prose(out)) {
			p.disguised(at, data, "xor")
			return p.child(p.mk(step{up: at, op: "xor"}), out)
		}
	}
	return false
}

// xoredPacked peels a compression whose bytes were all combined with the same byte. The byte shows in how gzip and zlib
// begin; raw snappy keeps the text that it has not seen before, in which quotes are common.
func (p *peeler) xoredPacked(at *step, data []byte, most commonest) bool {
	if len(data) < minXOR || len(data) > 1<<20 {
		return false
	}
	begins := func(key byte) []byte {
		return []byte{data[0] ^ key, data[1] ^ key, data[2] ^ key, data[3] ^ key, data[4] ^ key, data[5] ^ key}
	}
	if k := data[0] ^ 0x1f; magicOf(begins(k)) == magicGzip && p.unxored(at, data, k, "gzip", "gzip") {
		return true
	}
	if k := data[0] ^ 0x78; magicOf(begins(k)) == magicZlib && p.unxored(at, data, k, "zlib", "zlib") {
		return true
	}
	k := most.byte ^ '"'
	return most.count*64 >= most.of && snappyFits(begins(k)) && p.unxored(at, data, k, "snappy-raw", "snappy")
}

// unxored tries one byte and one compression.
func (p *peeler) unxored(at *step, data []byte, key byte, name, op string) bool {
	if key == 0 {
		return false
	}
	packed := p.alloc(len(data))
	if packed == nil {
		return false
	}
	for i, c := range data {
		packed[i] = c ^ key
	}
	hit := p.hit
	out, err := p.inflate(name, packed)
	if err != nil || len(out) < 8 || !sensible(out) {
		p.hit = hit
		return false
	}
	p.disguised(at, data, "xor")
	return p.child(p.mk(step{up: p.mk(step{up: at, op: "xor"}), op: op}), out)
}

// looksXOR says whether the beginning is text once it is combined with k.
func looksXOR(b []byte, k byte) bool {
	alnum := 0
	for _, c := range b {
		m := classes[c^k]
		if m&mCtrl != 0 {
			return false
		}
		if m&mAlnum != 0 {
			alnum++
		}
	}
	return alnum*3 >= len(b)
}

// prose says whether text has the mix of letters and spaces that sentences and name=value lists have.
func prose(b []byte) bool {
	letters, common := 0, 0
	for _, c := range b {
		if classes[c]&mAlnum != 0 {
			letters++
		}
		switch c | 0x20 {
		case 'e', 't', 'a', 'o', 'i', 'n', 's', 'r', ' ':
			common++
		}
	}
	return letters*10 >= len(b)*6 && common*10 >= len(b)*4
}
