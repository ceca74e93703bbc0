package leak

import (
	"slices"
	"strings"

	"github.com/telltale-farm/telltale/capture/flow"
)

// identities makes the identity claim of each app that sent anything: which known identifiers its uploads carry.
func (p *phone) identities() []Identity {
	known := false
	for i := range p.secrets {
		s := &p.secrets[i]
		if s.Role == SecretIdentifier && p.deaf[s.ID] == "" {
			known = true
		}
	}
	sound := known && p.gap == "" && len(p.missing) == 0
	byApp := map[string]*Identity{}
	for i := range p.seen {
		at := &p.seen[i]
		if p.ours(at.flow) || !p.carries(at) {
			continue
		}
		id := byApp[at.app]
		if id == nil {
			id = &Identity{Phone: p.id, App: at.app, Outcome: Clean, Findings: []Finding{}}
			byApp[at.app] = id
		}
		for _, h := range at.hits {
			if h.secret == nil || h.secret.Role != SecretIdentifier {
				continue
			}
			f := p.finding(at, h, p.host(at.flow))
			f.Canary = h.secret.ID
			f.SHA256 = p.mask.hash(string(h.Value)) // keyed: an identifier can be guessed
			f.Attempt = p.windowOf(at.flow, func(*Attempt) bool { return true })
			id.Findings = append(id.Findings, f)
		}
		if !sound || p.unread(at) != "" || len(at.cut) > 0 || len(at.opaque) > 0 {
			id.Outcome = Inconclusive
		}
	}
	out := make([]Identity, 0, len(byApp))
	for _, id := range byApp {
		id.Findings = sortFindings(id.Findings)
		if len(id.Findings) > 0 {
			id.Outcome = Leaked
		}
		out = append(out, *id)
	}
	slices.SortFunc(out, func(a, b Identity) int { return strings.Compare(a.App, b.App) })
	return out
}

// carries says whether a flow holds content of its own, as a tunnel whose exchanges were all read does not.
func (p *phone) carries(at *sighting) bool {
	switch at.flow.Kind {
	case flow.KindExchange:
		return true
	case flow.KindMessage:
		return at.flow.Request != nil && at.flow.Request.FromApp
	}
	return p.unread(at) != ""
}
