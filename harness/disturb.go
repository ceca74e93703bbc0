package harness

import (
	"context"
	"errors"
	"slices"

	"github.com/telltale-farm/telltale/adb/ui"
	"github.com/telltale-farm/telltale/harness/profile/catalogue"
)

// maxDisturbances is how many windows of the system's may lie over one step before it is given up.
const maxDisturbances = 3

// step makes one step of an action. When the screen does not show what it waits for, and a window of the system's that
// the catalogue knows lies over it, that is closed and the step is made again; the evidence says so.
func (d *Driver) step(ctx context.Context, try func(context.Context) error) error {
	for n := 0; ; n++ {
		trying, cancel := context.WithTimeout(ctx, screenTimeout)
		err := try(trying)
		cancel()
		var missing *NotPerformed
		if !errors.As(err, &missing) || n == maxDisturbances || ctx.Err() != nil {
			return err
		}
		closed, cerr := d.closeDialog(ctx)
		if cerr != nil || closed == "" {
			return err // what was wanted and not seen says more than a look that failed
		}
		if d.Disturbed != nil {
			d.Disturbed(closed)
		}
	}
}

// disturbed writes down that a step was made again after a window of the system's was closed.
func (l *Lease) disturbed(dialog string) {
	l.say("disturbed by a dialog of the system's: " + dialog)
	if err := l.dir.AppendJournal("disturbed", map[string]any{"attempt": l.attempts, "dialog": dialog}); err != nil {
		l.say("writing the journal: " + err.Error())
	}
}

// closeDialog closes a window of the system's that the catalogue knows, and names it; empty if there is none.
func (d *Driver) closeDialog(ctx context.Context) (string, error) {
	tree, err := d.Screen.Dump(ctx)
	if err != nil {
		return "", err
	}
	for _, known := range catalogue.Dialogs() {
		for _, pkg := range known.Packages {
			button := buttonOf(tree, known, pkg)
			if button == nil {
				continue
			}
			x, y := button.Bounds.Center()
			return known.ID, d.Device.Tap(ctx, x, y)
		}
	}
	return "", nil
}

// buttonOf finds the button that closes a dialog of a package, if it is that dialog.
func buttonOf(t *ui.Tree, known catalogue.Dialog, pkg string) *ui.Node {
	signed := len(known.Signs) == 0 || slices.ContainsFunc(known.Signs, func(id string) bool { return t.Find(ui.Selector{ID: id, Package: pkg}) != nil })
	if !signed {
		return nil
	}
	for _, s := range selectorsOf(known.Buttons) {
		s.Package = pkg
		if n := t.Find(s); n != nil && n.Enabled && !n.Bounds.Empty() {
			return n
		}
	}
	return nil
}
