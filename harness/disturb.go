package harness

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/telltale-farm/telltale/adb"
	"github.com/telltale-farm/telltale/adb/ui"
	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/harness/profile/catalogue"
)

// maxDisturbances is how many windows of the system's may lie over one step before it is given up.
const maxDisturbances = 3

// step makes one step of an action. When the screen does not show what it waits for, and a window of the system's that
// the catalogue knows lies over it, that is closed and the step is made again; the evidence says so.
func (d *Driver) step(ctx context.Context, try func(context.Context) error) error {
	for n := 0; ; n++ {
		trying, cancel := context.WithTimeout(ctx, cmp.Or(d.Within, screenTimeout))
		err := try(trying)
		cancel()
		var missing *NotPerformed
		if !errors.As(err, &missing) || n == maxDisturbances || ctx.Err() != nil {
			return err
		}
		closed, app, cerr := d.closeDialog(ctx)
		if cerr != nil || closed == "" {
			return err // what was wanted and not seen says more than a look that failed
		}
		if d.Disturbed != nil {
			d.Disturbed(closed, app)
		}
	}
}

// disturbed writes down that a step was made again after a window of the system's was closed.
func (l *Lease) disturbed(dialog, app string) {
	l.say("disturbed by a dialog of the system's: " + dialog)
	l.disturbance(leak.Disturbance{What: dialog, App: app, Closed: true})
}

// disturbance keeps one for the attempt under way, and for the journal.
func (l *Lease) disturbance(d leak.Disturbance) {
	if l.rec != nil { // nil while a phone is examined without a proxy
		d.At = l.rec.Now()
	}
	l.disturbances = append(l.disturbances, d)
	if err := l.dir.AppendJournal("disturbed", map[string]any{"attempt": l.attempts, "dialog": d.What, "app": d.App}); err != nil {
		l.say("writing the journal: " + err.Error())
	}
}

// Displaced says that something which neither the action nor its app opened lay in front of the screen when the window
// closed: a dialog, or somebody touched the phone. What was sent meanwhile says nothing about the action alone, so the
// attempt is void and made again.
type Displaced struct{ Was, Is string }

func (d *Displaced) Error() string {
	return fmt.Sprintf("disturbed: %q came to the front of the screen where %q was: leave the phone alone while a run lasts, and close what pops up on it", d.Is, d.Was)
}

// front is whose window takes the user's input: a package, or the name of a window that is no app's. It is empty if that
// cannot be told, as while windows change.
func (l *Lease) front(ctx context.Context) (string, error) {
	f, err := l.driver.Screen.Focus(ctx)
	switch {
	case adb.CodeOf(err) == adb.Malformed:
		return "", nil
	case err != nil:
		return "", err
	case f.Package != "":
		return f.Package, nil
	}
	return f.Window, nil
}

// displaced compares what is in front at the end of a window with what the action had left there.
func (l *Lease) displaced(ctx context.Context, was string) error {
	is, err := l.front(ctx)
	if err != nil || was == "" || is == "" || is == was {
		return err
	}
	l.disturbance(leak.Disturbance{What: "in front", App: is})
	return &Displaced{Was: was, Is: is}
}

// closeDialog closes a window of the system's that the catalogue knows, and names it and whose it is; empty if there is
// none.
func (d *Driver) closeDialog(ctx context.Context) (id, app string, err error) {
	tree, err := d.Screen.Dump(ctx)
	if err != nil {
		return "", "", err
	}
	for _, known := range catalogue.Dialogs() {
		for _, pkg := range known.Packages {
			button := buttonOf(tree, known, pkg)
			if button == nil {
				continue
			}
			x, y := button.Bounds.Center()
			return known.ID, pkg, d.Device.Tap(ctx, x, y)
		}
	}
	return "", "", nil
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
