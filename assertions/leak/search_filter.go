package leak

import (
	"encoding/binary"
	"maps"
	"slices"
)

// filter has the grams of one length.
type filter struct {
	width   int
	keep    uint64   // the bytes of a gram
	bits    []uint64 // two bits of one word for each gram
	slots   []slot   // open addressing by the same hash
	anchors []anchor // those of one gram lie side by side
}

// slot is where the anchors of a gram begin; the last of them is marked.
type slot struct {
	gram  uint64
	first int32 // in anchors, from 1; 0 is an empty slot
}

// anchor is a pattern and the offset in it that a gram was taken from.
type anchor struct {
	pattern int32
	offset  int16
	last    bool
}

// maxAnchor is how far into a pattern its gram may be.
const maxAnchor = 1 << 12

// foldBytes maps upper to lower case, and some other bytes together: good enough to choose candidates.
const foldBytes = 0x2020202020202020

// gramAt gives up to eight bytes from i on, the first of them lowest; what is beyond the end counts as zero.
func gramAt(v []byte, i int) uint64 {
	if n := len(v); i+8 <= n {
		return binary.LittleEndian.Uint64(v[i:])
	} else if n >= 8 {
		return binary.LittleEndian.Uint64(v[n-8:]) >> (8 * uint(i-n+8))
	}
	var g uint64
	for k, c := range v[i:] {
		g |= uint64(c) << (8 * k)
	}
	return g
}

func gramHash(g uint64) uint64 { return g * 0x9e3779b97f4a7c15 }

// gramBits are the bits of a gram with this hash in its word of the table.
func gramBits(h uint64) uint64 { return 1<<(h>>58) | 1<<(h>>52&63) }

// newFilter enters patterns that have as many neighbouring grams as the stride.
func newFilter(width, stride int, patterns []pattern, which []int32) filter {
	f := filter{width: width, keep: ^uint64(0) >> (64 - 8*width)}
	uses := f.uses(patterns, which, stride)
	grams := map[uint64][]anchor{}
	for _, i := range which {
		b := patterns[i].folded
		best, bestCost := 0, int(^uint(0)>>1)
		for k := 0; k+stride-1+width <= len(b) && k < maxAnchor; k++ {
			cost := 0
			for d := range stride {
				cost += uses[f.gram(b, k+d)].needles*8 + commonness(b[k+d:k+d+width])
			}
			if cost < bestCost {
				best, bestCost = k, cost
			}
		}
		for d := range stride {
			g := f.gram(b, best+d)
			grams[g] = append(grams[g], anchor{pattern: i, offset: int16(best + d)})
		}
	}
	f.table(grams)
	return f
}

func (f *filter) gram(b []byte, i int) uint64 { return (gramAt(b, i) | foldBytes) & f.keep }

// gramUse is how many needles have a gram in one of their spellings.
type gramUse struct {
	needles int
	last    int32
}

func (f *filter) uses(patterns []pattern, which []int32, stride int) map[uint64]gramUse {
	uses := map[uint64]gramUse{}
	for _, i := range which {
		p := &patterns[i]
		for k := 0; k+f.width <= len(p.folded) && k < maxAnchor+stride; k++ {
			g := f.gram(p.folded, k)
			if u := uses[g]; u.needles == 0 || u.last != p.needle {
				uses[g] = gramUse{u.needles + 1, p.needle}
			}
		}
	}
	return uses
}

func (f *filter) table(grams map[uint64][]anchor) {
	words := 64
	for 64*words < 16*len(grams) && words < 1<<16 {
		words *= 2
	}
	f.bits = make([]uint64, words)
	size := 16
	for size < 2*len(grams) {
		size *= 2
	}
	f.slots = make([]slot, size)
	for _, g := range slices.Sorted(maps.Keys(grams)) {
		h := gramHash(g)
		f.bits[h>>32&uint64(words-1)] |= gramBits(h)
		i := f.home(g)
		for f.slots[i].first != 0 {
			i = (i + 1) & (size - 1)
		}
		f.slots[i] = slot{g, int32(len(f.anchors)) + 1}
		f.anchors = append(f.anchors, grams[g]...)
		f.anchors[len(f.anchors)-1].last = true
	}
}

func (f *filter) home(g uint64) int { return int(gramHash(g)>>28) & (len(f.slots) - 1) }

// of gives the anchors of a gram, from the first on.
func (f *filter) of(g uint64) []anchor {
	for i := f.home(g); f.slots[i].first != 0; i = (i + 1) & (len(f.slots) - 1) {
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

// may says whether a gram may be one of a pattern.
func (f *filter) may(g uint64) bool {
	h := gramHash(g)
	two := gramBits(h)
	return f.bits[h>>32&uint64(len(f.bits)-1)]&two == two
}

// sampled calls found for the patterns of a gram that was met at i.
func (f *filter) sampled(g uint64, i int, found func(pattern int32, at int)) {
	for _, a := range f.of(g) {
		found(a.pattern, i-int(a.offset))
		if a.last {
			return
		}
	}
}
