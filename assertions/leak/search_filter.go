package leak

import (
	"encoding/binary"
	"maps"
	"slices"
)

// A filter finds many patterns in one pass. It samples four bytes at every stride-th place of a value, folded so that case
// does not matter, and looks them up in a bit table; only what passes is compared. With a stride of four, each pattern is
// entered with four neighbouring grams, so that one of them is sampled wherever the pattern stands. The gram is taken from
// where the pattern is most unlike ordinary text.
type filter struct {
	stride  int
	shift   uint
	bits    []uint64
	slots   []slot   // open addressing by the same hash
	anchors []anchor // those of one gram lie side by side
	entries int
}

// slot is where the anchors of a gram begin; the last of them is marked.
type slot struct {
	gram  uint32
	first int32 // in anchors, from 1; 0 is an empty slot
}

// anchor is a pattern and the offset in it that a gram was taken from.
type anchor struct {
	pattern int32
	offset  int16
	last    bool
}

const gramLen = 4

// maxAnchor is how far into a pattern its gram may be.
const maxAnchor = 1 << 12

// foldGram maps upper to lower case, and some other bytes together: good enough to choose candidates.
func foldGram(g uint32) uint32 { return g | 0x20202020 }

func gramHash(g uint32) uint32 { return g * 0x9e3779b1 }

// newFilter enters patterns, which are given folded; all must be at least stride+3 bytes long.
func newFilter(stride int, patterns []pattern, which []int32) filter {
	f := filter{stride: stride}
	grams := map[uint32][]anchor{}
	uses := map[uint32]int{}
	for _, i := range which {
		b := patterns[i].folded
		for k := 0; k+gramLen <= len(b); k++ {
			uses[foldGram(binary.LittleEndian.Uint32(b[k:]))]++
		}
	}
	for _, i := range which {
		b := patterns[i].folded
		best, bestCost := 0, int(^uint(0)>>1)
		for k := 0; k+stride-1+gramLen <= len(b) && k < maxAnchor; k++ {
			cost := 0
			for d := range stride {
				g := foldGram(binary.LittleEndian.Uint32(b[k+d:]))
				cost += uses[g]*8 + commonness(b[k+d:k+d+gramLen])
			}
			if cost < bestCost {
				best, bestCost = k, cost
			}
		}
		for d := range stride {
			g := foldGram(binary.LittleEndian.Uint32(b[best+d:]))
			grams[g] = append(grams[g], anchor{pattern: i, offset: int16(best + d)})
			f.entries++
		}
	}
	f.table(grams)
	return f
}

func (f *filter) table(grams map[uint32][]anchor) {
	log := uint(12)
	for 1<<log < 24*len(grams) && log < 22 {
		log++
	}
	f.shift = 32 - log
	f.bits = make([]uint64, 1<<log/64)
	size := 16
	for size < 2*len(grams) {
		size *= 2
	}
	f.slots = make([]slot, size)
	for _, g := range slices.Sorted(maps.Keys(grams)) {
		h := gramHash(g)
		f.bits[h>>f.shift>>6] |= 1 << (h >> f.shift & 63)
		i := int(h) & (size - 1)
		for f.slots[i].first != 0 {
			i = (i + 1) & (size - 1)
		}
		f.slots[i] = slot{g, int32(len(f.anchors)) + 1}
		f.anchors = append(f.anchors, grams[g]...)
		f.anchors[len(f.anchors)-1].last = true
	}
}

// of gives the anchors of a gram, from the first on.
func (f *filter) of(g uint32) []anchor {
	for i := int(gramHash(g)) & (len(f.slots) - 1); f.slots[i].first != 0; i = (i + 1) & (len(f.slots) - 1) {
		if f.slots[i].gram == g {
			return f.anchors[f.slots[i].first-1:]
		}
	}
	return nil
}

// commonness is a guess at how often bytes occur in what phones send: letters of English words are common, digits less,
// and zero bytes are everywhere in binary formats.
func commonness(b []byte) int {
	n := 0
	for _, c := range b {
		switch {
		case c == 0 || c == 0xff || c == ' ' || c == '/' || c == '"':
			n += 12
		case c == 'e' || c == 't' || c == 'a' || c == 'o' || c == 'i' || c == 'n' || c == 's' || c == 'r':
			n += 10
		case c == '0' || c == '1' || c == '.' || c == '-' || c == '_':
			n += 8
		case c >= 'a' && c <= 'z':
			n += 6
		case c >= '0' && c <= '9':
			n += 5
		default:
			n += 3
		}
	}
	return n
}

// candidates calls found for each place where a pattern may stand.
func (f *filter) candidates(v []byte, found func(pattern int32, at int)) {
	n := len(v) - gramLen
	shift, bits := f.shift&31, f.bits
	if len(bits) == 0 {
		return
	}
	top := uint32(len(bits) - 1)
	for i := 0; i <= n; i += f.stride {
		g := binary.LittleEndian.Uint32(v[i:]) | 0x20202020
		h := gramHash(g) >> shift
		if bits[(h>>6)&top]&(1<<(h&63)) == 0 {
			continue
		}
		for _, a := range f.of(g) {
			found(a.pattern, i-int(a.offset))
			if a.last {
				break
			}
		}
	}
}
