package action

import (
	"context"

	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/harness"
)

type firstStart struct{ browser Browser }

// FirstStart clears what a browser has stored, starts it, and stops at the page where it asks its user to agree: nothing is
// agreed to. No one is meant to learn of it, the browser's own makers included; so its own name in its own traffic counts.
func FirstStart(b Browser) harness.Action { return firstStart{b} }

func (firstStart) Name() string { return "first-start" }

func (a firstStart) About() harness.About {
	return harness.About{
		Scope: leak.ScopeApp, App: a.browser.App, Claims: []leak.Claim{leak.ClaimReaction},
		Markers:       []leak.Marker{{Kind: "package", Text: a.browser.App}},
		Before:        []string{leak.EventDataReset},
		Postcondition: "the page where " + a.browser.App + " asks its user to agree",
	}
}

func (a firstStart) Run(ctx context.Context, d *harness.Driver) error {
	b := a.browser
	if len(b.Entry.Consent) == 0 {
		return &harness.NotPerformed{Want: "the page where " + b.App + " asks its user to agree", Got: "the catalogue knows none"}
	}
	if err := d.Screen.Home(ctx); err != nil {
		return err
	}
	if err := start(ctx, d, b.App, b.Entry.Launch); err != nil {
		return err
	}
	if err := d.Front(ctx, b.App); err != nil {
		return err
	}
	if _, err := d.Find(ctx, "the page where the user is asked to agree", b.Entry.Consent); err != nil {
		return err
	}
	if d.Consented != nil {
		d.Consented(b.App, true, 0)
	}
	return nil
}
