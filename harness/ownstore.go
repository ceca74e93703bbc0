package harness

import (
	"context"
	"errors"
	"fmt"

	"github.com/telltale-farm/telltale/adb"
	"github.com/telltale-farm/telltale/adb/ui"
	"github.com/telltale-farm/telltale/harness/profile/catalogue"
)

// switching drives the switch by which an app with certificates of its own is made to believe those of the phone's user,
// through the app's own settings, as the catalogue says.
type switching struct {
	*Driver
	app     catalogue.Entry
	matched func(leg, by string) // told which alternative led on; may be nil
}

// turn makes the switch on or off and reads it back, and says how it stood. before is called with that before the switch is
// touched; what it returns ends it. A *NotPerformed says that the screen showed no way: then the switch stands as it was, or,
// once before was called, nobody knows how.
func (w *switching) turn(ctx context.Context, on bool, before func() error) (was bool, err error) {
	was, label, err := w.reach(ctx)
	if err != nil {
		return false, err
	}
	if was != on {
		if err := before(); err != nil {
			return was, err
		}
		x, y := label.Bounds.Center()
		if err := w.Device.Tap(ctx, x, y); err != nil {
			return was, err
		}
		want := w.name() + " to be switched " + state(on)
		err := w.step(ctx, func(ctx context.Context) error {
			return notPerformed(want, w.Screen.Await(ctx, want, func(t *ui.Tree) bool {
				_, now := w.read(t)
				return now != nil && now.Checked == on
			}))
		})
		if err != nil {
			return was, err
		}
	}
	return was, w.leave(ctx)
}

func (w *switching) name() string {
	return fmt.Sprintf("%q of %s", w.app.OwnStore.Switch.What, w.app.Package)
}

func state(on bool) string {
	if on {
		return "on"
	}
	return "off"
}

// reach goes to the switch and reads it: by the intent that opens the app's settings, else by its menus.
func (w *switching) reach(ctx context.Context) (on bool, label *ui.Node, err error) {
	if err := w.start(ctx); err != nil {
		return false, nil, err
	}
	way := w.app.OwnStore
	if way.Intent != "" {
		res, ierr := w.Device.StartActivity(ctx, fieldsOf(way.Intent)...)
		if ierr == nil && res.OK() {
			on, label, err = w.fromSettings(ctx)
		} else if err = ierr; err == nil || adb.CodeOf(err) == adb.NoActivity || adb.CodeOf(err) == adb.Denied {
			err = &NotPerformed{Want: "the settings of " + w.app.Package, Got: res.Error, Err: ierr}
		}
		var missing *NotPerformed
		if !errors.As(err, &missing) || len(way.Menu) == 0 {
			return on, label, err
		}
		byIntent := err
		if err := w.restart(ctx); err != nil {
			return false, nil, errors.Join(byIntent, err)
		}
	}
	for _, leg := range way.Menu {
		if err := w.pass(ctx, leg); err != nil {
			return false, nil, err
		}
	}
	return w.fromSettings(ctx)
}

// restart begins again from the app's first screen.
func (w *switching) restart(ctx context.Context) error {
	if err := w.leave(ctx); err != nil {
		return err
	}
	return w.start(ctx)
}

// start brings the app to the front by its icon, so that its first-run dialogs do not swallow what comes.
func (w *switching) start(ctx context.Context) error {
	if err := w.Screen.Home(ctx); err != nil {
		return err
	}
	if err := w.Start(ctx, w.app.Package, w.app.Launch); err != nil {
		return err
	}
	if err := w.Front(ctx, w.app.Package); err != nil {
		return err
	}
	return w.Dismiss(ctx, w.app)
}

// leave has the app write down what was switched, and read it anew: an app keeps its settings when it leaves the screen,
// and asks for certificates when it starts.
func (w *switching) leave(ctx context.Context) error {
	if err := w.Screen.Home(ctx); err != nil {
		return err
	}
	if err := w.AwaitFocus(ctx, w.app.Package+" to leave the screen", func(window string) bool { return !isOf(window, w.app.Package) }); err != nil {
		return err
	}
	_, err := w.Device.Shell(ctx, "am", "force-stop", w.app.Package)
	return err
}

// fromSettings goes on from the app's settings.
func (w *switching) fromSettings(ctx context.Context) (on bool, label *ui.Node, err error) {
	way := w.app.OwnStore
	for _, leg := range way.Reveal {
		if err := w.pass(ctx, leg); err != nil {
			return false, nil, err
		}
	}
	for range max(0, len(way.Reveal)-1) { // the last part opens no screen
		if err := w.Screen.Back(ctx); err != nil {
			return false, nil, err
		}
	}
	for _, leg := range way.Page {
		if err := w.pass(ctx, leg); err != nil {
			return false, nil, err
		}
	}
	var now *ui.Node
	by := ""
	if err := w.look(ctx, way.Switch, func(t *ui.Tree) bool {
		label, now = w.read(t)
		by = describeNode(label)
		return now != nil
	}); err != nil {
		return false, nil, err
	}
	w.tell(way.Switch.What, by)
	return now.Checked, label, nil
}

// read finds the label of the switch on the screen, and the switch that belongs to it; nil if it shows no state.
func (w *switching) read(t *ui.Tree) (label, its *ui.Node) {
	for _, s := range selectorsOf(w.app.OwnStore.Switch.At) {
		if n := t.Find(s); n != nil && !n.Bounds.Empty() {
			if of := t.SwitchOf(n); of != nil {
				return n, of
			}
		}
	}
	return nil, nil
}
