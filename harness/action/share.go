package action

import (
	"context"
	"strings"

	"github.com/telltale-farm/telltale/adb/ui"
	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/harness"
	"github.com/telltale-farm/telltale/harness/profile/catalogue"
)

type share struct {
	browser Browser
	page    *harness.Canary
	mode    Mode
}

// Share opens a page in a browser and asks the phone with whom to share it, and shares it with nobody. Its address is
// meant for its own site.
func Share(b Browser, page *harness.Canary, mode Mode) harness.Action { return share{b, page, mode} }

func (share) Name() string { return "share" }

func (a share) About() harness.About {
	return harness.About{
		Scope: leak.ScopePhone, App: a.browser.App, Claims: []leak.Claim{leak.ClaimContent}, Canaries: []*harness.Canary{a.page},
		Postcondition: "the phone's question with whom to share, after a " + a.mode.String() + " tab of " + a.browser.App, Need: true,
	}
}

func (a share) Run(ctx context.Context, d *harness.Driver) error {
	b := a.browser
	if b.Entry.Browser != nil && len(b.Entry.Browser.Share) == 0 {
		return &harness.NotPerformed{Want: "to share a page of " + b.App, Got: "the catalogue knows no way to"}
	}
	return b.in(ctx, d, a.mode, func() error {
		if err := b.enter(ctx, d, a.page.Value()); err != nil {
			return err
		}
		if err := d.Await(ctx, "the page", func(t *ui.Tree) bool { return b.inFront(t) && b.shows(t, a.page.Value(), a.page.Recipient()) }); err != nil {
			return err
		}
		for _, step := range b.Entry.Browser.Share {
			if err := d.Tap(ctx, "to share the page", []catalogue.Selector{step}); err != nil {
				return err
			}
		}
		if err := d.AwaitFocus(ctx, "the question with whom to share", chooser); err != nil {
			return err
		}
		if err := d.Screen.Back(ctx); err != nil {
			return err
		}
		return d.Front(ctx, b.App)
	})
}

// chooser says whether a window asks with which app to go on: ChooserActivity of the system (AOSP, since Android 14 of
// com.android.intentresolver), or a maker's own.
func chooser(window string) bool {
	return strings.Contains(window, "ChooserActivity") || strings.Contains(window, "ResolverActivity") || strings.Contains(window, "com.android.intentresolver")
}
