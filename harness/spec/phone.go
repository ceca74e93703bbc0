package spec

import (
	"fmt"
	"slices"

	"github.com/onsi/ginkgo/v2"

	"github.com/telltale-farm/telltale/harness"
	"github.com/telltale-farm/telltale/harness/action"
	"github.com/telltale-farm/telltale/harness/profile"
	"github.com/telltale-farm/telltale/harness/profile/catalogue"
)

// Phone is one phone of devices.yaml as a scenario sees it. While the tree is built it answers from the file alone;
// Session works once the specs run.
type Phone struct {
	suite    *suite
	profile  *profile.Phone
	browsers []action.Browser // made once: every worker holds the tree of every phone
}

// ID is the phone's name in devices.yaml.
func (p Phone) ID() string { return p.profile.ID }

// Browsers lists the phone's browsers, in the order of devices.yaml.
func (p Phone) Browsers() []action.Browser { return slices.Clone(p.browsers) }

func browsersOf(p *profile.Phone) []action.Browser {
	out := make([]action.Browser, len(p.Browsers))
	for i, b := range p.Browsers {
		entry, _ := p.App(b.App) // without an entry the browser's cells are inconclusive, and say so
		out[i] = action.Browser{ID: b.ID, App: b.App, SearchHost: b.Search, Entry: entry}
	}
	return out
}

// Compares says whether the phone has a browser that devices.yaml calls the baseline, and others beside it.
func (p Phone) Compares() bool {
	baselines := 0
	for _, b := range p.profile.Browsers {
		if b.Baseline {
			baselines++
		}
	}
	return baselines > 0 && baselines < len(p.profile.Browsers)
}

// SettingsPage is a page of the phone's settings, by its id in the catalogue. An id that is not there is a mistake in
// the scenario and panics while the tree is built, which ginkgo reports with its place.
func (p Phone) SettingsPage(id string) catalogue.Surface {
	s, ok := catalogue.FindSurface(id)
	if !ok {
		panic(fmt.Sprintf("the catalogue has no settings page %q", id))
	}
	return s
}

// SettingsApp is the package of the phone's settings.
func (p Phone) SettingsApp() string { return catalogue.SettingsPackage }

// Session opens the session of the spec that is running, on the phone that its container holds.
func (p Phone) Session(ctx ginkgo.SpecContext) *harness.Session {
	ginkgo.GinkgoHelper()
	key, err := keyOf(ginkgo.CurrentSpecReport())
	if err != nil {
		ginkgo.Fail(err.Error())
	}
	lease := p.suite.leases[p.ID()]
	if lease == nil {
		ginkgo.Fail(p.ID() + " is not leased: Session was called while the tree was built, or after its phone was lost")
	}
	return lease.Session(key)
}

// Nobody is the recipient of a canary that no one is meant to get.
const Nobody = ""
