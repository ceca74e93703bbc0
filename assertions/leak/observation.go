package leak

import (
	"slices"
	"strings"

	"github.com/telltale-farm/telltale/capture/flow"
	"github.com/telltale-farm/telltale/capture/flow/safe"
)

// Canary is what a matcher must know of a canary: the ids of its values in secrets.jsonl, one an attempt.
type Canary interface {
	Label() string
	IDs() []string
}

// Observation is what a phone's files say of one cell so far. A spec's expectations speak of it.
type Observation struct {
	Verdict  CellVerdict
	Contacts []Contact // sorted by host, port, app
}

// CellContacts are the contacts of one cell.
type CellContacts struct {
	Key      Key
	Contacts []Contact
}

// Contact is one destination that something in a cell's scope sent to while one of its windows was open.
type Contact struct {
	Host     string
	Port     int
	App      string // empty is unknown
	Flows    int
	Answered int // requests that were read and got a response
	Unread   int // flows that could not be read
	First    int64
}

// Observe picks the observation of one cell; false if there is none yet.
func (v PhoneVerdicts) Observe(key Key) (*Observation, bool) {
	for i := range v.Cells {
		if v.Cells[i].Key != key {
			continue
		}
		o := &Observation{Verdict: v.Cells[i]}
		for _, c := range v.Contacts {
			if c.Key == key {
				o.Contacts = c.Contacts
			}
		}
		return o, true
	}
	return nil, false
}

// Claim gives the verdict of one claim; false if the cell does not make it.
func (o *Observation) Claim(c Claim) (ClaimVerdict, bool) {
	v, ok := o.Verdict.Claims[c]
	return v, ok
}

// Findings gives the content findings of the given canaries, or of all if none is given.
func (o *Observation) Findings(canaries ...Canary) []Finding {
	var out []Finding
	for _, f := range o.Verdict.Claims[ClaimContent].Findings {
		if len(canaries) == 0 || slices.ContainsFunc(canaries, func(c Canary) bool { return slices.Contains(c.IDs(), f.Canary) }) {
			out = append(out, f)
		}
	}
	return out
}

// contacts lists whom a cell's windows saw contacted, in its scope.
func (p *phone) contacts(key Key) CellContacts {
	type place struct {
		host string
		port int
		app  string
	}
	found := map[place]*Contact{}
	counted := map[int64]bool{}
	for i := range p.attempts {
		a := &p.attempts[i]
		if a.Key != key || a.idle() {
			continue
		}
		for j := range p.seen {
			at := &p.seen[j]
			f := at.flow
			if counted[f.Seq] || !p.carries(at) || !p.concerns(a, at) || !a.Window.Touches(f) {
				continue
			}
			counted[f.Seq] = true
			k := place{p.host(f), f.Port, at.app}
			c := found[k]
			if c == nil {
				c = &Contact{Host: safe.Text(k.host), Port: k.port, App: safe.Text(k.app), First: f.Seq}
				found[k] = c
			}
			c.Flows++
			switch {
			case p.unread(at) != "":
				c.Unread++
			case f.Kind == flow.KindExchange && f.Response != nil && f.Fault != flow.FaultUpstream:
				c.Answered++
			}
		}
	}
	out := CellContacts{Key: key}
	for _, c := range found {
		out.Contacts = append(out.Contacts, *c)
	}
	slices.SortFunc(out.Contacts, func(a, b Contact) int {
		switch {
		case a.Host != b.Host:
			return strings.Compare(a.Host, b.Host)
		case a.Port != b.Port:
			return a.Port - b.Port
		}
		return strings.Compare(a.App, b.App)
	})
	return out
}
