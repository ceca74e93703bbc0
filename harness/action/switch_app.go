package action

import (
	"context"

	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/harness"
)

type switchApp struct{ from, to string }

// SwitchApp brings one app to the front, then another. No one is meant to learn which; an app that says its own name in
// its own traffic reports itself, not the switch.
func SwitchApp(from, to string) harness.Action { return switchApp{from, to} }

func (s switchApp) Name() string { return "switch-app" }

func (s switchApp) About() harness.About {
	return harness.About{
		Scope:  leak.ScopePhone,
		Claims: []leak.Claim{leak.ClaimReaction},
		Markers: []leak.Marker{
			{Kind: "package", Text: s.from, Own: s.from},
			{Kind: "package", Text: s.to, Own: s.to},
		},
		Own:           []string{s.from, s.to},
		Postcondition: s.to + " in front, after " + s.from,
	}
}

func (s switchApp) Run(ctx context.Context, d *harness.Driver) error {
	for _, pkg := range []string{s.from, s.to} {
		entry, _ := d.Phone.App(pkg)
		if err := start(ctx, d, pkg, entry.Launch); err != nil {
			return err
		}
		if err := d.Front(ctx, pkg); err != nil {
			return err
		}
	}
	return nil
}
