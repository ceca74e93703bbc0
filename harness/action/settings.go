package action

import (
	"context"

	"github.com/telltale-farm/telltale/adb/ui"
	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/harness"
	"github.com/telltale-farm/telltale/harness/profile/catalogue"
)

type openSettings struct{ page catalogue.Surface }

// OpenSettings opens a page of the phone's settings and waits for its title. No one is meant to learn of it.
func OpenSettings(page catalogue.Surface) harness.Action { return openSettings{page} }

func (o openSettings) Name() string { return "open-settings" }

func (o openSettings) About() harness.About {
	markers := []leak.Marker{
		{Kind: "package", Text: o.page.Package, Own: o.page.Package},
		{Kind: "page", Text: o.page.Action, Own: o.page.Package},
	}
	if o.page.Activity != "" {
		markers = append(markers, leak.Marker{Kind: "activity", Text: o.page.Activity, Own: o.page.Package})
	}
	return harness.About{
		Scope:         leak.ScopePhone,
		Claims:        []leak.Claim{leak.ClaimReaction},
		Markers:       markers,
		Postcondition: "the " + o.page.ID + " page of " + o.page.Package,
	}
}

func (o openSettings) Run(ctx context.Context, d *harness.Driver) error {
	if err := d.Screen.Home(ctx); err != nil {
		return err
	}
	if err := launch(ctx, d, o.page.Action, "-a", o.page.Action); err != nil {
		return err
	}
	if err := d.Front(ctx, o.page.Package); err != nil {
		return err
	}
	return d.Await(ctx, "the "+o.page.ID+" page", func(t *ui.Tree) bool {
		return len(t.FindAll(ui.Selector{Package: o.page.Package, Texts: o.page.Titles})) > 0
	})
}
