package action

import (
	"context"
	"strings"
	"time"

	"github.com/telltale-farm/telltale/adb"
	"github.com/telltale-farm/telltale/adb/ui"
	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/harness"
)

type copyText struct {
	browser Browser
	text    *harness.Canary
}

// CopyText types a word into a browser's address field, cuts it out into the clipboard, leaves the app and returns to it,
// as somebody does who takes a note along. Nothing is searched for or opened. The word is meant for the browser's search
// engine alone, which makes suggestions of what is being typed.
func CopyText(b Browser, word *harness.Canary) harness.Action { return copyText{b, word} }

func (copyText) Name() string { return "copy-text" }

func (a copyText) About() harness.About {
	return harness.About{
		Scope: leak.ScopePhone, App: a.browser.App, Claims: []leak.Claim{leak.ClaimContent}, Canaries: []*harness.Canary{a.text},
		Postcondition: "the word in the clipboard, from where it was pasted once, and " + a.browser.App + " in front again",
	}
}

// pressTime is a long press: ViewConfiguration.getLongPressTimeout is 400 to 500 ms.
const pressTime = time.Second

func (a copyText) Run(ctx context.Context, d *harness.Driver) error {
	b := a.browser
	return b.in(ctx, d, Normal, func() error {
		if err := b.typed(ctx, d, a.text.Value()); err != nil {
			return err
		}
		word := a.text.Value()
		for _, step := range []struct {
			key  int
			want string
			held func(*ui.Node) bool
		}{
			{adb.KeyCut, "the field without the word", func(f *ui.Node) bool { return !strings.Contains(f.Text, word) }},
			{adb.KeyPaste, "the field with the word out of the clipboard", func(f *ui.Node) bool { return f.Text == word }},
			{adb.KeyCut, "the field without the word", func(f *ui.Node) bool { return !strings.Contains(f.Text, word) }},
		} {
			if step.key == adb.KeyCut {
				if err := b.selectWord(ctx, d); err != nil {
					return err
				}
			}
			if err := d.Screen.Key(ctx, step.key); err != nil {
				return err
			}
			if err := d.Await(ctx, step.want, func(t *ui.Tree) bool {
				f := b.field(t)
				return f != nil && step.held(f)
			}); err != nil {
				return err
			}
		}
		if err := d.Screen.Home(ctx); err != nil {
			return err
		}
		if err := start(ctx, d, b.App, b.Entry.Launch); err != nil {
			return err
		}
		return d.Front(ctx, b.App)
	})
}

// selectWord presses long on the beginning of the field, where its one word is.
func (b Browser) selectWord(ctx context.Context, d *harness.Driver) error {
	field, err := d.Find(ctx, "the field with the word", b.Entry.Browser.URLField)
	if err != nil {
		return err
	}
	x, y := field.Bounds.L+(field.Bounds.R-field.Bounds.L)/8, (field.Bounds.T+field.Bounds.B)/2
	return d.Device.Swipe(ctx, x, y, x, y, pressTime)
}

// field finds the browser's own field.
func (b Browser) field(t *ui.Tree) *ui.Node {
	for _, s := range b.Entry.Browser.URLField {
		if n := t.Find(ui.Selector{ID: s.ID, Texts: s.Texts, Descs: s.Descs, Class: s.Class, Package: b.App}); n != nil {
			return n
		}
	}
	return nil
}
