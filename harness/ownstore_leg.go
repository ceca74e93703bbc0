package harness

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/telltale-farm/telltale/adb/ui"
	"github.com/telltale-farm/telltale/harness/profile/catalogue"
)

// pass makes one part of the way: it finds what is to be tapped, says by which alternative, and taps it. A part that is one
// tap opens another screen, which is waited for.
func (w *switching) pass(ctx context.Context, leg catalogue.Leg) error {
	var node *ui.Node
	by := ""
	all := selectorsOf(leg.At)
	err := w.look(ctx, leg, func(t *ui.Tree) bool {
		for _, s := range all {
			if n := t.Find(s); n != nil && n.Enabled && !n.Bounds.Empty() {
				node, by = n, s.String()
				return true
			}
		}
		return false
	})
	var missing *NotPerformed
	point := slices.IndexFunc(leg.At, func(s catalogue.Selector) bool { return s.Percent != [2]int{} })
	if errors.As(err, &missing) && point >= 0 {
		node, by, err = nil, all[point].String(), nil
	}
	if err != nil {
		return err
	}
	w.tell(leg.What, by)
	before, err := w.Screen.Dump(ctx)
	if err != nil {
		return err
	}
	for range max(1, leg.Times) {
		if node == nil {
			err = w.Screen.Tap(ctx, ui.Selector{Percent: leg.At[point].Percent})
		} else {
			x, y := node.Bounds.Center()
			err = w.Device.Tap(ctx, x, y)
		}
		if err != nil {
			return err
		}
	}
	if leg.Times > 1 {
		return nil
	}
	return w.Await(ctx, "what "+leg.What+" opens", func(t *ui.Tree) bool { return !bytes.Equal(t.XML, before.XML) })
}

// look waits until the screen shows what is wanted, further down a list too if the part says so.
func (w *switching) look(ctx context.Context, leg catalogue.Leg, wanted func(*ui.Tree) bool) error {
	what := leg.What + " in " + w.app.Package
	if !leg.Scroll {
		return w.Await(ctx, what, wanted)
	}
	for n := 0; ; n++ {
		err := w.scroll(ctx, what, wanted)
		var missing *NotPerformed
		if !errors.As(err, &missing) || n == maxDisturbances {
			return err
		}
		closed, app, cerr := w.closeDialog(ctx)
		if cerr != nil || closed == "" {
			return err
		}
		if w.Disturbed != nil {
			w.Disturbed(closed, app)
		}
	}
}

func (w *switching) tell(leg, by string) {
	if w.matched != nil {
		w.matched(leg, by)
	}
}

func describeNode(n *ui.Node) string {
	if n == nil {
		return ""
	}
	return n.String()
}

func fieldsOf(intent string) []string { return strings.Fields(intent) }

// isOf says whether a window is an app's.
func isOf(window, pkg string) bool { return window == pkg || strings.HasPrefix(window, pkg+"/") }
