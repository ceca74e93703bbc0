package leak

import (
	"errors"
	"fmt"
	"io"
	"net/netip"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/telltale-farm/telltale/capture/decode"
	"github.com/telltale-farm/telltale/capture/flow"
)

// sighting is what a search found in one flow.
type sighting struct {
	flow   *flow.Flow
	app    string // empty is unknown
	hits   []sightedHit
	opaque []decode.OpaquePart
	cut    []string // why not all that was sent could be searched

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
	p.seen = make([]sighting, len(p.flows))
	var next atomic.Int64
	var workers sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), maxWorkers) {
		workers.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(p.flows)); i = next.Add(1) - 1 {
				p.seen[i] = p.look(s, meaning, &p.flows[i])
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
	at := sighting{flow: f, app: p.app(f)}
	sent, ok := p.sent(f, &at)
	if !ok {
		return at
	}
	res := s.Search(sent)
	for _, h := range res.Hits {
		m := meaning[h.Needle]
		m.Hit = h
		at.hits = append(at.hits, m)
	}
	at.opaque = res.Opaque
	at.cut = append(at.cut, res.Truncated...)
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

// sent is what the phone sent in a flow, in the searcher's terms; false if it sent nothing that can be looked at.
func (p *phone) sent(f *flow.Flow, at *sighting) (decode.Sent, bool) {
	m := f.Request
	switch f.Kind {
	case flow.KindMessage:
		if m == nil || !m.FromApp {
			return decode.Sent{}, false
		}
		return decode.Sent{Kind: decode.KindMessage, Body: p.body(m.Body, at), BodyCut: cut(m.Body)}, true
	case flow.KindExchange:
		if m == nil {
			return decode.Sent{}, false
		}
		return decode.Sent{
			Kind: decode.KindRequest, Method: m.Method, Target: m.Target, Headers: m.Headers, Trailers: m.Trailers,
			Body: p.body(m.Body, at), BodyCut: cut(m.Body),
		}, true
	}
	// A tunnel's name may itself say something; relayed bytes are searched too, though they cannot make it clean.
	if m != nil && m.Body != nil {
		return decode.Sent{Kind: decode.KindRaw, Body: p.body(m.Body, at), BodyCut: cut(m.Body)}, true
	}
	return decode.Sent{Kind: decode.KindRequest, Method: "CONNECT", Target: "https://" + f.Host + "/"}, f.Host != ""
}

func cut(b *flow.Body) bool { return b != nil && b.Truncated }

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

// parties are the names of whom a flow went to: what the request says, what TLS said, what the tunnel was asked for. An
// app can put any name in a Host header.
func (p *phone) parties(f *flow.Flow) []string {
	var names []string
	add := func(name string) {
		name = cleanHost(name)
		if name == "" {
			return
		}
		for _, n := range names {
			if n == name {
				return
			}
		}
		names = append(names, name)
	}
	for depth := range 4 {
		// A tunnel to an address says nothing against the name in TLS: the phone resolved it itself.
		if _, err := netip.ParseAddr(strings.Trim(f.Host, "[]")); err != nil || depth == 0 {
			add(f.Host)
		}
		if f.TLS != nil {
			add(f.TLS.SNI)
		}
		i, ok := p.bySeq[f.Parent]
		if f.Parent == 0 || !ok {
			break
		}
		f = &p.flows[i]
	}
	return names
}

// stranger gives the first party of a flow that is not among the declared hosts, and whether there is one.
func (p *phone) stranger(f *flow.Flow, declared []string) (string, bool) {
	parties := p.parties(f)
	for _, name := range parties {
		if !RecipientMatch(name, declared) {
			return name, true
		}
	}
	return f.Host, len(parties) == 0
}

// declared lists the hosts of a canary's recipient.
func (p *phone) declared(s *Secret) []string {
	if s.Recipient == "" {
		return nil
	}
	hosts := []string{s.Recipient}
	for _, r := range p.run.Recipients {
		if r.ID == s.Recipient || containsHost(r.Hosts, s.Recipient) {
			hosts = append(hosts, r.Hosts...)
		}
	}
	return hosts
}

func containsHost(hosts []string, host string) bool {
	host = cleanHost(host)
	for _, h := range hosts {
		if cleanHost(h) == host {
			return true
		}
	}
	return false
}
