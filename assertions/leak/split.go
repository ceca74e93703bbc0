package leak

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"github.com/telltale-farm/telltale/capture/decode"
	"github.com/telltale-farm/telltale/capture/flow"
	"github.com/telltale-farm/telltale/capture/flow/safe"
)

// A canary that is sent in pieces, one upload after the other or in fields far apart, is found by joining them: values that
// are a piece of it, that end with its beginning or begin with its end. Only pieces that make up the whole, sent to one
// party, are a finding. Words that stand apart are pieces too.

// Bounds of what is kept of pieces.
const (
	minPiece      = 4 // bytes; less is found everywhere, and shorter values are not shown to a search
	maxPieces     = 256
	maxPieceForms = 256 // bytes of a canary that is looked for in pieces
)

// piece is a stretch of a canary at the edge of a value.
type piece struct {
	form     int32
	from, to int
	location string
}

// pieceForm is one way to write a canary.
type pieceForm struct {
	secret *Secret
	text   string
}

// pieces is an index of every stretch of all canaries, by its first bytes. It is read by many goroutines.
type pieces struct {
	forms []pieceForm
	grams map[[minPiece]byte][]pieceStart
	met   [1 << 10]uint64 // a bit for each gram, folded
}

type pieceStart struct{ form, at int32 }

func newPieces(secrets []Secret) *pieces {
	x := &pieces{grams: map[[minPiece]byte][]pieceStart{}}
	for i := range secrets {
		s := &secrets[i]
		if s.Role != SecretCanary || len(s.Value) < 4*minPiece || len(s.Value) > maxPieceForms {
			continue
		}
		forms := []string{s.Value}
		if s.Kind == ValueText && strings.Contains(s.Value, " ") {
			forms = append(forms, strings.ReplaceAll(s.Value, " ", "+"), strings.ReplaceAll(s.Value, " ", "%20"))
		}
		for _, text := range forms {
			x.add(pieceForm{s, text})
		}
	}
	return x
}

func (x *pieces) add(f pieceForm) {
	n := int32(len(x.forms))
	x.forms = append(x.forms, f)
	for i := 0; i+minPiece <= len(f.text); i++ {
		g := [minPiece]byte([]byte(f.text[i : i+minPiece]))
		x.grams[g] = append(x.grams[g], pieceStart{n, int32(i)})
		h := gramBit(g)
		x.met[h>>6] |= 1 << (h & 63)
	}
}

func gramBit(g [minPiece]byte) uint32 {
	return binary.LittleEndian.Uint32(g[:]) * 0x9e3779b1 >> 16
}

func (x *pieces) of(b []byte) []pieceStart {
	g := [minPiece]byte(b)
	h := gramBit(g)
	if x.met[h>>6]&(1<<(h&63)) == 0 {
		return nil
	}
	return x.grams[g]
}

// in lists the pieces that a value is, begins with or ends with; all is false if there were more than are kept.
func (x *pieces) in(v *decode.Value, out []piece) (_ []piece, all bool) {
	b := v.Data
	if v.Kind != decode.Text || v.Loose || v.Trial || len(b) < minPiece || len(x.forms) == 0 {
		return out, true
	}
	all = true
	add := func(form int32, from, to int) {
		same := func(p piece) bool { return p.form == form && p.from == from && p.to == to }
		switch {
		case to-from == len(x.forms[form].text) || slices.ContainsFunc(out, same):
		case len(out) >= maxPieces:
			all = false
		default:
			out = append(out, piece{form, from, to, v.Location()})
		}
	}
	for _, s := range x.of(b) {
		text, at := x.forms[s.form].text, int(s.at)
		switch rest := text[at:]; {
		case len(b) <= len(rest) && string(b) == rest[:len(b)]:
			add(s.form, at, at+len(b))
		case len(b) > len(rest) && string(b[:len(rest)]) == rest && !alnumByte(b[len(rest)]):
			add(s.form, at, len(text))
		}
	}
	for _, s := range x.of(b[len(b)-minPiece:]) {
		text, end := x.forms[s.form].text, int(s.at)+minPiece
		if from := len(b) - end; from > 0 && string(b[from:]) == text[:end] && !alnumByte(b[from-1]) {
			add(s.form, 0, end)
		}
	}
	return out, all
}

// sentPiece is a piece and the flow it was in.
type sentPiece struct {
	piece
	at *sighting
}

// split finds a canary that was sent in pieces to one stranger, if it was not found whole there. The finding is in the flow
// that completed it.
func (p *phone) split(s *Secret, whole []Finding) (out []Finding) {
	declared := p.declared(s)
	for key, sent := range p.piecesTo(s, func(f *flow.Flow) (string, bool) { return p.stranger(f, declared) }) {
		found := slices.ContainsFunc(whole, func(f Finding) bool {
			return f.Canary == s.ID && f.Class != ClassPart && cmp.Or(registrable(f.Host), f.Host) == key
		})
		if chain := p.join(s, sent); chain != nil && !found {
			out = append(out, p.splitFinding(s, chain))
		}
	}
	return out
}

// piecesTo gathers the pieces of a canary by the party that they were sent to, of the flows that count.
func (p *phone) piecesTo(s *Secret, counts func(*flow.Flow) (host string, ok bool)) map[string][]sentPiece {
	type stretch struct {
		party    string
		form     int32
		from, to int
	}
	parties, known := map[string][]sentPiece{}, map[stretch]bool{}
	for i := range p.seen {
		at := &p.seen[i]
		for _, x := range at.pieces {
			if p.pieces.forms[x.form].secret != s || p.ours(at.flow) {
				continue
			}
			if host, ok := counts(at.flow); ok {
				key := cmp.Or(registrable(host), host)
				if same := (stretch{key, x.form, x.from, x.to}); !known[same] { // it is the first that counts
					known[same] = true
					parties[key] = append(parties[key], sentPiece{x, at})
				}
			}
		}
	}
	return parties
}

// join finds pieces that make up the whole canary, in order, with nothing but what stands between its words left out: the
// first way, by the order of sending.
func (p *phone) join(s *Secret, sent []sentPiece) []sentPiece {
	for form := range p.pieces.forms {
		f := p.pieces.forms[form]
		if f.secret != s {
			continue
		}
		by := map[int]int{0: -1} // end of what is covered -> the piece that reached it
		for queue := []int{0}; len(queue) > 0; queue = queue[1:] {
			pos := queue[0]
			for i, x := range sent {
				if _, been := by[x.to]; been || int(x.form) != form || x.from < pos || x.from > pos && !between(f.text[pos:x.from]) {
					continue
				}
				by[x.to] = i
				queue = append(queue, x.to)
			}
		}
		i, whole := by[len(f.text)]
		if !whole {
			continue
		}
		var chain []sentPiece
		for i >= 0 {
			x := sent[i]
			chain = append(chain, x)
			var ok bool
			if i, ok = by[x.from]; !ok {
				i = by[x.from-gap(f.text[:x.from])]
			}
		}
		slices.Reverse(chain)
		return chain
	}
	return nil
}

// gap is how long what stands between words is at the end of a text.
func gap(text string) int {
	if strings.HasSuffix(text, "%20") {
		return len("%20")
	}
	return 1
}

// between says whether a text is what stands between words.
func between(s string) bool { return s == " " || s == "+" || s == "%20" || s == "-" }

func (p *phone) splitFinding(s *Secret, chain []sentPiece) Finding {
	last := chain[0]
	var places, texts []string
	for _, x := range chain {
		if x.at.flow.Seq > last.at.flow.Seq {
			last = x
		}
		texts = append(texts, p.pieces.forms[x.form].text[x.from:x.to])
	}
	for _, x := range chain {
		if x != last {
			places = append(places, fmt.Sprintf("flow %d %s", x.at.flow.Seq, x.location))
		}
	}
	h := sightedHit{secret: s, Hit: Hit{
		Class: ClassNormalised, Location: last.location, Transforms: []string{"pieces"},
		Value: []byte(s.Value), Preview: show([]byte(strings.Join(texts, " | "))),
	}}
	f := p.contentFinding(last.at, h, p.host(last.at.flow))
	f.Location += safe.Text(" (with " + strings.Join(places, ", ") + ")")
	return f
}
