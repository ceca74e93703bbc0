package action

import (
	"context"
	"strings"

	"github.com/telltale-farm/telltale/adb/ui"
	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/harness"
)

type searchSite struct {
	browser Browser
	query   *harness.Canary
	mode    Mode
}

// SearchSite opens a site in a browser and types a query into the search box of its page. The query is meant for the site,
// which must have got it. The browser itself was never told: it can know the query only by looking into the page, or at
// the address of the results.
func SearchSite(b Browser, query *harness.Canary, mode Mode) harness.Action {
	return searchSite{b, query, mode}
}

func (searchSite) Name() string { return "search-site" }

func (s searchSite) About() harness.About {
	return harness.About{
		Scope: leak.ScopeApp, App: s.browser.App, Claims: []leak.Claim{leak.ClaimContent}, Canaries: []*harness.Canary{s.query},
		Postcondition: "the results of the site, in a " + s.mode.String() + " tab of " + s.browser.App, Need: true,
	}
}

func (s searchSite) Run(ctx context.Context, d *harness.Driver) error {
	return s.browser.in(ctx, d, s.mode, func() error { return s.search(ctx, d) })
}

func (s searchSite) search(ctx context.Context, d *harness.Driver) error {
	b, site := s.browser, s.query.Recipient()
	if err := b.enter(ctx, d, "https://"+site+"/"); err != nil {
		return err
	}
	var box *ui.Node
	if err := d.Await(ctx, "a search box in the page of "+site, func(t *ui.Tree) bool {
		box = b.pageField(t)
		return box != nil && b.at(t, site)
	}); err != nil {
		return err
	}
	x, y := box.Bounds.Center()
	if err := d.Device.Tap(ctx, x, y); err != nil {
		return err
	}
	if err := d.Await(ctx, "the search box to take what is typed", func(t *ui.Tree) bool {
		box = b.pageField(t)
		return box != nil && box.Focused
	}); err != nil {
		return err
	}
	text := s.query.Value()
	if err := d.Type(ctx, text); err != nil {
		return err
	}
	if err := d.Await(ctx, "the search box to hold what was typed", func(t *ui.Tree) bool {
		box = b.pageField(t)
		return box != nil && box.Text == text
	}); err != nil {
		return err
	}
	if err := d.Screen.Key(ctx, ui.KeyEnter); err != nil {
		return err
	}
	return d.Await(ctx, "the results of the site", func(t *ui.Tree) bool {
		box := b.pageField(t)
		return b.at(t, site) && (box == nil || !box.Focused)
	})
}

// at says whether the browser is in front with an address on the host.
func (b Browser) at(t *ui.Tree, host string) bool {
	for _, n := range t.Nodes() {
		if n.Package == b.App && addressOn(n.Text, host) {
			return true
		}
	}
	return false
}

// pageField finds the first field for text inside a page, which is not the browser's own.
func (b Browser) pageField(t *ui.Tree) *ui.Node {
	var own []string
	for _, s := range b.Entry.Browser.URLField {
		own = append(own, s.ID)
	}
	var page *ui.Node
	for _, n := range t.Nodes() {
		switch {
		case n.Package != b.App:
		case n.Class == "android.webkit.WebView":
			page = n
		case page == nil || !strings.HasSuffix(n.Class, "EditText") || containsWord(own, n.ID):
		case n.Bounds.T >= page.Bounds.T && n.Bounds.B <= page.Bounds.B:
			return n
		}
	}
	return nil
}

func containsWord(list []string, word string) bool {
	for _, w := range list {
		if w != "" && w == word {
			return true
		}
	}
	return false
}
