package leak

import (
	"fmt"
	"slices"

	"github.com/telltale-farm/telltale/capture/decode"
)

// Searcher finds needles and what can be derived from them, all in one pass over every value of what was sent.
// It holds no state between searches and may be used by many goroutines.
type Searcher struct {
	needles  []Needle
	limits   decode.Limits
	patterns []pattern
	numbers  map[uint64][]number
	digests  *digests

	texts     []filter // patterns by their length, or all of them if they are few
	binary    filter   // forms sought in binary values alone, if they are not in texts
	wide      filter   // patterns folded as Unicode, for values with letters beyond ASCII
	words     filter   // words of needles, for the second pass
	wideWords filter
	wideText  []pattern
}

// Result is what a search of one message found, and what kept it from looking.
type Result struct {
	Hits      []Hit               // sorted by needle, class, location; without duplicates
	Opaque    []decode.OpaquePart // what no decoder explains
	Truncated []string            // limits that were hit, decode.LimitBodyCut among them
	Names     []decode.Name       // envelopes known by name
}

// NewSearcher prepares a search for all needles at once. A needle shorter than MinNeedle or of an unknown kind is an error.
func NewSearcher(needles []Needle, limits decode.Limits) (*Searcher, error) {
	s := &Searcher{needles: append([]Needle(nil), needles...), limits: limits, numbers: map[uint64][]number{}, digests: newDigests()}
	for i, n := range s.needles {
		if len(n.Value) < MinNeedle {
			return nil, fmt.Errorf("needle %q: %d bytes are too short to search for; it needs %d", n.ID, len(n.Value), MinNeedle)
		}
		switch n.Kind {
		case ValueText, ValueURL, ValueID, ValueNumber, ValueMarker:
		default:
			return nil, fmt.Errorf("needle %q: kind %q is none of text, url, id, number, marker", n.ID, n.Kind)
		}
		s.enter(derive(int32(i), n))
	}
	s.digests.ready()
	s.build()
	return s, nil
}

func (s *Searcher) enter(d *derivation) {
	s.patterns = append(s.patterns, d.patterns...)
	for n, list := range d.numbers {
		s.numbers[n] = append(s.numbers[n], list...)
	}
	for _, in := range d.inputs {
		s.digests.add(d.needle, in)
	}
	if !d.wide {
		return
	}
	for _, p := range d.patterns {
		if p.strict || isASCII(string(p.exact)) {
			continue
		}
		p.folded = foldUnicode(p.exact)
		s.wideText = append(s.wideText, p)
	}
}

// The grams that patterns are sampled by, so that they can be sampled at every fourth byte.
const (
	shortGram = 4
	midGram   = 5
	longGram  = 8
	gramSpan  = 3 // bytes that a pattern has beyond its gram
)

// fewPatterns is how many patterns make one filter of short grams: so few grams pass seldom by chance, and one pass over a
// value costs less than one for each length.
const fewPatterns = 256

func (s *Searcher) build() {
	var texts [3][]int32
	var binary, words []int32
	widths := [3]int{shortGram, midGram, longGram}
	few := len(s.patterns) <= fewPatterns
	for i, p := range s.patterns {
		if p.word > 0 {
			words = append(words, int32(i))
		}
		switch n := len(p.folded); {
		case p.word > 0 && !p.key:
		case few:
			texts[0] = append(texts[0], int32(i))
		case p.binary:
			binary = append(binary, int32(i))
		case n < midGram+gramSpan:
			texts[0] = append(texts[0], int32(i))
		case n < longGram+gramSpan:
			texts[1] = append(texts[1], int32(i))
		default:
			texts[2] = append(texts[2], int32(i))
		}
	}
	var wide, wideWords []int32
	for i, p := range s.wideText {
		if p.word > 0 {
			wideWords = append(wideWords, int32(i))
		}
		if p.word == 0 || p.key {
			wide = append(wide, int32(i))
		}
	}
	for i, which := range texts {
		if len(which) > 0 {
			s.texts = append(s.texts, newFilter(widths[i], s.patterns, which))
		}
	}
	s.words = newFilter(shortGram, s.patterns, words)
	s.wideWords = newFilter(shortGram, s.wideText, wideWords)
	s.binary = newFilter(shortGram, s.patterns, binary)
	s.wide = newFilter(shortGram, s.wideText, wide)
}

// Search looks for every needle in everything that was sent.
func (s *Searcher) Search(sent decode.Sent) Result { return s.SearchEach(sent, nil) }

// SearchEach is Search that shows every value it passes to each as well, unless that is nil.
func (s *Searcher) SearchEach(sent decode.Sent, each func(*decode.Value)) Result {
	f := finder{s: s}
	visit := f.value
	if each != nil {
		visit = func(v *decode.Value) bool {
			each(v)
			return f.value(v)
		}
	}
	rep := decode.Peel(sent, s.limits, visit)
	if f.scattered() {
		f.scatter(sent)
	}
	hits := f.result()
	if namesSalt(rep.Names) {
		salted, closed, more := s.saltedPass(sent, hits)
		f.hits = append(f.hits, salted...)
		hits, rep.Opaque = f.result(), append(rep.Opaque, closed...)
		if more {
			rep.Limits = append(rep.Limits, "more salted digests than are tried")
		}
	}
	if f.short != "" {
		rep.Limits = append(rep.Limits, f.short)
	}
	return Result{Hits: hits, Opaque: append(rep.Opaque, disguises(hits, rep.Opaque)...), Truncated: rep.Limits, Names: rep.Names}
}

// disguises reports places where a needle was found in a disguise: the rest of the value may hide more.
func disguises(hits []Hit, known []decode.OpaquePart) (out []decode.OpaquePart) {
	for _, h := range hits {
		if n := len(h.Transforms); n == 0 || h.Transforms[n-1] != rot13 {
			continue
		}
		o := decode.OpaquePart{Location: h.Location, Reason: "disguised: " + rot13, Bytes: len(h.Value)}
		same := func(k decode.OpaquePart) bool { return k.Location == o.Location && k.Reason == o.Reason }
		if !slices.ContainsFunc(known, same) && !slices.ContainsFunc(out, same) {
			out = append(out, o)
		}
	}
	return out
}
