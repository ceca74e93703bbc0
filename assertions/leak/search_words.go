package leak

import (
	"math/bits"
	"sort"
	"strings"

	"github.com/telltale-farm/telltale/capture/decode"
)

// Words of a needle that stand apart: reordered in one value, or split over the members of one object or list.

type wordKey struct {
	needle int32
	place  string
}

type wordPlace struct {
	seen       map[int8]bool
	location   string
	transforms []string
	got        []string
}

// maxWordPlaces bounds how many places of words are remembered in one message.
const maxWordPlaces = 4096

// word notes a word of a needle. In a first pass only the rarest word of each needle is looked for; where all of them
// stand is asked in a second one, if one was met.
func (f *finder) word(p *pattern, got []byte) {
	words, met := f.met[p.needle]
	if !f.placing {
		if f.met == nil {
			f.met = map[int32]uint64{}
		}
		f.met[p.needle] = 0
		return
	}
	if !met {
		return
	}
	f.met[p.needle] = words | 1<<(p.word-1)
	loc := f.v.Location()
	place := parentOf(loc)
	key := wordKey{p.needle, place}
	w := f.words[key]
	if w == nil {
		if len(f.words) >= maxWordPlaces {
			f.crowded = true
			return
		}
		if f.words == nil {
			f.words = map[wordKey]*wordPlace{}
		}
		w = &wordPlace{seen: map[int8]bool{}, location: loc, transforms: f.v.Transforms()}
		f.words[key] = w
		f.order = append(f.order, key)
	}
	if !w.seen[p.word] {
		w.seen[p.word] = true
		w.got = append(w.got, string(got))
		if w.location != loc {
			w.location = place
		}
	}
}

// scattered says whether the rarest word of a needle was met that was not found whole.
func (f *finder) scattered() bool {
	for needle := range f.met {
		if !f.found(f.s.needles[needle].ID) {
			return true
		}
	}
	return false
}

// scatter is the second pass. It says what was left out, if all words of a needle were met and not all of their places kept.
func (f *finder) scatter(sent decode.Sent) {
	f.placing = true
	decode.Peel(sent, f.s.limits, f.place)
	for needle, words := range f.met {
		n := f.s.needles[needle]
		if f.crowded && bits.OnesCount64(words) == len(strings.Fields(n.Value)) && !f.found(n.ID) {
			f.short = "more places with words of what is sought than are kept"
		}
	}
}

func (f *finder) found(id string) bool {
	for _, h := range f.hits {
		if h.Needle == id && h.Class != ClassPart {
			return true
		}
	}
	return false
}

// place looks for words alone.
func (f *finder) place(v *decode.Value) bool {
	f.v = v
	if v.Kind != decode.Int {
		f.runs = runsOf(f.runs[:0], v.Data)
		f.s.words.candidates(v.Data, f.runs, f.compare)
		f.wide(&f.s.wideWords)
	}
	return true
}

// parentOf is the object or list that a place is in: the location without its last step in the document, or name.
func parentOf(loc string) string {
	i := strings.LastIndex(loc, " > ")
	last := loc[i+1:]
	if j := strings.Index(last, "$"); j >= 0 {
		cut := strings.LastIndexAny(last, ".[")
		if cut > j {
			return loc[:i+1+cut]
		}
		return loc
	}
	for _, op := range []string{" > form ", " > query ", " > pairs "} {
		if j := strings.LastIndex(loc, op); j >= 0 && j >= i-1 {
			return loc[:j+len(op)-1]
		}
	}
	if strings.HasPrefix(loc, "query ") && i < 0 {
		return "query"
	}
	return loc
}

// splitWords turns places that hold all words of a needle into hits, unless the needle was found whole somewhere.
func (f *finder) splitWords() {
	for _, key := range f.order {
		w, n := f.words[key], f.s.needles[key.needle]
		if f.found(n.ID) || len(w.seen) < len(strings.Fields(n.Value)) {
			continue
		}
		f.hits = append(f.hits, Hit{Needle: n.ID, Class: ClassNormalised, Location: w.location, Transforms: append(w.transforms, "words"),
			Value: []byte(strings.Join(w.got, " ")), Preview: show([]byte(strings.Join(w.got, " ")))})
	}
}

// result sorts the hits and drops those that say less about the same place.
func (f *finder) result() []Hit {
	f.splitWords()
	out := make([]Hit, 0, len(f.hits))
	for i, h := range f.hits {
		if !f.implied(i, h) {
			out = append(out, h)
		}
	}
	sort.SliceStable(out, func(i, j int) bool {
		a, b := &out[i], &out[j]
		if a.Needle != b.Needle {
			return a.Needle < b.Needle
		}
		if a.Class != b.Class {
			return classRank(a.Class) < classRank(b.Class)
		}
		if a.Location != b.Location {
			return a.Location < b.Location
		}
		return strings.Join(a.Transforms, ">") < strings.Join(b.Transforms, ">")
	})
	return out
}

// implied says whether another hit of the needle makes this one no news: one at the same place, inside it or around it,
// that is stronger. Among equals the one is kept that says more precisely where it stands.
func (f *finder) implied(i int, h Hit) bool {
	for j, o := range f.hits {
		if i == j || o.Needle != h.Needle || (o.Class == ClassHashed) != (h.Class == ClassHashed) || o.hostAlone() && !h.hostAlone() {
			continue
		}
		if h.whole && !o.whole && classRank(o.Class) <= classRank(h.Class) && sameGroup(o.Location, h.Location) {
			return true
		}
		inside, around := within(o.Location, h.Location), within(h.Location, o.Location)
		if !inside && !around {
			continue
		}
		if a, b := classRank(o.Class), classRank(h.Class); a != b {
			if a < b {
				return true
			}
			continue
		}
		switch {
		case inside && around: // one place
			if h.Class == ClassHashed {
				continue
			}
			if len(o.Value) > len(h.Value) || len(o.Value) == len(h.Value) && j < i {
				return true
			}
		case inside && finer(h, o.Location):
			return true
		case around && !o.whole && !finer(o, h.Location): // what is shown in pieces as well gives way to them, not they to it
			return true
		}
	}
	return false
}

// sameGroup says whether two places are in the same part of a message; the request line counts as one.
func sameGroup(a, b string) bool {
	group := func(loc string) string {
		part, _, _ := strings.Cut(loc, " > ")
		switch word, _, _ := strings.Cut(part, " "); word {
		case "target", "host", "path", "query", "userinfo", "fragment":
			return "target"
		}
		return part
	}
	return group(a) == group(b)
}

// finer says whether a place inside that of a hit says more: where in a document the value stands. That it can also be
// read with an escape removed says no more, and a derived spelling is best told where it was first met.
func finer(outer Hit, inner string) bool {
	if outer.Class == ClassNormalised || outer.Class == ClassPart || outer.Class == ClassHeader {
		return false
	}
	step, _, _ := strings.Cut(inner[len(outer.Location)+len(" > "):], " ")
	switch step {
	case "plus", "percent", "percent-u", "backslash", "html-entities", "url", "quoted-printable", "label", "labels", "base64", "base64url", "hex":
		return false
	}
	return true
}

// within says whether a location is inside another one, or the same.
func within(inner, outer string) bool {
	return strings.HasPrefix(inner, outer) && (len(inner) == len(outer) || strings.HasPrefix(inner[len(outer):], " > "))
}

func classRank(c string) int {
	for i, x := range []string{ClassExact, ClassMarker, ClassHashed, ClassNormalised, ClassHeader, ClassPart} {
		if c == x {
			return i
		}
	}
	return 99
}
