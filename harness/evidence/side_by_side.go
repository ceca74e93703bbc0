package evidence

import (
	"fmt"
	"slices"
	"strings"

	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/capture/flow/safe"
)

// SideBySide is one scenario in one variant on one phone, in each of its browsers and in the windows in which each was
// left alone. It states nothing beside the verdicts: whom an app contacted is no leak. All text in it is safe to show.
type SideBySide struct {
	Phone    string   `json:"phone"`
	Kind     string   `json:"kind"`
	Scenario string   `json:"scenario"`
	Variant  string   `json:"variant"`
	Columns  []Column `json:"columns"`        // browsers, then the baselines, then the idle windows
	Cannot   []string `json:"not_comparable"` // what cannot be compared, and why
}

// Column is one cell beside the others.
type Column struct {
	Browser      string         `json:"browser"` // id of devices.yaml
	App          string         `json:"app"`
	Baseline     bool           `json:"baseline"` // devices.yaml calls it so
	Idle         bool           `json:"idle"`     // the browser was left alone
	Outcome      string         `json:"outcome"`  // of the cell; empty if the run has no such cell
	Except       bool           `json:"except"`   // clean, but for what policy accepts unread
	Attempts     int            `json:"attempts"` // without a fault
	WatchedUS    int64          `json:"watched_us"`
	Leaked       []ComparedLeak `json:"leaked"`
	Destinations []ComparedTo   `json:"destinations"`
	Unlisted     int            `json:"unlisted"`     // flows to further destinations
	UnreadBytes  int64          `json:"unread_bytes"` // sent to destinations of which not all was read
	AroundBytes  int64          `json:"around_bytes"` // sent around the proxy, read by nobody
	Unknown      string         `json:"unknown,omitempty"`
	reasons      []string
}

// ComparedLeak is what one destination got that it was not meant to get.
type ComparedLeak struct {
	What  string `json:"what"`
	Host  string `json:"host"`
	Times int    `json:"times"`
}

// ComparedTo is whom an app sent something to.
type ComparedTo struct {
	Domain   string   `json:"domain"`
	Hosts    []string `json:"hosts"`
	App      string   `json:"app"`   // that sent; empty is unknown
	Meant    bool     `json:"meant"` // the scenario itself goes there
	Flows    int      `json:"flows"`
	Readable int      `json:"readable"`
	Opaque   int      `json:"opaque"`
	Accepted int      `json:"accepted"` // opaque, and accepted by policy
	Bytes    int64    `json:"bytes"`    // sent
}

// comparisons sets the cells of each phone that has a baseline browser, and another, side by side.
func (b *Bundle) comparisons(v leak.Verdicts, phones map[string]*told) (out []SideBySide) {
	for _, id := range b.phonesOf(v) {
		t := phones[id]
		if t == nil || len(t.baseline) == 0 || len(t.browsers) < 2 {
			continue
		}
		c := comparing{t: t, cells: map[leak.Key]*leak.CellVerdict{}}
		var keys []leak.Key
		for i := range v.Cells {
			cell := &v.Cells[i]
			if cell.Phone != id || cell.Browser == "" || cell.Scenario == leak.ControlScenario || cell.Scenario == leak.DrainScenario {
				continue
			}
			c.cells[cell.Key], c.kind = cell, cell.Kind
			key := leak.Key{Phone: id, Scenario: cell.Scenario, Variant: cell.Variant}
			if cell.Scenario != leak.IdleScenario && !slices.Contains(keys, key) {
				keys = append(keys, key)
			}
		}
		if len(keys) == 0 {
			continue
		}
		c.contacted, c.unknown = b.contactedBy(id)
		for _, key := range keys {
			out = append(out, c.compare(key))
		}
	}
	slices.SortStableFunc(out, func(x, y SideBySide) int {
		return strings.Compare(x.Phone+"\x00"+x.Scenario+"\x00"+x.Variant, y.Phone+"\x00"+y.Scenario+"\x00"+y.Variant)
	})
	return out
}

// contactedBy reads whom the cells of a phone contacted, or says why that cannot be known.
func (b *Bundle) contactedBy(id string) ([]leak.CellDestinations, string) {
	if b.redacted() {
		return nil, "the recording is not in this copy"
	}
	all, err := leak.ContactedBy(b.FS(), id)
	if err != nil {
		return nil, safe.Line(err.Error(), 200)
	}
	return all, ""
}

// comparing is one phone's cells while they are set side by side.
type comparing struct {
	t         *told
	kind      string
	cells     map[leak.Key]*leak.CellVerdict
	contacted []leak.CellDestinations
	unknown   string
}

func (c *comparing) compare(key leak.Key) SideBySide {
	out := SideBySide{Phone: safe.Text(key.Phone), Kind: c.kind, Scenario: safe.Text(key.Scenario), Variant: safe.Text(key.Variant), Cannot: []string{}}
	var base, idle, baseIdle []Column
	for _, browser := range c.t.browsers {
		k := key
		k.Browser = browser.ID
		does := c.column(k, browser)
		k.Scenario, k.Variant = leak.IdleScenario, "default"
		alone := c.column(k, browser)
		alone.Idle = true
		if browser.Baseline {
			base, baseIdle = append(base, does), append(baseIdle, alone)
		} else {
			out.Columns, idle = append(out.Columns, does), append(idle, alone)
		}
	}
	out.Columns = slices.Concat(out.Columns, base, idle, baseIdle)
	for _, x := range out.Columns {
		out.Cannot = append(out.Cannot, x.cannot()...)
	}
	out.Cannot = append(out.Cannot, unequal(out.Columns)...)
	return out
}

// column is one cell beside the others.
func (c *comparing) column(key leak.Key, browser leak.Browser) Column {
	x := Column{
		Browser: safe.Text(browser.ID), App: safe.Text(browser.App), Baseline: browser.Baseline,
		Leaked: []ComparedLeak{}, Destinations: []ComparedTo{},
	}
	cell := c.cells[key]
	if cell == nil {
		return x
	}
	x.Outcome, x.Attempts, x.AroundBytes, x.Unknown = string(cell.Outcome), cell.Coverage.Attempts, cell.Coverage.Bypass, c.unknown
	x.Except = cell.Outcome == leak.Clean && cellExcept(*cell)
	for _, claim := range claimsIn(*cell) {
		for _, f := range cell.Claims[claim].Findings {
			x.leak(c.t.what(claim, *cell, f), safe.Text(f.Host))
		}
		for _, r := range cell.Claims[claim].Reasons {
			if line := safe.Line(reasonLine(r), 200); !slices.Contains(x.reasons, line) {
				x.reasons = append(x.reasons, line)
			}
		}
	}
	i := slices.IndexFunc(c.contacted, func(d leak.CellDestinations) bool { return d.Key == key })
	if i < 0 {
		return x
	}
	x.WatchedUS, x.Unlisted = c.contacted[i].WatchedUS, c.contacted[i].Left
	for _, d := range c.contacted[i].To {
		x.Destinations = append(x.Destinations, ComparedTo{
			Domain: d.Domain, Hosts: d.Hosts, App: d.App, Meant: d.Meant, Flows: d.Flows, Readable: d.Readable, Opaque: d.Opaque, Accepted: d.Accepted, Bytes: d.Bytes,
		})
		if d.Readable < d.Flows {
			x.UnreadBytes += d.Bytes
		}
	}
	return x
}

func (x *Column) leak(what, host string) {
	i := slices.IndexFunc(x.Leaked, func(l ComparedLeak) bool { return l.What == what && l.Host == host })
	if i < 0 {
		i = len(x.Leaked)
		x.Leaked = append(x.Leaked, ComparedLeak{What: what, Host: host})
	}
	x.Leaked[i].Times++
}

// what names what a finding is about.
func (t *told) what(claim leak.Claim, c leak.CellVerdict, f leak.Finding) string {
	if claim == leak.ClaimReaction {
		return "the action itself: " + cellTitle(c)
	}
	return t.label(f.Canary)
}

// maxCannot bounds how many reasons of one cell are told here; the cell has all.
const maxCannot = 3

// cannot says why a cell cannot be compared.
func (x *Column) cannot() (out []string) {
	switch {
	case x.Outcome == "" && x.Idle:
		return []string{x.Name() + ": no window in which it was left alone was recorded"}
	case x.Outcome == "":
		return []string{x.Name() + ": the run has no such cell of it"}
	case x.Unknown != "":
		out = append(out, x.Name()+": whom it contacted is not known: "+x.Unknown)
	}
	if x.Outcome != string(leak.Inconclusive) {
		return out
	}
	for i, r := range x.reasons {
		if i == maxCannot {
			return append(out, fmt.Sprintf("%s: and %s more", x.Name(), plural(int64(len(x.reasons)-i), "reason")))
		}
		out = append(out, x.Name()+": inconclusive, "+r)
	}
	return out
}

// unequal says that windows were watched for so different times that what was counted in them says little side by side.
func unequal(columns []Column) []string {
	var least, most *Column
	for i := range columns {
		x := &columns[i]
		if x.each() == 0 {
			continue
		}
		if least == nil || x.each() < least.each() {
			least = x
		}
		if most == nil || x.each() > most.each() {
			most = x
		}
	}
	if least == nil || most.each()*2 <= least.each()*3 {
		return nil
	}
	return []string{fmt.Sprintf("counts: an attempt of %s was watched for %s, one of %s for %s", most.Name(), duration(most.each()), least.Name(), duration(least.each()))}
}

// each is how long one attempt was watched on average, in µs; 0 is unknown.
func (x *Column) each() int64 {
	if x.Attempts == 0 {
		return 0
	}
	return x.WatchedUS / int64(x.Attempts)
}
