package leak

import (
	"bytes"
	"encoding/binary"
	"unicode/utf8"

	"github.com/telltale-farm/telltale/capture/decode"
)

// finder collects the hits of one search.
type finder struct {
	s     *Searcher
	v     *decode.Value
	runs  []run // of its data
	hits  []Hit
	seen  map[hitKey]bool
	count map[hitKind]int  // hits of a needle so far, by kind
	met   map[int32]uint64 // needles of which the rarest word was met, and in the second pass their words, a bit each
	words map[wordKey]*wordPlace
	order []wordKey

	placing bool   // the second pass, which asks where words stand
	crowded bool   // not all places of words were kept
	short   string // what was left out; empty if nothing
}

// hitKind tells hits of a needle apart by what they say: a hundred mentions of a page's host must not crowd out the page.
type hitKind struct {
	needle             int32
	class, first, last string
}

type hitKey struct {
	hitKind
	location string
}

// maxHits is how many places are listed of one needle and kind in one message. The first ones in its order are kept.
const maxHits = 64

// value searches one value.
func (f *finder) value(v *decode.Value) bool {
	f.v = v
	s := f.s
	if v.Kind == decode.Int {
		f.numbers(v)
		return true
	}
	f.runs = runsOf(f.runs[:0], v.Data)
	s.texts.candidates(v.Data, f.runs, f.compare)
	if v.Kind == decode.Bytes {
		s.short.candidates(v.Data, f.runs, f.compare)
		s.digests.inBytes(v.Data, v.Loose, f.runs, f.digest)
	}
	s.digests.inText(v.Data, f.runs, f.digest)
	f.wide(&s.wide)
	return true
}

// wide searches a value with letters beyond ASCII, folded as Unicode.
func (f *finder) wide(patterns *sieve) {
	if patterns.empty() || onlyASCII(f.v.Data) || !utf8.Valid(f.v.Data) {
		return
	}
	folded := foldUnicode(f.v.Data)
	patterns.candidates(folded, nil, func(p int32, at int) { f.compareWide(folded, p, at) })
}

func onlyASCII(b []byte) bool {
	for ; len(b) >= 8; b = b[8:] {
		if binary.LittleEndian.Uint64(b)&0x8080808080808080 != 0 {
			return false
		}
	}
	for _, c := range b {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// compare looks at a place where a pattern may stand.
func (f *finder) compare(i int32, at int) {
	p := &f.s.patterns[i]
	end := at + len(p.folded)
	if at < 0 || end > len(f.v.Data) || p.binary && f.v.Kind != decode.Bytes {
		return
	}
	got := f.v.Data[at:end]
	same := bytes.Equal(got, p.exact)
	if !same && (p.strict || !equalFold(got, p.folded)) {
		return
	}
	// A word alone is so common that a length which happens to fit proves nothing.
	if !p.edge.holds(f.v.Data, at, end, f.v.Loose && p.word == 0) {
		return
	}
	if p.word > 0 {
		f.word(p, got)
		return
	}
	class, names := p.class, p.names
	if !same {
		names = append(names[:len(names):len(names)], "case")
		if class == ClassExact {
			class = ClassNormalised
		}
	}
	f.hit(p.needle, class, names, f.v.Data, at, end)
}

// compareWide looks at a place in a value that was folded as Unicode. Spellings that agree without folding were found already.
func (f *finder) compareWide(v []byte, i int32, at int) {
	p := &f.s.wideText[i]
	end := at + len(p.folded)
	if at < 0 || end > len(v) || !bytes.Equal(v[at:end], p.folded) || !p.edge.holds(v, at, end, f.v.Loose && p.word == 0) {
		return
	}
	if p.word > 0 {
		f.word(p, v[at:end])
		return
	}
	if bytes.Contains(f.v.Data, p.exact) {
		return
	}
	class := p.class
	if class == ClassExact {
		class = ClassNormalised
	}
	f.hit(p.needle, class, append(p.names[:len(p.names):len(p.names)], "case"), v, at, end)
}

func (f *finder) numbers(v *decode.Value) {
	for _, n := range v.Ints {
		for _, x := range f.s.numbers[n] {
			f.hit(x.needle, x.class, x.names, v.Data, 0, len(v.Data))
		}
	}
}

func (f *finder) digest(d *digest, start, end int) {
	f.hit(d.needle, d.class, d.names, f.v.Data, start, end)
}

// hit records one place.
func (f *finder) hit(needle int32, class string, names []string, v []byte, start, end int) {
	if f.seen == nil {
		f.seen, f.count = map[hitKey]bool{}, map[hitKind]int{}
	}
	kind := hitKind{needle: needle, class: class}
	if n := len(names); n > 0 {
		kind.first, kind.last = names[0], names[n-1]
	}
	if f.count[kind] >= maxHits {
		return
	}
	loc := f.v.Location()
	if class == ClassExact || class == ClassNormalised || class == ClassPart {
		if part := f.v.Part(); isHeader(part, "header Referer") || isHeader(part, "header Origin") {
			if class != ClassPart {
				class = ClassHeader
			}
		}
	}
	key := hitKey{kind, loc}
	key.class = class
	if f.seen[key] {
		return
	}
	f.seen[key] = true
	f.count[kind]++
	n := f.s.needles[needle]
	f.hits = append(f.hits, Hit{
		Needle: n.ID, Class: class, Location: loc, Transforms: append(f.v.Transforms(), names...),
		Value: bytes.Clone(v[start:end]), Preview: preview(n.Kind, v, start, end), whole: f.v.Whole,
	})
}

func isHeader(part, name string) bool {
	return len(part) == len(name) && equalFold([]byte(part), foldASCII([]byte(name)))
}
