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

	texts     sieve // every pattern, but for words and for
	short     sieve // forms sought in binary values alone, if they are so short that text would have to be sampled more often
	wide      sieve // patterns folded as Unicode, for values with letters beyond ASCII
	words     sieve // words of needles, for the second pass
	wideWords sieve
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

func (s *Searcher) build() {
	var texts, words, short []int32
	for i, p := range s.patterns {
		if p.word > 0 {
			words = append(words, int32(i))
		}
		if !p.binary && (p.word == 0 || p.key) {
			texts = append(texts, int32(i))
		}
	}
	stride := strideOf(s.patterns, texts)
	for i, p := range s.patterns {
		if p.binary && len(p.folded) >= shortGram+stride-1 {
			texts = append(texts, int32(i))
		} else if p.binary {
			short = append(short, int32(i))
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
	s.texts = newSieve(s.patterns, texts)
	s.short = newSieve(s.patterns, short)
	s.words = newSieve(s.patterns, words)
	s.wideWords = newSieve(s.wideText, wideWords)
	s.wide = newSieve(s.wideText, wide)
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
