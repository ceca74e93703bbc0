package leak

import (
	"fmt"
	"maps"
	"slices"

	"github.com/telltale-farm/telltale/capture/flow"
	"github.com/telltale-farm/telltale/capture/flow/safe"
)

// unprovedNames gives where an attempt's canary went to an address under its recipient's name, and no server there proved
// to be the recipient. It may have been: that is no finding. It may as well have been anybody, who writes that name into a
// ClientHello: then it is not clean either. Policy may accept the address, for of the name the phone itself has the choice.
func (p *phone) unprovedNames(a *Attempt, claim Claim) (reasons []Reason, accepted []Accepted) {
	if claim != ClaimContent || len(p.unprovenAt) == 0 {
		return nil, nil
	}
	tell := func(at *sighting, host, address string) {
		f := at.flow
		if by, who, ok := p.acceptsAny(at.owners(), address, f.Port); ok {
			accepted = append(accepted, Accepted{App: safe.Text(who), Host: safe.Text(address), Port: f.Port, Why: safe.Text(by.Why)})
			return
		}
		reasons = append(reasons, Reason{
			Code: CodeOpaqueFlow, Class: classUnproved, Attempt: a.ID, Flow: f.Seq, App: safe.Text(at.who()), Host: safe.Text(address), Port: f.Port,
			Detail: safe.Text(fmt.Sprintf("the canary went to this address in the name of %s, which no server there proved: an app can write any name into a ClientHello", host)),
			Accept: acceptLine(at.who(), address, f.Port),
		})
	}
	for i := range p.seen {
		at := &p.seen[i]
		address := p.unproved(at.flow)
		if address == "" {
			continue
		}
		for _, h := range at.hits {
			if h.secret == nil || !slices.Contains(a.Canaries, h.secret.ID) || p.tellsNothing(h) || at.flow.Kind == flow.KindTunnel && h.Class == ClassPart {
				continue
			}
			if _, strange := p.stranger(at.flow, p.declared(h.secret)); !strange {
				tell(at, p.host(at.flow), address)
				break
			}
		}
	}
	for _, id := range a.Canaries {
		s := p.secret(id)
		if s == nil {
			continue
		}
		declared := p.declared(s)
		to := p.piecesTo(s, func(f *flow.Flow) (string, bool) {
			address := p.unproved(f)
			_, strange := p.stranger(f, declared)
			return address, address != "" && !strange
		})
		for _, address := range slices.Sorted(maps.Keys(to)) {
			if chain := p.join(s, to[address]); chain != nil {
				tell(chain[len(chain)-1].at, s.Recipient, address)
			}
		}
	}
	return reasons, accepted
}
