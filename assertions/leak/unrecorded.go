package leak

import (
	"fmt"
	"slices"
	"strings"

	"github.com/telltale-farm/telltale/capture/flow"
	"github.com/telltale-farm/telltale/capture/flow/safe"
)

// unrecorded gives what attempts of a cell sent unread of which nothing is left but their canaries: a kill came before they
// could be written down. The action may have happened all the same, and what the recording has of the time before it went on
// again counts as that of an attempt which was made again. If the recording never stopped, a line of the attempts is lost.
func (p *phone) unrecorded(attempts []*Attempt, claim Claim) (reasons []Reason, accepted []Accepted) {
	if claim != ClaimContent || len(attempts) == 0 {
		return nil, nil
	}
	lost := p.orphans(attempts[0].Key)
	if len(lost) == 0 {
		return nil, nil
	}
	var stops []int64
	if p.bodies != nil {
		stops = p.bodies.Resumes()
	}
	if p.final && len(stops) == 0 {
		return []Reason{{Code: CodeHarness, Detail: safe.Text(fmt.Sprintf("canary %s was minted for an attempt that is not recorded", strings.Join(lost, ", ")))}}, nil
	}
	for _, stop := range stops {
		a := *attempts[0]
		a.ID, a.Canaries, a.Counters, a.Window = 0, lost, Counters{Readable: true}, flow.Window{End: stop}
		for i := range p.attempts {
			if w := p.attempts[i].Window; w.End < stop {
				a.Window.Start = max(a.Window.Start, w.End+1)
			}
		}
		told, ok := p.voided(&a, claim)
		reasons, accepted = append(reasons, told...), append(accepted, ok...)
	}
	return reasons, accepted
}

// orphans lists the canaries that were minted for a cell and that no attempt used.
func (p *phone) orphans(key Key) (ids []string) {
	for i := range p.secrets {
		s := &p.secrets[i]
		if s.Role == SecretCanary && s.Key == key && !slices.ContainsFunc(p.attempts, func(a Attempt) bool { return slices.Contains(a.Canaries, s.ID) }) {
			ids = append(ids, s.ID)
		}
	}
	return ids
}
