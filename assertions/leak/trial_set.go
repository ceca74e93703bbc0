package leak

import (
	"fmt"
	"math/big"
	"slices"

	"github.com/telltale-farm/telltale/capture/flow"
	"github.com/telltale-farm/telltale/capture/flow/safe"
)

// trialSet is the windows of a cell that are compared, and what stands beside their contacts.
type trialSet struct {
	lead    *Attempt // one with the action, whose scope and canaries hold for all
	own     []string // apps that the action itself opens
	windows []*Attempt
	out     Trials
	broken  string // why nothing can be compared; empty if it can
	places  map[Destination]*trialPlace
	length  int64
	need    map[int]int   // windows of each kind that would show a weak reaction, by how many idle ones were sent to
	beyond  []Destination // sent to unread after that length, in a window with the action

	scattered map[Destination]int // windows with the action, by domain, that sent unread to hosts of it of which no order could tell
}

// trialPlace is what the test need not know of a destination.
type trialPlace struct {
	apps           []string
	unread, around bool
	own            bool
	shares         bool // of a uid that an app which the action itself opens shares with others
	group          bool // of several hosts, or of all that an app sent around the proxy
	flow, attempt  int64
	hosts          []string // of a domain's group
}

// trialSet gathers the windows of a cell, and says of each that is left out why. nil if the cell compares none.
func (p *phone) trialSet(key Key) *trialSet {
	planned := p.plannedTrials[key]
	s := &trialSet{out: Trials{Planned: planned, AlphaPPM: DefaultAlphaPPM, Left: []LeftOut{}, Effect: []TrialEffect{}}, places: map[Destination]*trialPlace{}, need: map[int]int{}}
	var all []*Attempt
	for i := range p.attempts {
		switch a := &p.attempts[i]; {
		case a.Key != key:
		case a.Trial != nil:
			all = append(all, a)
			if a.Trial.Kind == TrialAction {
				s.lead, s.own = a, a.Trial.Own
			}
		case s.lead == nil:
			s.lead = a
		}
	}
	if planned <= 0 && len(all) == 0 {
		return nil
	}
	if s.lead == nil && len(all) > 0 {
		s.lead = all[0]
	}
	if len(all) > 0 {
		first, last := all[0].Window.Start, all[0].Window.End
		for _, a := range all {
			first, last = min(first, a.Window.Start), max(last, a.Window.End)
		}
		s.out.WallUS = max(0, last-first)
	}
	s.broken = orderBroken(all, planned)
	made := map[int]int64{} // the attempt that each place was made by
	for _, a := range all {
		if id, ok := made[a.Trial.N]; a.Fault == nil && (!ok || a.ID < id) {
			made[a.Trial.N] = a.ID
		}
	}
	for _, a := range all {
		if why := p.leftOut(a, made[a.Trial.N]); why.Code != "" {
			s.out.Left = append(s.out.Left, why)
		} else {
			s.windows = append(s.windows, a)
		}
	}
	s.alike()
	for _, a := range s.windows {
		if a.idle() {
			s.out.Idles++
		} else {
			s.out.Actions++
		}
	}
	s.out.WindowUS = s.length
	return s
}

// orderBroken says how the recorded order is not the one that was drawn; empty if it is.
func orderBroken(all []*Attempt, planned int) string {
	if len(all) == 0 {
		return ""
	}
	if planned <= 0 || planned > MaxTrials {
		return fmt.Sprintf("the plan has %d windows of each kind, and some are recorded", planned)
	}
	order := TrialOrder(all[0].Trial.Seed, planned)
	for _, a := range all {
		t := *a.Trial
		t.Own = nil
		if t.N < 1 || t.N > len(order) || !samePlace(t, order[t.N-1]) {
			return fmt.Sprintf("window %d of attempt %d is not at the place that its seed drew", t.N, a.ID)
		}
	}
	return ""
}

func samePlace(a, b Place) bool {
	return a.Kind == b.Kind && a.Block == b.Block && a.N == b.N && a.Of == b.Of && a.Seed == b.Seed
}

// leftOut says why a window cannot be compared, whose place another attempt may have made; no code if it can. It asks
// nothing that depends on what was sent to whom.
func (p *phone) leftOut(a *Attempt, made int64) LeftOut {
	out := func(code Code, detail string) LeftOut { return LeftOut{a.ID, code, p.mask.text(detail)} }
	switch {
	case a.Fault != nil:
		r := p.fault(a)
		return out(r.Code, r.Detail)
	case made != a.ID:
		return out(CodeHarness, "its place had been made already")
	case !a.Postcondition.Seen:
		return out(CodeNotPerformed, "not seen on the screen: "+a.Postcondition.What)
	case a.Window.End <= a.Window.Start:
		return out(CodeHarness, "the window was not closed")
	}
	for _, d := range a.Disturbed {
		if !d.Closed { // whatever was done then, the phone was not left alone
			return out(CodeNotPerformed, fmt.Sprintf("the window was disturbed: %q came to the front of the screen", d.App))
		}
	}
	if gaps := p.captureGap(a); len(gaps) > 0 {
		return out(CodeCaptureGap, gaps[0].Detail)
	}
	if !a.Counters.Readable {
		return out(CodeBypass, "the phone's byte counters could not be read: "+a.Counters.Detail)
	}
	return LeftOut{}
}

// alike leaves out windows that are much shorter than the others, and finds how far into their windows all are compared:
// as far as those with the action were not watched for longer, all in all, than those without.
func (s *trialSet) alike() {
	if len(s.windows) == 0 {
		return
	}
	lengths := make([]int64, len(s.windows))
	for i, a := range s.windows {
		lengths[i] = min(a.Window.End-a.Window.Start, maxWindowUS)
	}
	usual := median(slices.Clone(lengths))
	kept := s.windows[:0]
	for i, a := range s.windows {
		if n := lengths[i]; n < usual/8 {
			s.out.Left = append(s.out.Left, LeftOut{a.ID, CodeHarness, fmt.Sprintf("the window took %s, the others %s", seconds(n), seconds(usual))})
			continue
		}
		kept = append(kept, a)
	}
	s.windows = kept
	slices.SortFunc(s.out.Left, func(a, b LeftOut) int { return sign(a.Attempt - b.Attempt) })
	short, long := slices.Min(lengths), slices.Max(lengths)
	for short < long {
		if h := short + (long-short+1)/2; s.watchedAlike(h) {
			short = h
		} else {
			long = h - 1
		}
	}
	s.length = short
}

// maxWindowUS bounds how long a window can have been: a year.
const maxWindowUS = 365 * 24 * 3600 * 1_000_000

// watchedAlike says whether, if no window is looked at for longer than h, those with the action are looked at no more than
// a twentieth longer than those without, a window.
func (s *trialSet) watchedAlike(h int64) bool {
	var time, windows [2]int64
	for _, a := range s.windows {
		kind := btoi(a.idle())
		time[kind] += min(a.Window.End-a.Window.Start, h)
		windows[kind]++
	}
	with := new(big.Int).Mul(big.NewInt(20*time[0]), big.NewInt(windows[1]))
	without := new(big.Int).Mul(big.NewInt(21*time[1]), big.NewInt(windows[0]))
	return with.Cmp(without) <= 0
}

// contacts makes the windows what React compares.
func (p *phone) trialContacts(s *trialSet) []Trial {
	recipients := p.recipientsOf(s.lead)
	out := make([]Trial, len(s.windows))
	for n, a := range s.windows {
		t := &out[n]
		t.Action, t.Block = !a.idle(), a.Trial.Block
		for i := range p.seen {
			at := &p.seen[i]
			c, ok := p.contactIn(s, a, at)
			if !ok || p.meant(at.flow, recipients) {
				continue
			}
			unread := p.unreadIn(a, at)
			if c.DelayUS <= s.length {
				t.Sent = append(t.Sent, s.note(a, c, at.flow.Seq, at.owners(), unread, false))
			} else if unread {
				s.after(a, c.To)
			}
		}
		t.Sent = append(t.Sent, p.aroundIn(s, a)...)
	}
	s.domains(out)
	return out
}

// contactIn says what a flow sent in a window, if it did. Bytes are those of the whole flow, for the window that it began
// in; of a connection that lives longer nobody knows when it sent what, and it counts for every window that it touches.
func (p *phone) contactIn(s *trialSet, a *Attempt, at *sighting) (TrialContact, bool) {
	f := at.flow
	if p.ours(f) || !p.concerns(s.lead, at) || !a.Window.Touches(f) || f.Kind == flow.KindTunnel && p.unread(at) == "" || f.Kind == flow.KindMessage && (f.Request == nil || !f.Request.FromApp) {
		return TrialContact{}, false
	}
	delay := f.Start - a.Window.Start
	c := TrialContact{To: Destination{Host: safe.Text(p.host(f)), Port: f.Port}, DelayUS: max(0, delay)}
	if delay >= 0 {
		c.Bytes = max(0, f.BytesUp)
		return c, true
	}
	return c, f.Kind != flow.KindExchange || a.Window.Sends(f)
}

// unreadIn says whether a flow could not be read, as the control for opaque flows sees it.
func (p *phone) unreadIn(a *Attempt, at *sighting) bool {
	if class := p.unread(at); class != "" {
		return !p.preconnect(a, at, class)
	}
	return len(at.opaque) > 0 || len(at.cut) > 0
}

// recipientsOf lists the hosts that an action's canaries are meant for: that they are sent to is the action.
func (p *phone) recipientsOf(a *Attempt) (hosts []string) {
	if a == nil {
		return nil
	}
	for _, s := range p.canaries(a.Key) {
		hosts = append(hosts, p.declared(s)...)
	}
	return hosts
}

func (p *phone) meant(f *flow.Flow, hosts []string) bool {
	return len(hosts) > 0 && p.surely(f, hosts)
}
