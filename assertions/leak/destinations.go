package leak

import (
	"cmp"
	"fmt"
	"io/fs"
	"slices"

	"github.com/telltale-farm/telltale/capture/flow/safe"
)

// IdleScenario is the scenario id of the cells in which a browser is left alone: others are looked at beside them.
const IdleScenario = "idle"

// CellDestinations is whom a cell's app contacted in the cell's windows. It is no verdict: contacted is not leaked.
type CellDestinations struct {
	Key       Key
	WatchedUS int64 // windows of the attempts without a fault, added up
	To        []Destinations
	Left      int // destinations beyond those listed
}

// Destinations is all that one app sent to one registrable domain in a cell's windows, counted as the cell's coverage is.
type Destinations struct {
	Domain   string   // registrable domain; of an address or a name without one, that itself
	Hosts    []string // of the domain, sorted; at most maxDomainHosts
	App      string   // that sent; empty is unknown
	Meant    bool     // the cell's canaries are meant for it
	Flows    int      //
	Readable int      //
	Opaque   int      // not accepted
	Accepted int      // opaque, but accepted by policy
	Bytes    int64    // sent
}

// Bounds of what is listed.
const (
	maxCellDomains = 256
	maxDomainHosts = 16
)

// ContactedBy lists whom each cell of a phone contacted, sorted by key. It reads the files as Judge does, and states no
// verdict.
func ContactedBy(bundle fs.FS, id string) ([]CellDestinations, error) {
	_, policy, err := readRun(bundle)
	if err != nil {
		return nil, err
	}
	at := slices.IndexFunc(policy.Phones, func(p PhonePolicy) bool { return p.ID == id })
	if at < 0 {
		return nil, fmt.Errorf("looking at what %s contacted: %s does not name this phone", id, policyName)
	}
	p, err := readPhone(bundle, &policy, policy.Phones[at])
	if err != nil {
		return nil, err
	}
	p.final = true
	if err := p.examine(); err != nil {
		return nil, err
	}
	var out []CellDestinations
	for _, key := range p.otherKeys(nil) {
		var attempts []*Attempt
		for i := range p.attempts {
			if a := &p.attempts[i]; a.Key == key && !a.idle() {
				attempts = append(attempts, a)
			}
		}
		if len(attempts) > 0 {
			out = append(out, p.contacted(key, attempts))
		}
	}
	return out, nil
}

func (p *phone) contacted(key Key, attempts []*Attempt) CellDestinations {
	out := CellDestinations{Key: key}
	for _, a := range attempts {
		if a.Fault == nil {
			out.WatchedUS += max(a.Window.End-a.Window.Start, 0)
		}
	}
	meant := p.recipientsOf(attempts[0])
	p.carried(attempts, func(at *sighting, read bool) {
		host := safe.Text(p.host(at.flow))
		domain, app := cmp.Or(registrable(host), host), safe.Text(at.who())
		i := slices.IndexFunc(out.To, func(d Destinations) bool { return d.Domain == domain && d.App == app })
		if i < 0 {
			if len(out.To) == maxCellDomains {
				out.Left++
				return
			}
			i = len(out.To)
			out.To = append(out.To, Destinations{Domain: domain, App: app, Meant: len(meant) > 0})
		}
		d := &out.To[i]
		d.Flows++
		d.Bytes += max(at.flow.BytesUp, 0)
		d.Meant = d.Meant && p.meant(at.flow, meant)
		if n, found := slices.BinarySearch(d.Hosts, host); !found && len(d.Hosts) < maxDomainHosts {
			d.Hosts = slices.Insert(d.Hosts, n, host)
		}
		if read {
			d.Readable++
		} else if _, _, ok := p.acceptsFlow(at); ok {
			d.Accepted++
		} else {
			d.Opaque++
		}
	})
	slices.SortFunc(out.To, func(a, b Destinations) int { return cmp.Or(cmp.Compare(a.Domain, b.Domain), cmp.Compare(a.App, b.App)) })
	return out
}

// carried gives each flow once that sent something in the windows of attempts without a fault, and is in their scope, and
// whether all of it was read. Our own requests and connections that were never used are none.
func (p *phone) carried(attempts []*Attempt, each func(at *sighting, read bool)) {
	counted := map[int64]bool{}
	for _, a := range attempts {
		if a.Fault != nil {
			continue
		}
		for i := range p.seen {
			at := &p.seen[i]
			f := at.flow
			if p.ours(f) || counted[f.Seq] || !p.carries(at) || !p.concerns(a, at) || !a.Window.Touches(f) {
				continue
			}
			class := p.unread(at)
			if class == "" && !a.Window.Sends(f) || class != "" && p.preconnect(a, at, class) {
				continue
			}
			counted[f.Seq] = true
			each(at, class == "" && len(at.opaque) == 0)
		}
	}
}
