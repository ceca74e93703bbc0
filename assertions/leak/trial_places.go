package leak

import (
	"cmp"
	"slices"

	"github.com/telltale-farm/telltale/capture/flow/safe"
)

// note notes beside a contact what the test need not know, and gives the contact its place: what an app that the action
// itself opens sends is told apart from what others send to the same host; and so is what a uid sends that it shares with others.
func (s *trialSet) note(a *Attempt, c TrialContact, seq int64, owners []string, unread, around bool) TrialContact {
	app := safe.Text(slices.Min(owners))
	own := slices.ContainsFunc(owners, func(o string) bool { return o != "" && slices.Contains(s.own, o) })
	shares := own && slices.ContainsFunc(owners, func(o string) bool { return !slices.Contains(s.own, o) })
	if own {
		c.To.App = app
	}
	x := s.place(c.To)
	x.own, x.shares, x.unread, x.around = x.own || own && !shares, x.shares || shares, x.unread || unread, x.around || around
	if !slices.Contains(x.apps, app) {
		x.apps = append(x.apps, app)
	}
	if !a.idle() && x.attempt == 0 {
		x.flow, x.attempt = seq, a.ID
	}
	return c
}

func (s *trialSet) place(to Destination) *trialPlace {
	x := s.places[to]
	if x == nil {
		x = &trialPlace{}
		s.places[to] = x
	}
	return x
}

// app is the app that sent to a place, if it was always the same.
func (x *trialPlace) app() string {
	if len(x.apps) == 1 {
		return x.apps[0]
	}
	return ""
}

// aroundIn gives what the phone sent around the proxy in a window: each connection that its tables showed, and per app all
// that its counters counted, whoever it went to.
func (p *phone) aroundIn(s *trialSet, a *Attempt) (out []TrialContact) {
	for _, x := range a.Counters.Sockets {
		if !p.anyInScope(s.lead, x.Apps) {
			continue
		}
		c := TrialContact{To: Destination{Host: safe.Text(cmp.Or(x.Host, x.Addr)), Port: x.Port}}
		if x.ADB {
			c.To.Port = 0
		}
		if x.FirstUS > 0 {
			c.DelayUS = max(0, x.FirstUS-a.Window.Start)
		}
		if c.DelayUS > s.length {
			s.after(a, c.To)
			continue
		}
		out = append(out, s.note(a, c, 0, packagesOf(x.UID, x.Apps), true, true))
	}
	for _, d := range a.Counters.Deltas {
		if d.TX <= 0 || !p.anyInScope(s.lead, d.Apps) {
			continue
		}
		// The empty host stands for all that the app sent around the proxy; the app is part of the place.
		app := owner(d.UID, d.Apps)
		if a.Window.End-a.Window.Start > 2*s.length {
			s.after(a, Destination{App: safe.Text(app)}) // when it was sent is not known
			continue
		}
		c := s.note(a, TrialContact{To: Destination{App: safe.Text(app)}, Bytes: d.TX}, 0, packagesOf(d.UID, d.Apps), true, true)
		s.place(c.To).group = true
		out = append(out, c)
	}
	return out
}

// packagesOf are the packages that what a uid sent may be of; of one without any the name that Android gives it, or the
// empty one, which is unknown.
func packagesOf(uid int, apps []string) []string {
	if len(apps) == 0 {
		return []string{SystemName(uid)}
	}
	return apps
}

// after notes what was sent unread in a window with the action, later than windows are compared for.
func (s *trialSet) after(a *Attempt, to Destination) {
	if !a.idle() && !slices.Contains(s.beyond, to) {
		s.beyond = append(s.beyond, to)
	}
}

// domains adds, for every domain of which several hosts were sent to, all of them together: a phone that makes up a new
// host for each report sends to none of them twice.
func (s *trialSet) domains(trials []Trial) {
	hosts := map[Destination][]string{}
	for to := range s.places {
		if d, ok := domainOf(to); ok {
			hosts[d] = append(hosts[d], to.Host)
		}
	}
	for i := range trials {
		t := &trials[i]
		for _, c := range t.Sent[:len(t.Sent):len(t.Sent)] {
			d, ok := domainOf(c.To)
			if names := hosts[d]; !ok || !slices.ContainsFunc(names, func(h string) bool { return h != names[0] }) {
				continue
			}
			from, to := s.places[c.To], s.place(d)
			to.group, to.own, to.unread, to.around = true, to.own || from.own, to.unread || from.unread, to.around || from.around
			to.shares = to.shares || from.shares
			to.hosts = hosts[d]
			for _, app := range from.apps {
				if !slices.Contains(to.apps, app) {
					to.apps = append(to.apps, app)
				}
			}
			if to.attempt == 0 || from.attempt != 0 && from.attempt < to.attempt {
				to.flow, to.attempt = from.flow, from.attempt
			}
			c.To = d
			t.Sent = append(t.Sent, c)
		}
	}
}

// domainOf is what stands for all hosts of a destination's domain; false if it has none.
func domainOf(to Destination) (Destination, bool) {
	domain := registrable(to.Host)
	return Destination{Host: "*." + domain, App: to.App}, domain != ""
}

// scatteredIn finds the domains of which several hosts were sent to unread, each too seldom for any order to tell: that none of
// these reacts says nothing of a phone that makes up a new one for each report. It counts the windows with the action that
// sent to any.
func (s *trialSet) scatteredIn(trials []Trial, told []Effect) map[Destination]int {
	tested := map[Destination]bool{}
	for _, e := range told {
		tested[e.To] = e.Tested
	}
	first, several, windows := map[Destination]Destination{}, map[Destination]bool{}, map[Destination]map[int]bool{}
	for n, t := range trials {
		for _, c := range t.Sent {
			if x := s.places[c.To]; x.group || !x.unread || tested[c.To] {
				continue
			}
			d, ok := domainOf(c.To)
			if !ok {
				continue
			}
			if windows[d] == nil {
				first[d], windows[d] = c.To, map[int]bool{}
			}
			several[d] = several[d] || first[d].Host != c.To.Host
			if t.Action {
				windows[d][n] = true
			}
		}
	}
	out := map[Destination]int{}
	for d := range several {
		if several[d] {
			out[d] = len(windows[d])
		}
	}
	return out
}

// mayScatter says whether a weak reaction might be spread over new hosts of a domain, so that only all of them together would
// show it: whether there were as many windows with such hosts as one would have.
func (s *trialSet) mayScatter(domain Destination, n int) bool {
	windows, several := s.scattered[domain]
	return several && !seldomer(n, windows)
}
