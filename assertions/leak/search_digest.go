package leak

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/binary"
	"encoding/hex"
	"strings"
)

// digest is a digest of a spelling of a needle.
type digest struct {
	needle int32
	class  string
	names  []string
	sum    []byte
	whole  bool // its beginning says nothing of its own
}

// minDigest is how much of a digest must be there, in bytes. 32-bit checksums say nothing.
const minDigest = 8

// digests finds digests by their first eight bytes.
type digests struct {
	first map[uint64][]digest
	bits  []uint64 // a filter before the map: two bits of one word for each key
	mask  uint64
	// The same for whole digests at any place: for the eight bytes at each of their first places, so that one of these is
	// met at every rawStride-th place of a value.
	inside []uint64
}

const rawStride = 4

func newDigests() *digests { return &digests{first: map[uint64][]digest{}} }

func (t *digests) add(needle int32, in input) {
	class := ClassHashed
	if in.part {
		class = ClassPart
	}
	b := []byte(in.text)
	m5, s1, s224, s256, s384, s512 := md5.Sum(b), sha1.Sum(b), sha256.Sum224(b), sha256.Sum256(b), sha512.Sum384(b), sha512.Sum512(b)
	for _, d := range []struct {
		name string
		sum  []byte
	}{{"md5", m5[:]}, {"sha1", s1[:]}, {"sha224", s224[:]}, {"sha256", s256[:]}, {"sha384", s384[:]}, {"sha512", s512[:]}} {
		names := append(append([]string(nil), in.names...), d.name)
		t.enter(digest{needle, class, names, d.sum, false})
		if d.name == "md5" {
			t.enter(digest{needle, class, append(names[:len(names):len(names)], "middle"), m5[4:12], false}) // the 16 hex digits that some call a short md5
		}
		switch d.name {
		case "md5":
			if u := nameUUID(m5); u != m5 {
				t.enter(digest{needle, class, append(names[:len(names):len(names)], "uuid"), u[:], true})
			}
			t.again(needle, class, names, strings.ToUpper(hex.EncodeToString(d.sum)))
			fallthrough
		case "sha1", "sha256":
			t.again(needle, class, names, hex.EncodeToString(d.sum))
		}
	}
}

// again adds the digests of a digest's hex.
func (t *digests) again(needle int32, class string, names []string, h string) {
	m5, s1, s256 := md5.Sum([]byte(h)), sha1.Sum([]byte(h)), sha256.Sum256([]byte(h))
	t.enter(digest{needle, class, append(names[:len(names):len(names)], "md5"), m5[:], false})
	t.enter(digest{needle, class, append(names[:len(names):len(names)], "sha1"), s1[:], false})
	t.enter(digest{needle, class, append(names[:len(names):len(names)], "sha256"), s256[:], false})
}

// nameUUID makes of an md5 the UUID of a name (RFC 9562, version 3; Java's UUID.nameUUIDFromBytes): six bits of it say that.
func nameUUID(sum [md5.Size]byte) [md5.Size]byte {
	sum[6], sum[8] = sum[6]&0x0f|0x30, sum[8]&0x3f|0x80
	return sum
}

func (t *digests) enter(d digest) {
	k := binary.BigEndian.Uint64(d.sum)
	t.first[k] = append(t.first[k], d)
}

// ready builds the filter.
func (t *digests) ready() {
	n := 1
	for 64*n < 16*len(t.first) {
		n *= 2
	}
	t.bits, t.mask = make([]uint64, n), uint64(n)-1
	t.inside = make([]uint64, rawStride*n)
	for k, list := range t.first {
		t.bits[k>>6&t.mask] |= twoBits(k)
		for _, d := range list {
			for i := 0; i < rawStride && len(d.sum) >= minWhole; i++ {
				k := binary.BigEndian.Uint64(d.sum[i:])
				t.inside[k>>6&uint64(len(t.inside)-1)] |= twoBits(k)
			}
		}
	}
}

// minWhole is how long a digest must be to be sought at any place of a value.
const minWhole = 16

// twoBits are a word with two bits that depend on the ends of k.
func twoBits(k uint64) uint64 { return 1<<(k&63) | 1<<(k>>58) }

func (t *digests) lookup(k uint64) []digest {
	if two := twoBits(k); t.bits[k>>6&t.mask]&two != two {
		return nil
	}
	return t.first[k]
}

// inText finds digests in runs of hex digits: a run must be a digest, or the beginning of one of at least 16 digits.
func (t *digests) inText(v []byte, runs []run, found func(d *digest, start, end int)) {
	const least = 2 * minDigest
	for i := 0; i+least <= len(v); {
		for len(runs) > 0 && runs[0].end <= i {
			runs = runs[1:]
		}
		if len(runs) > 0 && runs[0].start <= i && !hexByte(v[i]) {
			i = runs[0].end
			continue
		}
		j := i + least - 1
		for j >= i && hexByte(v[j]) {
			j--
		}
		if j >= i {
			i = j + 1
			continue
		}
		start, end := i, i+least
		for start > 0 && hexByte(v[start-1]) {
			start--
		}
		for end < len(v) && hexByte(v[end]) {
			end++
		}
		i = end
		var k uint64
		for _, c := range v[start : start+least] {
			k = k<<4 | uint64(hexValue(c))
		}
		list := t.lookup(k)
		for n := range list {
			d := &list[n]
			if end-start <= 2*len(d.sum) && (!d.whole || end-start == 2*len(d.sum)) && hexPrefix(v[start:end], d.sum) {
				found(d, start, end)
			}
		}
	}
}

// inBytes finds raw digests: a whole one, or the beginning of one, as the value; in a loose value a whole one anywhere.
func (t *digests) inBytes(v []byte, loose bool, runs []run, found func(d *digest, start, end int)) {
	t.rawAt(v, 0, loose, found)
	if !loose {
		return
	}
	at, seen := rawStride, 0
	for _, r := range runs {
		if at = t.raw(v, at, r.start, &seen, found); at+minDigest <= r.end && t.next(v, at, at) > at {
			at += (r.end - minDigest - at + rawStride) / rawStride * rawStride // what lies between is the same bytes
		}
	}
	t.raw(v, at, len(v), &seen, found)
}

// raw looks at every rawStride-th place of a loose value from at on that lies before end, and gives the first that does
// not. A digest begins there or up to rawStride places before, and behind what was seen.
func (t *digests) raw(v []byte, at, end int, seen *int, found func(d *digest, start, end int)) int {
	for last := min(end-1, len(v)-minDigest); at <= last; at += rawStride {
		if at = t.next(v, at, last); at > last {
			break
		}
		for i := max(at-rawStride, *seen) + 1; i <= at; i++ {
			t.rawAt(v, i, true, found)
			*seen = i
		}
	}
	return at
}

// next gives the first place of those to last that may be inside a digest, or one beyond.
func (t *digests) next(v []byte, at, last int) int {
	for ; at <= last; at += rawStride {
		k := binary.BigEndian.Uint64(v[at:])
		if two := twoBits(k); t.inside[k>>6&uint64(len(t.inside)-1)]&two == two {
			break
		}
	}
	return at
}

// rawAt looks at one place.
func (t *digests) rawAt(v []byte, i int, loose bool, found func(d *digest, start, end int)) {
	if i+minDigest > len(v) {
		return
	}
	list := t.lookup(binary.BigEndian.Uint64(v[i:]))
	for n := range list {
		d, rest := &list[n], v[i:]
		switch {
		case (loose && len(rest) >= len(d.sum) || len(rest) == len(d.sum) && i == 0) && len(d.sum) >= minWhole && string(rest[:len(d.sum)]) == string(d.sum):
			found(d, i, i+len(d.sum))
		case i == 0 && !d.whole && len(rest) < len(d.sum) && string(rest) == string(d.sum[:len(rest)]):
			found(d, 0, len(rest))
		}
	}
}

func hexValue(c byte) byte {
	switch {
	case c <= '9':
		return c - '0'
	default:
		return c | 0x20 - 'a' + 10
	}
}

// hexPrefix says whether hex digits are the beginning of the hex of sum.
func hexPrefix(v, sum []byte) bool {
	for i, c := range v {
		b := sum[i/2]
		if i%2 == 0 {
			b >>= 4
		}
		if hexValue(c) != b&15 {
			return false
		}
	}
	return true
}
