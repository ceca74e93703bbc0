package action

import (
	"context"

	"github.com/telltale-farm/telltale/adb/ui"
	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/harness"
	"github.com/telltale-farm/telltale/harness/profile/catalogue"
)

type readNews struct {
	browser Browser
	title   string // of the item that was opened
}

// ReadNews scrolls through the news on a browser's start page and opens an item. Who wrote it is asked for it; that this
// item was chosen, by its title, is meant for nobody.
func ReadNews(b Browser) harness.Action { return &readNews{browser: b} }

// HasNews says whether the catalogue knows of news on the browser's start page.
func (b Browser) HasNews() bool { return b.Entry.Browser != nil && len(b.Entry.Browser.Feed) > 0 }

func (*readNews) Name() string { return "read-news" }

func (a *readNews) About() harness.About {
	return harness.About{
		Scope: leak.ScopeApp, App: a.browser.App, Claims: []leak.Claim{leak.ClaimReaction},
		Postcondition: "the item, and no longer the list of news, in " + a.browser.App,
	}
}

// Learned is the title of the item: nobody knows before which one there will be.
func (a *readNews) Learned() []leak.Marker {
	if a.title == "" {
		return nil
	}
	return []leak.Marker{{Kind: "title", Text: a.title}}
}

func (a *readNews) Run(ctx context.Context, d *harness.Driver) error {
	a.title = ""
	b := a.browser
	return b.in(ctx, d, Normal, func() error {
		if err := b.startPage(ctx, d); err != nil {
			return err
		}
		for _, way := range [][2][2]int{{{50, 75}, {50, 55}}, {{50, 55}, {50, 75}}} { // down and up: a look around
			if err := d.Screen.Swipe(ctx, way[0], way[1], swipeTime); err != nil {
				return err
			}
		}
		item, err := d.Find(ctx, "an item of the news", b.Entry.Browser.Feed)
		if err != nil {
			return err
		}
		a.title = item.Text
		x, y := item.Bounds.Center()
		if err := d.Device.Tap(ctx, x, y); err != nil {
			return err
		}
		return d.Await(ctx, "the item instead of the list", func(t *ui.Tree) bool {
			if !b.inFront(t) {
				return false
			}
			for _, s := range b.Entry.Browser.Feed {
				if t.Find(ui.Selector{ID: s.ID, Texts: s.Texts, Class: s.Class, Package: b.App}) != nil {
					return false
				}
			}
			return true
		})
	})
}

// startPage waits for the news, after closing the tabs that are in the way of them.
func (b Browser) startPage(ctx context.Context, d *harness.Driver) error {
	on, err := d.Shows(ctx, b.Entry.Browser.Feed)
	if err != nil {
		return err
	}
	if !on {
		for _, step := range b.Entry.Browser.Clear {
			if err := d.Tap(ctx, "to close all tabs", []catalogue.Selector{step}); err != nil {
				return err
			}
		}
	}
	_, err = d.Find(ctx, "an item of the news", b.Entry.Browser.Feed)
	return err
}
