package leak

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/telltale-farm/telltale/capture/flow/safe"
)

// trials compares the windows of a cell with and without its action, and says what reacts, what cannot be told, and why.
// nil if the cell compares none.
func (p *phone) trials(key Key) (out *Trials, findings []Finding, reasons []Reason) {
	s := p.trialSet(key)
	if s == nil {
		return nil, nil, nil
	}
	if s.broken != "" {
		return &s.out, nil, []Reason{{Code: CodeHarness, Detail: s.broken}}
	}
	if s.out.Planned > min(s.out.Actions, s.out.Idles) {
		reasons = append(reasons, Reason{Code: CodeTooFewRepeats, Detail: fmt.Sprintf("%d windows with the action and %d without can be compared, of %d each%s",
			s.out.Actions, s.out.Idles, s.out.Planned, s.whyLeftOut())})
	}
	var seed int64
	if len(s.windows) > 0 {
		seed = s.windows[0].Trial.Seed
	}
	contacts := p.trialContacts(s)
	x := React(contacts, ReactionOptions{AlphaPPM: s.out.AlphaPPM, Seed: uint64(seed)})
	s.out.Tested = x.Tested
	n, idles := min(s.out.Actions, s.out.Idles), max(1, s.out.Idles)
	s.out.Enough = shows(n, x.Tested, 0, idles, s.out.AlphaPPM)
	s.out.Need = needed(x.Tested, 0, 1, s.out.AlphaPPM)
	s.scattered = s.scatteredIn(contacts, x.Effects)
	for _, e := range x.Effects {
		f, r := s.tell(e, n, x.Effects)
		findings, reasons = append(findings, f...), append(reasons, r...)
	}
	reasons = append(reasons, s.seldom(x.Rare, n)...)
	for _, to := range s.beyond {
		reasons = append(reasons, Reason{Code: CodeTooFewRepeats, Host: to.Host, Port: to.Port,
			Detail: fmt.Sprintf("something was sent there unread later than %s after a window began, which is as far as all windows go", seconds(s.length))})
	}
	if x.Untested > 0 {
		reasons = append(reasons, Reason{Code: CodeTruncated, Detail: fmt.Sprintf("%d destinations more than %d were not compared", x.Untested, maxTested)})
	}
	return &s.out, findings, append(reasons, p.acceptedUnseen(s, key, x.Tested)...)
}

// tell writes one effect down, and what follows from it.
func (s *trialSet) tell(e Effect, n int, all []Effect) (findings []Finding, reasons []Reason) {
	x := s.places[e.To]
	v := TrialEffect{
		Host: e.To.Host, Port: e.To.Port, App: x.app(), Seen: e.Seen, IdleSeen: e.IdleSeen, Bytes: e.Bytes, DelayUS: e.DelayUS,
		ChancePPM: e.PPM, Unread: x.unread, Around: x.around, Own: x.own && !x.shares, Reacts: e.Reacts, Text: e.String(),
	}
	s.out.Effect = append(s.out.Effect, v)
	switch {
	case e.Reacts && x.shares:
		if !x.group || !s.memberReacts(e.To, x, all) {
			reasons = append(reasons, Reason{Code: CodeOpaqueFlow, App: v.App, Host: v.Host, Port: v.Port,
				Detail: "it reacts to the action, and is sent by an app that the action itself opens or by others that share its uid: nothing on the phone tells them apart"})
		}
	case e.Reacts && !x.own:
		if !x.group || !s.memberReacts(e.To, x, all) {
			findings = append(findings, Finding{
				Flow: x.flow, Attempt: x.attempt, App: v.App, Host: cmp.Or(v.Host, HostUnknown), Canary: "the action itself", Class: ClassReaction,
				Location: v.Text, Transforms: []string{}, Identity: nil,
			})
		}
	case !x.unread || len(x.hosts) > 0 && !s.mayScatter(e.To, n):
	case e.Reacts:
		reasons = append(reasons, Reason{Code: CodeOpaqueFlow, App: v.App, Host: v.Host, Port: v.Port,
			Detail: "it reacts to the action, and is sent unread by an app that the action itself opens: repeats cannot tell a report from the app's own traffic"})
	default:
		reasons = append(reasons, s.weak(v, n)...)
	}
	return findings, reasons
}

// seldom is weak of the destinations that no order could tell, and that are too many to list: one reason for all that were
// sent to in as many idle windows.
func (s *trialSet) seldom(rare []Effect, n int) (out []Reason) {
	first, more := map[int]Effect{}, map[int]int{}
	for _, e := range rare {
		if x := s.places[e.To]; !x.unread || len(x.hosts) > 0 && !s.mayScatter(e.To, n) {
			continue
		}
		if _, known := first[e.IdleSeen]; known {
			more[e.IdleSeen]++
		} else {
			first[e.IdleSeen] = e
		}
	}
	for _, idle := range slices.Sorted(maps.Keys(first)) {
		e := first[idle]
		reasons := s.weak(TrialEffect{
			Host: e.To.Host, Port: e.To.Port, App: s.places[e.To].app(), IdleSeen: idle,
			Text: fmt.Sprintf("%s, %d of %d times; idle %d of %d", e.To, e.Seen, e.Actions, e.IdleSeen, e.Idles),
		}, n)
		for i := range reasons {
			if more[idle] > 0 {
				reasons[i].Detail += fmt.Sprintf("; and so of %d destinations more", more[idle])
			}
		}
		out = append(out, reasons...)
	}
	return out
}

// weak says why windows without a visible reaction do not show that there is none; nothing if they do.
func (s *trialSet) weak(v TrialEffect, n int) []Reason {
	if shows(n, s.out.Tested, v.IdleSeen, s.out.Idles, s.out.AlphaPPM) {
		return nil
	}
	detail := fmt.Sprintf("%s: too few windows to tell whether what is sent there unread reacts to the action", v.Text)
	need, known := s.need[v.IdleSeen]
	if !known {
		need = needed(s.out.Tested, v.IdleSeen, max(1, s.out.Idles), s.out.AlphaPPM)
		s.need[v.IdleSeen] = need
	}
	switch {
	case need == 0:
		detail += fmt.Sprintf("; it is sent to so often without the action that %d would not either", mostNeeded)
	case need > n:
		detail += fmt.Sprintf("; a reaction in 3 of 10 would show in %d of each kind", need)
	}
	return []Reason{{Code: CodeTooFewRepeats, App: v.App, Host: v.Host, Port: v.Port, Detail: detail}}
}

// memberReacts says whether a host of a group was called by itself.
func (s *trialSet) memberReacts(group Destination, x *trialPlace, all []Effect) bool {
	return slices.ContainsFunc(all, func(o Effect) bool {
		y := s.places[o.To]
		if !o.Reacts || y.group {
			return false
		}
		if group.Host == "" {
			return y.around && slices.Contains(y.apps, group.App)
		}
		return slices.Contains(x.hosts, o.To.Host)
	})
}

// acceptedUnseen covers what was sent unread while the action was done, and in none of the windows compared: what is
// never there does not react, if there are windows enough to say so.
func (p *phone) acceptedUnseen(s *trialSet, key Key, tested int) []Reason {
	if s.out.Enough {
		return nil
	}
	hosts := map[string]bool{}
	for to := range s.places {
		hosts[cmp.Or(to.Host, HostUnknown)] = true
	}
	for i := range p.attempts {
		a := &p.attempts[i]
		if a.Key != key || a.idle() {
			continue
		}
		_, opaque := p.opaque(a, ClaimReaction)
		_, around := p.bypass(a)
		for _, x := range append(opaque, around...) {
			if !hosts[x.Host] {
				return []Reason{{Code: CodeTooFewRepeats, App: safe.Text(x.App), Host: x.Host, Port: x.Port, Detail: reactionUnread}}
			}
		}
	}
	return nil
}

// whyLeftOut names the windows that are not compared.
func (s *trialSet) whyLeftOut() string {
	var b strings.Builder
	for i, l := range s.out.Left {
		if i == maxNames {
			fmt.Fprintf(&b, " and %d more", len(s.out.Left)-i)
			break
		}
		fmt.Fprintf(&b, "; attempt %d: %s, %s", l.Attempt, l.Code, l.Detail)
	}
	return b.String()
}
