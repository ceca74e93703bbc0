package action

import (
	"context"

	"github.com/telltale-farm/telltale/adb/ui"
	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/harness"
)

type idle struct{ browser Browser }

// Idle leaves the phone alone on its home screen, with a browser as it was left. What the browser sends then it sends for
// no action, and other windows are looked at beside it. Nobody is meant to learn which phone it is.
func Idle(b Browser) harness.Action { return idle{b} }

func (idle) Name() string { return "idle" }

func (a idle) About() harness.About {
	return harness.About{
		Scope: leak.ScopeApp, App: a.browser.App, Claims: []leak.Claim{leak.ClaimIdentity}, AsLong: true,
		Postcondition: "the home screen, left alone",
	}
}

func (a idle) Run(ctx context.Context, d *harness.Driver) error {
	if err := d.Screen.Home(ctx); err != nil {
		return err
	}
	return d.Await(ctx, "a screen that is not "+a.browser.App+"'s", func(t *ui.Tree) bool {
		return len(t.Nodes()) > 0 && !a.browser.inFront(t)
	})
}
