package harness

import (
	"cmp"
	"slices"

	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/harness/profile"
	"github.com/telltale-farm/telltale/harness/profile/catalogue"
)

// ResolvePolicy says what devices.yaml and the catalogue mean for the judge. It is written before the first phone is
// touched, so that no verdict can be softened by what was seen. repeat overrides the file's when it is not 0.
func ResolvePolicy(cfg *profile.Config, repeat int) leak.Policy {
	p := leak.Policy{Schema: leak.Schema, ControlHost: cfg.Sites.Control, Recipients: []leak.Recipient{}, Phones: []leak.PhonePolicy{}}
	for id, host := range cfg.Sites.Search {
		p.Recipients = append(p.Recipients, leak.Recipient{ID: id, Hosts: []string{host}})
	}
	slices.SortFunc(p.Recipients, func(a, b leak.Recipient) int { return cmp.Compare(a.ID, b.ID) })
	for i := range cfg.Phones {
		p.Phones = append(p.Phones, phonePolicy(&cfg.Phones[i], repeat))
	}
	slices.SortFunc(p.Phones, func(a, b leak.PhonePolicy) int { return cmp.Compare(a.ID, b.ID) })
	return p
}

func phonePolicy(phone *profile.Phone, repeat int) leak.PhonePolicy {
	p := leak.PhonePolicy{
		ID: phone.ID, Kind: phone.Kind,
		SettleMinUS: phone.Settle.Min.Microseconds(), SettleMaxUS: phone.Settle.Max.Microseconds(),
		Repeat:   cmp.Or(repeat, phone.Repeat),
		Browsers: []leak.Browser{}, Flush: []leak.Flush{}, Services: []string{}, Accept: []leak.Accept{},
	}
	for _, b := range phone.Browsers {
		p.Browsers = append(p.Browsers, leak.Browser{ID: b.ID, App: b.App, Baseline: b.Baseline})
	}
	slices.SortFunc(p.Browsers, func(a, b leak.Browser) int { return cmp.Compare(a.ID, b.ID) })
	for _, e := range catalogue.All(phone.Personality) {
		if e.Flush > 0 {
			p.Flush = append(p.Flush, leak.Flush{App: e.Package, US: e.Flush.Microseconds()})
		}
		if e.Service {
			p.Services = append(p.Services, e.Package)
		}
	}
	slices.SortFunc(p.Flush, func(a, b leak.Flush) int { return cmp.Compare(a.App, b.App) })
	slices.Sort(p.Services)
	for _, a := range phone.Accept {
		p.Accept = append(p.Accept, leak.Accept{App: a.App, Host: a.Host, Port: a.Port, Why: a.Why})
	}
	return p
}
