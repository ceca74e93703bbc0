package leak

import (
	"slices"
	"strings"

	"github.com/telltale-farm/telltale/capture/flow"
	"github.com/telltale-farm/telltale/capture/flow/safe"
)

// cleartext gives where an attempt's canary went to its recipient, but in the clear: everybody in between could read it,
// and nothing proves who answered.
func (p *phone) cleartext(a *Attempt, claim Claim) (reasons []Reason, accepted []Accepted) {
	if claim != ClaimContent {
		return nil, nil
	}
	for i := range p.seen {
		at := &p.seen[i]
		f := at.flow
		if p.ours(f) || f.Kind == flow.KindError || f.Intercepted && f.Kind != flow.KindTunnel {
			continue
		}
		for _, h := range at.hits {
			if h.secret == nil || !slices.Contains(a.Canaries, h.secret.ID) || p.tellsNothing(h) {
				continue
			}
			// Of a tunnel its name is in the clear, which is no news of a page's own host.
			if f.Kind == flow.KindTunnel && (h.Class == ClassPart || f.Intercepted && strings.HasPrefix(h.Location, "stream")) {
				continue
			}
			host, strange := p.stranger(f, p.declared(h.secret))
			if strange {
				continue // a finding
			}
			if by, who, ok := p.acceptsFlow(at); ok {
				accepted = append(accepted, Accepted{App: safe.Text(who), Host: safe.Text(host), Port: f.Port, Why: safe.Text(by.Why)})
				break
			}
			reasons = append(reasons, Reason{
				Code: CodeCleartext, Attempt: a.ID, Flow: f.Seq, App: safe.Text(at.who()), Host: safe.Text(host), Port: f.Port,
				Detail: "the canary went to its recipient without TLS: whoever is on the way can read it", Accept: p.acceptFlowLine(at, host),
			})
			break
		}
	}
	return reasons, accepted
}
