package leak

import "encoding/binary"

// A sieve finds many patterns in one pass. It samples a few bytes, a gram, at every stride-th place of a value, folded so
// that case does not matter, and looks them up in a bit table; only what passes is compared. Each pattern is entered with as
// many neighbouring grams as the stride, so that one of them is sampled wherever the pattern stands. The gram is taken from
// where the pattern is most unlike ordinary text and unlike other needles.
//
// Of hex and of digits there are few different short grams, so that a thousand identifiers pass everything: where there
// are many patterns the longer ones have longer grams, which are looked up where the first bytes of a gram were met.
type sieve struct {
	stride  int
	first   []uint64 // a bit for the first bytes of each gram
	shift   uint32   // of their hash, to a word of these; see bitOf
	filters []filter // by the length of their grams
}

func firstHash(g uint32) uint32 { return g * 0x9e3779b1 }

// bitOf is the bit of a hash in its word of first. The word comes from its highest bits.
func bitOf(h uint32) uint32 { return h >> 10 & 63 }

// The lengths of grams, and how far apart they are sampled at most, all in bytes.
const (
	shortGram = 4
	midGram   = 5
	longGram  = 8
	maxStride = 4
)

// fewPatterns is how many patterns have short grams alone: so few pass seldom by chance.
const fewPatterns = 256

// strideOf is how far apart grams may be sampled so that every pattern has one: the shortest says.
func strideOf(patterns []pattern, which []int32) int {
	stride := maxStride
	for _, i := range which {
		stride = min(stride, len(patterns[i].folded)-shortGram+1)
	}
	return stride
}

// newSieve enters patterns, which are given folded. All must be as long as a short gram.
func newSieve(patterns []pattern, which []int32) sieve {
	s := sieve{stride: strideOf(patterns, which)}
	widths := []int{longGram, midGram, shortGram}
	if len(which) <= fewPatterns {
		widths = widths[2:]
	}
	for _, width := range widths {
		var fit, rest []int32
		for _, i := range which {
			if len(patterns[i].folded) >= width+s.stride-1 {
				fit = append(fit, i)
			} else {
				rest = append(rest, i)
			}
		}
		if len(fit) > 0 {
			s.filters = append(s.filters, newFilter(width, s.stride, patterns, fit))
		}
		which = rest
	}
	s.table()
	return s
}

// table makes first: of 64 bits one is set, or more where there are very many grams.
func (s *sieve) table() {
	grams := 0
	for i := range s.filters {
		grams += len(s.filters[i].slots) / 2
	}
	s.shift = 32 - 6
	for s.shift > 32-14 && 1<<(32-s.shift) < grams {
		s.shift--
	}
	s.first = make([]uint64, 1<<(32-s.shift))
	for i := range s.filters {
		for _, x := range s.filters[i].slots {
			if x.first != 0 {
				h := firstHash(uint32(x.gram))
				s.first[h>>s.shift] |= 1 << bitOf(h)
			}
		}
	}
}

func (s *sieve) empty() bool { return len(s.filters) == 0 }

// candidates calls found for each place where a pattern may stand. Of the runs of v only the beginning is looked at where
// the gram that is all in them is no pattern's.
func (s *sieve) candidates(v []byte, runs []run, found func(pattern int32, at int)) {
	if s.empty() {
		return
	}
	i := 0
	for _, r := range runs {
		if i = s.sample(v, i, r.start, found); i+8 <= r.end && s.next(v, i, i) > i {
			i += (r.end - 8 - i + s.stride) / s.stride * s.stride
		}
	}
	s.sample(v, i, len(v), found)
}

// sample looks at every stride-th place from i on that lies before end, and gives the first that does not.
func (s *sieve) sample(v []byte, i, end int, found func(pattern int32, at int)) int {
	for last := min(end-1, len(v)-shortGram); ; i += s.stride {
		if i = s.next(v, i, last); i > last {
			return i
		}
		g := gramAt(v, i) | foldBytes
		for k := range s.filters {
			if f := &s.filters[k]; f.may(g & f.keep) {
				f.sampled(g&f.keep, i, found)
			}
		}
	}
}

// next gives the first place to be sampled from i to last where a gram may begin, or one beyond last. It calls nothing, so
// that what it needs stays in registers.
func (s *sieve) next(v []byte, i, last int) int {
	stride, first, shift := s.stride, s.first, s.shift
	for ; i <= last; i += stride {
		h := firstHash(binary.LittleEndian.Uint32(v[i:]) | foldBytes&(1<<32-1))
		if first[h>>(shift&31)]>>bitOf(h)&1 != 0 {
			break
		}
	}
	return i
}
