package action

import (
	"context"
	"fmt"

	"github.com/telltale-farm/telltale/adb/ui"
	"github.com/telltale-farm/telltale/harness"
	"github.com/telltale-farm/telltale/harness/profile/catalogue"
)

// Browser is a browser as a scenario sees it: its id, its package, its search engine and how it is driven.
type Browser struct {
	ID         string
	App        string
	SearchHost string
	Entry      catalogue.Entry
}

// Mode says in which kind of tab an action happens.
type Mode bool

// The modes of a browser.
const (
	Normal  Mode = false
	Private Mode = true
)

func (m Mode) String() string {
	if m == Private {
		return "private"
	}
	return "normal"
}

// open brings the browser to the front with its dialogs dismissed, in a fresh private tab if mode asks for one.
func (b Browser) open(ctx context.Context, d *harness.Driver, mode Mode) error {
	if b.Entry.Browser == nil {
		return &harness.NotPerformed{Want: "to drive " + b.App, Got: "no entry in the catalogue says how (see docs/phones.md)"}
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
	if err := d.Dismiss(ctx, b.Entry); err != nil {
		return err
	}
	if mode == Private {
		return b.private(ctx, d)
	}
	return b.leavePrivate(ctx, d)
}

// private opens a new private tab and proves it by the mark that only a private tab shows.
func (b Browser) private(ctx context.Context, d *harness.Driver) error {
	way := b.Entry.Browser.Private
	if len(way.Steps) == 0 || len(way.Marker) == 0 {
		return &harness.NotPerformed{Want: "a private tab in " + b.App, Got: "the catalogue knows no way to one"}
	}
	for i, step := range way.Steps {
		if err := d.Tap(ctx, fmt.Sprintf("step %d to a private tab", i+1), []catalogue.Selector{step}); err != nil {
			return err
		}
	}
	_, err := d.Find(ctx, "the mark of a private tab", way.Marker)
	return err
}

// leavePrivate makes sure that an action in a normal tab does not happen in a private one left over.
func (b Browser) leavePrivate(ctx context.Context, d *harness.Driver) error {
	way := b.Entry.Browser.Private
	if len(way.Marker) == 0 || len(way.Leave) == 0 {
		return nil
	}
	on, err := d.Shows(ctx, way.Marker)
	if err != nil || !on {
		return err
	}
	for _, step := range way.Leave {
		if err := d.Tap(ctx, "a normal tab", []catalogue.Selector{step}); err != nil {
			return err
		}
	}
	return nil
}

// enter types text into the browser's one field and presses enter, after proving that the field holds the text.
func (b Browser) enter(ctx context.Context, d *harness.Driver, text string) error {
	if err := d.Tap(ctx, "the search box", b.Entry.Browser.SearchBox); err != nil {
		return err
	}
	if err := d.Screen.Type(ctx, text); err != nil {
		return err
	}
	field, err := d.Find(ctx, "the field being typed into", b.Entry.Browser.URLField)
	if err != nil {
		return err
	}
	if field.Text != text {
		return &harness.NotPerformed{Want: "the field to hold what was typed", Got: fmt.Sprintf("%q", field.Text)}
	}
	return d.Screen.Key(ctx, ui.KeyEnter)
}
