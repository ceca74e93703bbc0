package harness

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/telltale-farm/telltale/adb"
	"github.com/telltale-farm/telltale/adb/ui"
	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/harness/profile"
	"github.com/telltale-farm/telltale/harness/profile/catalogue"
)

// Driver is what an action drives: one phone's screen and shell, and what is known of its apps.
type Driver struct {
	Device *adb.Device
	Screen *ui.Screen
	Phone  *profile.Phone
	// Disturbed is told when a window of the system's lay over a step and was closed; may be nil.
	Disturbed func(dialog, app string)
	// Consented is told whether an app asked its user to agree, and how many pages of that kind were answered with yes; may be nil.
	Consented func(app string, asked bool, yes int)
	// Switching is told of a switch in an app before it is touched; Switched of one that was found, after it was read back, with
	// what led to it. Both may be nil.
	Switching func(leak.Switched) error
	Switched  func(s leak.Switched, led map[string]string) error
	// Within is how long a step may take until the screen shows what it waits for; 0 for 20 s.
	Within time.Duration
	// Remember writes a script of the phone's shell to the undo journal before what it undoes is done; may be nil.
	Remember func(what, script string) error
}

// screenTimeout is how long a screen may take to show what an action waits for. Cold starts on slow phones take 10 s.
const screenTimeout = 20 * time.Second

// Allow returns a *NotAllowed unless devices.yaml allows a destructive verb on this phone.
func (d *Driver) Allow(verb string) error {
	if slices.Contains(d.Phone.Allow, verb) {
		return nil
	}
	return &NotAllowed{Phone: d.Phone.ID, Verb: verb}
}

// Find waits until one of the selectors matches a node, and returns it. After the wait it is a *NotPerformed.
func (d *Driver) Find(ctx context.Context, what string, selectors []catalogue.Selector) (*ui.Node, error) {
	var found *ui.Node
	err := d.step(ctx, func(ctx context.Context) (err error) {
		found, err = d.Screen.WaitFor(ctx, selectorsOf(selectors)...)
		return notPerformed(what, err)
	})
	return found, err
}

// Tap finds a node and taps it.
func (d *Driver) Tap(ctx context.Context, what string, selectors []catalogue.Selector) error {
	return d.step(ctx, func(ctx context.Context) error {
		return notPerformed(what, d.Screen.Tap(ctx, selectorsOf(selectors)...))
	})
}

// Await waits until the screen's tree is as wanted. After the wait it is a *NotPerformed with the last tree.
func (d *Driver) Await(ctx context.Context, what string, wanted func(*ui.Tree) bool) error {
	return d.step(ctx, func(ctx context.Context) error {
		return notPerformed(what, d.Screen.Await(ctx, what, wanted))
	})
}

// Shows says whether one of the selectors matches a node now.
func (d *Driver) Shows(ctx context.Context, selectors []catalogue.Selector) (bool, error) {
	tree, err := d.Screen.Dump(ctx)
	if err != nil {
		return false, err
	}
	for _, s := range selectorsOf(selectors) {
		if len(tree.FindAll(s)) > 0 {
			return true, nil
		}
	}
	return false, nil
}

// Front waits until a package is in front.
func (d *Driver) Front(ctx context.Context, pkg string) error {
	return d.step(ctx, func(ctx context.Context) error {
		return notPerformed(pkg+" in front", d.Screen.WaitFocus(ctx, pkg))
	})
}

// AwaitFocus waits until the window that takes the user's input has a name as wanted.
func (d *Driver) AwaitFocus(ctx context.Context, what string, wanted func(window string) bool) error {
	return d.step(ctx, func(ctx context.Context) error {
		return notPerformed(what, d.Screen.AwaitFocus(ctx, what, func(f adb.Focus) bool { return wanted(f.Window) }))
	})
}

// AwaitPlayback waits until the phone's media sessions are as wanted.
func (d *Driver) AwaitPlayback(ctx context.Context, what string, wanted func([]adb.Playback) bool) error {
	return d.step(ctx, func(ctx context.Context) error {
		return notPerformed(what, d.Screen.AwaitState(ctx, what, func() (bool, string, error) {
			all, err := d.Device.Playback(ctx)
			return err == nil && wanted(all), fmt.Sprintf("%+v", all), err
		}))
	})
}

// Dismiss taps away the first-run and consent dialogs that the catalogue knows of a package, one after the other, until
// none is left.
func (d *Driver) Dismiss(ctx context.Context, entry catalogue.Entry) error {
	for n := range maxDialogs {
		tapped, err := d.Screen.Dismiss(ctx, selectorsOf(entry.Consent))
		if err != nil {
			return err
		}
		if !tapped {
			d.Asked(entry, n)
			return nil
		}
	}
	d.Asked(entry, maxDialogs)
	return &NotPerformed{Want: "the dialogs of " + entry.Package + " to end", Got: fmt.Sprintf("still one after %d", maxDialogs)}
}

// Asked says that an app was seen to ask its user to agree, in so many pages that were answered with yes, or not to ask;
// of an app of which the catalogue knows no such page it cannot be told.
func (d *Driver) Asked(entry catalogue.Entry, yes int) {
	if d.Consented != nil && len(entry.Consent) > 0 {
		d.Consented(entry.Package, yes > 0, yes)
	}
}

// maxDialogs is more first-run pages than any browser of the catalogue shows.
const maxDialogs = 8

// notPerformed turns a screen that does not show what was wanted into an outcome; anything else stays the fault it is.
func notPerformed(what string, err error) error {
	var missing *ui.NotFoundError
	if !errors.As(err, &missing) {
		return err
	}
	return &NotPerformed{Want: what, Got: missing.Error(), Dump: missing.Dump, Err: err}
}

func selectorsOf(in []catalogue.Selector) []ui.Selector {
	out := make([]ui.Selector, len(in))
	for i, s := range in {
		out[i] = ui.Selector{ID: s.ID, Texts: s.Texts, Descs: s.Descs, Class: s.Class, Checked: ui.Checked(s.Checked), Percent: s.Percent}
	}
	return out
}
