package action

import (
	"context"

	"github.com/telltale-farm/telltale/adb/ui"
	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/harness"
)

type visit struct {
	browser Browser
	page    *harness.Canary
	mode    Mode
}

// Visit types the address of a page into a browser and waits for it. The address is meant for the page's own host.
func Visit(b Browser, page *harness.Canary, mode Mode) harness.Action {
	return visit{browser: b, page: page, mode: mode}
}

func (v visit) Name() string { return "visit" }

func (v visit) About() harness.About {
	return harness.About{
		Scope: leak.ScopeApp, App: v.browser.App,
		Claims:        []leak.Claim{leak.ClaimContent},
		Canaries:      []*harness.Canary{v.page},
		Postcondition: "the page, in a " + v.mode.String() + " tab of " + v.browser.App,
		Need:          true,
	}
}

func (v visit) Run(ctx context.Context, d *harness.Driver) error {
	if err := v.browser.open(ctx, d, v.mode); err != nil {
		return err
	}
	page := v.page.Value()
	if err := v.browser.enter(ctx, d, page); err != nil {
		return err
	}
	return d.Await(ctx, "the page", func(t *ui.Tree) bool {
		return v.browser.inFront(t) && v.browser.shows(t, page, v.page.Recipient())
	})
}
