package leaktest

import "github.com/telltale-farm/telltale/assertions/leak"

// TrialSeed is the seed of the order that AddTrials draws.
const TrialSeed = 4711

// AddTrials gives the settings cell of a clean bundle n windows with the action and n without, of ten seconds each, in an
// order that was drawn. sent makes what the phone sends in a window; at is where the window begins.
func (b *Bundle) AddTrials(n int, sent func(p leak.Place, at int64) []Flow) {
	for i := range b.Plan.Cells {
		if b.Plan.Cells[i].Key == SettingsKey {
			b.Plan.Cells[i].Trials = n
		}
	}
	p := b.Phone(PhoneID)
	drain := p.Attempts[len(p.Attempts)-1]
	p.Attempts = p.Attempts[:len(p.Attempts)-1]
	first := *p.Attempt(SettingsKey.Scenario)
	for _, place := range leak.TrialOrder(TrialSeed, n) {
		id := int64(len(p.Attempts) + 1)
		a := attempt(id, SettingsKey, leak.ScopePhone, "", leak.ClaimReaction)
		a.Markers, a.Repeat, a.Trial = first.Markers, place.N+1, &place
		if place.Kind == leak.TrialIdle {
			a.Claims, a.Markers = []leak.Claim{}, []leak.Marker{}
		}
		a.Window.First = int64(len(p.Flows)) + 1
		for _, f := range sent(place, a.Window.Start) {
			p.Flows = append(p.Flows, f)
		}
		a.Window.Last = int64(len(p.Flows))
		p.Attempts = append(p.Attempts, a)
	}
	drain.ID = int64(len(p.Attempts) + 1)
	drain.Window = At(drain.ID)
	drain.Window.First, drain.Window.Last = int64(len(p.Flows))+1, int64(len(p.Flows))
	p.Attempts = append(p.Attempts, drain)
}
