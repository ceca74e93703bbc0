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
	if mode != Normal {
		_, err := d.OpenPrivate(ctx, b.Entry)
		return err
	}
	return d.OpenNormal(ctx, b.Entry)
}

// enter types text into the browser's one field and presses enter, after proving that the field holds the text.
func (b Browser) enter(ctx context.Context, d *harness.Driver, text string) error {
	if err := b.typed(ctx, d, text); err != nil {
		return err
	}
	return d.Screen.Key(ctx, ui.KeyEnter)
}

// maxFocusLooks is how often a field is looked at for the focus; on a real phone a look takes 2 to 3 s.
const maxFocusLooks = 3

// typed types text into the browser's one field and proves that the field holds it.
func (b Browser) typed(ctx context.Context, d *harness.Driver, text string) error {
	if err := d.Tap(ctx, "the search box", b.Entry.Browser.SearchBox); err != nil {
		return err
	}
	// A field that still moves into place takes nothing of what is typed at once. One that never says it has the focus, as some
	// do not, is there in the end.
	looks := 0
	if err := d.Await(ctx, "the field to take what is typed", func(t *ui.Tree) bool {
		looks++
		f := b.field(t)
		return f != nil && (f.Focused || looks > maxFocusLooks)
	}); err != nil {
		return err
	}
	if err := d.Type(ctx, text); err != nil {
		return err
	}
	field, err := d.Find(ctx, "the field being typed into", b.Entry.Browser.URLField)
	if err != nil {
		return err
	}
	if field.Text != text {
		return &harness.NotPerformed{Want: "the field to hold what was typed", Got: fmt.Sprintf("%q", field.Text)}
	}
	return nil
}
