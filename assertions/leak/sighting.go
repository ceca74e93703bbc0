package leak

import (
	"errors"
	"fmt"
	"io"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/telltale-farm/telltale/capture/decode"
	"github.com/telltale-farm/telltale/capture/flow"
)

// sighting is what a search found in one flow.
type sighting struct {
	flow   *flow.Flow
	app    string   // empty is unknown
	shared []string // packages of the uid, if it is known and several share it
	hits   []sightedHit
	opaque []decode.OpaquePart
	cut    []string // why not all that was sent could be searched

	values []PlacedValue // that could be identifiers
	more   bool          // of them than are kept
	tokens []token       // that could be ciphertexts
	pieces []piece       // of canaries

	damaged string // what became of a stored body since it was recorded
}

// sightedHit is a hit with what was looked for.
type sightedHit struct {
	Hit
	secret *Secret // or
	marker *Marker
}

// search looks for everything that this phone's files name in everything it sent, once.
func (p *phone) search() error {
	needles, meaning := p.needles()
	s, err := NewSearcher(needles, decode.DefaultLimits())
	if err != nil {
		return fmt.Errorf("judging %s: %w", p.id, err)
	}
	p.pieces = newPieces(p.secrets)
	p.seen = make([]sighting, len(p.flows))
	p.placed, p.tokens = newPlacing(p), map[token]sentToken{}
	var next atomic.Int64
	var workers sync.WaitGroup
	var merging sync.Mutex
	done, merged := make([]bool, len(p.flows)), 0 // what could identify is taken over in the order of flows
	for range min(runtime.GOMAXPROCS(0), maxWorkers) {
		workers.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(p.flows)); i = next.Add(1) - 1 {
				p.seen[i] = p.look(s, meaning, &p.flows[i])
				merging.Lock()
				for done[i] = true; merged < len(done) && done[merged]; merged++ {
					p.placed.take(&p.seen[merged])
					p.noteTokens(merged)
				}
				merging.Unlock()
			}
		})
	}
	workers.Wait()
	for i := range p.seen {
		if at := &p.seen[i]; at.damaged != "" && p.gap == "" {
			p.gap = fmt.Sprintf("the stored body of flow %d %s", at.flow.Seq, at.damaged)
		}
	}
	return nil
}

// maxWorkers bounds how many bodies are in memory at once.
const maxWorkers = 8

// look searches one flow.
func (p *phone) look(s *Searcher, meaning map[string]sightedHit, f *flow.Flow) sighting {
	at := sighting{flow: f}
	at.app, at.shared = p.app(f)
	var could collector
	scattered := false // in more pieces than are kept
	each := func(v *decode.Value) {
		could.value(v)
		var all bool
		at.pieces, all = p.pieces.in(v, at.pieces)
		scattered = scattered || !all
	}
	take := func(res Result) {
		for _, h := range res.Hits {
			m := meaning[h.Needle]
			m.Hit = h
			at.hits = append(at.hits, m)
		}
		at.opaque = append(at.opaque, res.Opaque...)
		at.cut = append(at.cut, res.Truncated...)
	}
	for _, said := range Said(f, func(b *flow.Body) []byte { return p.body(b, &at) }) {
		take(s.SearchEach(said, each))
	}
	if scattered {
		at.cut = append(at.cut, "more pieces of canaries than are kept")
	}
	at.values, at.more, at.tokens = p.telling(&at, could.values), could.more, could.tokens.found
	return at
}

// needles lists the secrets and markers to search for. Needle ids are ours: those of the files might collide.
func (p *phone) needles() ([]Needle, map[string]sightedHit) {
	var needles []Needle
	meaning := map[string]sightedHit{}
	p.deaf = map[string]string{}
	add := func(id, name, kind, value string, m sightedHit) {
		if len(value) < MinNeedle {
			p.deaf[name] = fmt.Sprintf("its value has fewer than %d bytes, too few to search for", MinNeedle)
			return
		}
		needles = append(needles, Needle{ID: id, Kind: kind, Value: value})
		meaning[id] = m
	}
	for i := range p.secrets {
		s := &p.secrets[i]
		switch s.Role {
		case SecretCanary, SecretControl, SecretIdentifier:
		default:
			p.deaf[s.ID] = fmt.Sprintf("its role %q is unknown", s.Role) // and yet what can be found of it is
		}
		switch s.Kind {
		case ValueText, ValueURL, ValueID, ValueNumber:
			add("s"+strconv.Itoa(i), s.ID, s.Kind, s.Value, sightedHit{secret: s})
		default:
			p.deaf[s.ID] = fmt.Sprintf("its kind %q is unknown", s.Kind)
		}
	}
	known := map[Marker]bool{}
	for i := range p.attempts {
		for j := range p.attempts[i].Markers {
			m := &p.attempts[i].Markers[j]
			if known[*m] {
				continue
			}
			known[*m] = true
			add("m"+strconv.Itoa(len(known)), m.Text, ValueMarker, m.Text, sightedHit{marker: m})
		}
	}
	return needles, meaning
}

// maxBody bounds what is read of one body. The recorder's cap is lower.
const maxBody = 256 << 20

// body reads a stored body. One that is gone, or is not what was recorded, makes the whole recording unreliable: it may
// have held what was sent late about any action.
func (p *phone) body(b *flow.Body, at *sighting) []byte {
	if b == nil {
		return nil
	}
	if b.Stored > maxBody {
		at.cut = append(at.cut, "a body larger than "+strconv.Itoa(maxBody)+" bytes")
		return nil
	}
	r, err := p.bodies.Body(b)
	if err != nil {
		at.damage("is missing")
		return nil
	}
	defer r.Close()
	data, err := io.ReadAll(io.LimitReader(r, maxBody+1))
	if err != nil && !errors.Is(err, io.EOF) {
		at.damage("is not what was recorded")
	}
	return data
}

func (at *sighting) damage(how string) {
	at.damaged = how
	at.cut = append(at.cut, "the stored body "+how)
}
