package leak

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/telltale-farm/telltale/capture/flow"
	"github.com/telltale-farm/telltale/capture/flow/safe"
)

// late gives what came after an attempt's window and may yet be about it: the settle time was long enough for what is
// known of the app, but an app may wait for something else, such as leaving the screen.
func (p *phone) late(a *Attempt, claim Claim) (reasons []Reason, accepted []Accepted) {
	switch {
	case claim == ClaimReaction:
		return p.lateMarkers(a), nil
	case claim == ClaimContent:
		if a.App != "" {
			reasons, accepted = p.lateUnread(a, false)
		}
		if p.final && !p.drained(a) {
			reasons = append(reasons, Reason{Code: CodeCaptureGap, Attempt: a.ID,
				Detail: "the phone was not drained to an end afterwards: what its apps hold back until they leave the screen was not waited for"})
		}
		if slices.Contains(p.cutOff, a.ID) && !redone(p.attempts, a) {
			reasons = append(reasons, Reason{Code: CodeCaptureGap, Attempt: a.ID,
				Detail: "the recording stopped after the window, before the app was driven again or the phone drained, and went on later: what was held back may have been sent in between"})
		}
		return reasons, accepted
	}
	return nil, nil
}

// lateUnread gives what an attempt's own app, or a service for it, sent unread or cut between the attempt's window and the
// next that it was driven in. What was readable of it is searched anyway. Of a phone that was lost, what it counted may be too.
func (p *phone) lateUnread(a *Attempt, lost bool) (reasons []Reason, accepted []Accepted) {
	rest := *a
	rest.Window = flow.Window{Start: a.Window.End + 1, End: math.MaxInt64}
	for i := range p.attempts {
		if b := &p.attempts[i]; b.App == a.App && b.driven() && b.Window.Start > a.Window.End {
			rest.Window.End = min(rest.Window.End, b.Window.Start-1)
		}
	}
	its := func(at *sighting) bool {
		return slices.ContainsFunc(at.owners(), func(app string) bool { return p.speaksFor(a, app) }) && at.flow.Start > a.Window.End
	}
	reasons, accepted = p.opaqueOf(&rest, ClaimContent, its)
	reasons = append(reasons, p.truncatedOf(&rest, its)...)
	reasons = append(reasons, p.broken(&rest, func(at *sighting) bool { return its(at) && !asked(at.flow) })...)
	for i := range p.attempts {
		b := &p.attempts[i]
		if b.Window.Start <= a.Window.End || b.Window.Start-1 > rest.Window.End {
			continue
		}
		counted := []*Counters{b.Between} // what was sent before the app was driven again counts, its next window does not
		if b.Window.Start <= rest.Window.End {
			// Where a fault ended that window they were not read again, and what they count is between it and the next.
			counted = append(counted, &Counters{Readable: b.Counters.Readable || b.Fault != nil, Detail: b.Counters.Detail,
				Deltas: b.Counters.Deltas, Sockets: b.Counters.Sockets, Stopped: b.Counters.Stopped})
		}
		for _, c := range counted {
			if c == nil {
				continue
			}
			own := p.own(a, c)
			own.Readable = own.Readable || lost
			around, ok := p.around(&rest, own)
			reasons, accepted = append(reasons, around...), append(accepted, ok...)
		}
	}
	uncounted, ok := p.uncounted(a, &rest, lost)
	reasons, accepted = append(reasons, uncounted...), append(accepted, ok...)
	for i := range reasons {
		reasons[i].Detail += ", after the window and before the app was driven again"
	}
	return reasons, accepted
}

// uncounted is for counters that could not be read when an attempt's app was driven again: until when the app's bytes count is then
// in no reading, or, where a fault ended that window, in the first that came after.
func (p *phone) uncounted(a, rest *Attempt, lost bool) (reasons []Reason, accepted []Accepted) {
	var later []*Attempt
	for i := range p.attempts {
		if b := &p.attempts[i]; b.Window.Start > rest.Window.End {
			later = append(later, b)
		}
	}
	slices.SortStableFunc(later, func(b, c *Attempt) int { return cmp.Compare(b.Window.Start, c.Window.Start) })
	if len(later) == 0 || later[0].Between != nil || later[0].Fault == nil && later[0].Counters.Readable || lost {
		return nil, nil
	}
	for _, b := range later {
		switch {
		case b.Between != nil:
			return p.around(rest, p.own(a, b.Between))
		case b.Fault == nil:
			return p.around(rest, &Counters{Readable: b.Counters.Readable, Detail: b.Counters.Detail})
		}
	}
	return nil, nil
}

// driven says whether an attempt came to drive its app: a phone that was away before it, or an idle window, drove none.
func (a *Attempt) driven() bool { return !a.idle() && (a.Fault == nil || a.Tunnel.Before) }

// speaksFor says whether an app is an attempt's own, or a service that sends on behalf of browsers.
func (p *phone) speaksFor(a *Attempt, app string) bool {
	return app != "" && (app == a.App || slices.Contains(p.policy.Services, app))
}

// own is what counters say of an attempt's own app.
func (p *phone) own(a *Attempt, c *Counters) *Counters {
	mine := func(apps []string) bool {
		return slices.ContainsFunc(apps, func(app string) bool { return p.speaksFor(a, app) })
	}
	out := Counters{Readable: c.Readable || p.allStopped(a, c), Detail: c.Detail}
	for _, d := range c.Deltas {
		if mine(d.Apps) {
			out.Deltas = append(out.Deltas, d)
		}
	}
	for _, s := range c.Sockets {
		if mine(s.Apps) {
			out.Sockets = append(out.Sockets, s)
		}
	}
	return &out
}

// allStopped says whether an attempt's app, and each service for it that the phone has, were stopped before a reboot took the counters.
func (p *phone) allStopped(a *Attempt, c *Counters) bool {
	if !slices.Contains(c.Stopped, a.App) {
		return false
	}
	for _, service := range p.policy.Services {
		if !slices.Contains(c.Stopped, service) && p.has(service) {
			return false
		}
	}
	return true
}

// has says whether a package was on the phone, by any line of phone.jsonl; without one that can be told, it was.
func (p *phone) has(pkg string) bool {
	return len(p.lines) == 0 || slices.ContainsFunc(p.lines, func(s Phone) bool {
		return slices.ContainsFunc(s.Apps, func(a App) bool { return a.Package == pkg })
	})
}

// drained says whether the end of the phone's driving, where batches that were held back arrive, was reached after an
// attempt, and watched until the phone was quiet.
func (p *phone) drained(a *Attempt) bool {
	return slices.ContainsFunc(p.attempts, func(b Attempt) bool {
		return b.Key.Scenario == DrainScenario && b.Fault == nil && b.Window.Start >= a.Window.End && b.Window.End > b.Window.Start &&
			b.Postcondition.Seen && b.Settle.Quiet && b.Settle.QuietUS >= p.policy.SettleMinUS && b.Tunnel.Before && b.Tunnel.After && b.Counters.Readable
	})
}

// lateMarkers gives the markers of an attempt that were sent after its window, unless in that of another attempt that has
// them too. They are no findings, since they may be about something else; but then the window was too short to say no.
func (p *phone) lateMarkers(a *Attempt) (out []Reason) {
	for i := range p.seen {
		at := &p.seen[i]
		f := at.flow
		if f.Sent <= a.Window.End || p.ours(f) || a.Window.Sends(f) {
			continue
		}
		for _, h := range at.hits {
			m := h.marker
			if m == nil || !slices.Contains(a.Markers, *m) || m.Own != "" && m.Own == at.app {
				continue
			}
			if p.windowOf(f, func(b *Attempt) bool {
				return slices.ContainsFunc(b.Markers, func(o Marker) bool { return o.Text == m.Text })
			}) != 0 {
				continue
			}
			out = append(out, Reason{Code: CodeSettleTooShort, Attempt: a.ID, Flow: f.Seq, App: safe.Text(at.app), Host: safe.Text(p.host(f)), Port: f.Port,
				Detail: p.mask.text(fmt.Sprintf("the marker %q was sent after the window had closed: raise settle.min", m.Text))})
		}
	}
	return out
}

// voided gives what an attempt that a fault ended, and that was made again, sent unread or cut, then and until it was made
// again. The action may have happened all the same. What a lost connection looks like by itself does not count.
func (p *phone) voided(a *Attempt, claim Claim) (reasons []Reason, accepted []Accepted) {
	unread, accepted := p.opaque(a, claim)
	unread = append(unread, p.truncated(a)...)
	reasons = p.unsought(a, claim)
	for _, plain := range []func(*Attempt, Claim) ([]Reason, []Accepted){p.cleartext, p.unprovedNames} {
		told, ok := plain(a, claim)
		reasons, accepted = append(reasons, told...), append(accepted, ok...)
	}
	switch {
	case claim == ClaimReaction:
		unread = append(unread, p.lateMarkers(a)...)
	case claim == ClaimContent && a.App != "":
		late, ok := p.lateUnread(a, true)
		unread, accepted = append(unread, late...), append(accepted, ok...)
	}
	for _, r := range unread {
		switch flow.Class(r.Class) {
		case flow.ClassPinned, flow.ClassClosedEarly, classProtocolError, classUnfinished:
		default:
			reasons = append(reasons, r)
		}
	}
	// Whatever else could not be read, what was counted was sent.
	around, ok := p.around(a, &Counters{Readable: true, Deltas: a.Counters.Deltas, Sockets: a.Counters.Sockets})
	reasons, accepted = append(reasons, around...), append(accepted, ok...)
	return append(reasons, p.acceptedInVain(a, claim, accepted)...), accepted
}
