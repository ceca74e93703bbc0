package leaktest

import (
	"cmp"
	"net/url"
	"slices"

	"github.com/telltale-farm/telltale/assertions/leak"
)

// What the bundle of two browsers is made of, beside what the clean one is.
const (
	BaselineID      = "chrome"
	Baseline        = "com.android.chrome"
	BaselineQuery   = "heron lattice 51d0c2aa"
	BaselineQueryID = "c2"
)

// TwoBrowsers is the clean run on a phone with a second browser, the baseline: the same search in both, and both left alone.
// Further flows are given in the order in which they were sent.
func TwoBrowsers(more ...Flow) *Bundle {
	b := Clean()
	policy, p := b.PhonePolicy(PhoneID), b.Phone(PhoneID)
	policy.Browsers = []leak.Browser{{ID: BaselineID, App: Baseline, Baseline: true}, {ID: BrowserID, App: Browser}}
	policy.Flush = append(policy.Flush, leak.Flush{App: Baseline, US: second})
	slices.SortFunc(policy.Flush, func(x, y leak.Flush) int { return cmp.Compare(x.App, y.App) })
	for i := range p.Lines {
		p.Lines[i].Apps = append(p.Lines[i].Apps, leak.App{Package: Baseline, Version: "80.0", Code: "80", UID: 10003})
		slices.SortFunc(p.Lines[i].Apps, func(x, y leak.App) int { return cmp.Compare(x.Package, y.Package) })
	}
	search, control := SearchKey, controlKey
	search.Browser, control.Browser = BaselineID, BaselineID
	idle := func(browser string) leak.Key {
		return leak.Key{Phone: PhoneID, Browser: browser, Scenario: leak.IdleScenario, Variant: "default"}
	}
	for _, key := range []leak.Key{search, idle(BrowserID), idle(BaselineID)} {
		b.Plan.Cells = append(b.Plan.Cells, leak.Cell{Key: key, Kind: leak.KindVirtual})
	}
	p.Secrets = append(p.Secrets,
		leak.Secret{Schema: leak.Schema, ID: "k2", Role: leak.SecretControl, Kind: leak.ValueURL, Label: "control page", Value: "https://" + Control + "/ibex-marrow-08fe3b7d", Recipient: Control, Key: control},
		leak.Secret{Schema: leak.Schema, ID: BaselineQueryID, Role: leak.SecretCanary, Kind: leak.ValueText, Label: "search query", Value: BaselineQuery, Recipient: Search, Key: search})
	p.Attempts = append(p.Attempts,
		attempt(5, control, leak.ScopeApp, Baseline, leak.ClaimContent, "k2"),
		attempt(6, search, leak.ScopeApp, Baseline, leak.ClaimContent, BaselineQueryID),
		attempt(7, idle(BrowserID), leak.ScopeApp, Browser, leak.ClaimIdentity),
		attempt(8, idle(BaselineID), leak.ScopeApp, Baseline, leak.ClaimIdentity),
		attempt(9, drainKey, leak.ScopePhone, "", ""))
	page := Get(Baseline, "https://"+Control+"/ibex-marrow-08fe3b7d", 51*second)
	page.Control = true
	p.Flows = append(p.Flows, page, Get(Baseline, "https://"+Search+"/?q="+url.QueryEscape(BaselineQuery), 61*second))
	p.Flows = append(p.Flows, more...)
	slices.SortStableFunc(p.Flows, func(x, y Flow) int { return cmp.Compare(x.Start, y.Start) })
	for i := range p.Attempts {
		w := &p.Attempts[i].Window
		before := func(at int64) (n int64) {
			for _, f := range p.Flows {
				if f.Start <= at {
					n++
				}
			}
			return n
		}
		w.First, w.Last = before(w.Start)+1, before(w.End)
	}
	return b
}
