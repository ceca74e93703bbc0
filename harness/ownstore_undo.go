package harness

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/telltale-farm/telltale/adb"
	"github.com/telltale-farm/telltale/adb/ui"
	"github.com/telltale-farm/telltale/harness/profile"
	"github.com/telltale-farm/telltale/harness/profile/catalogue"
)

// switchTime bounds the way to one switch and back: on a real phone each look takes 2 to 3 s, and there are some twenty.
const switchTime = 3 * time.Minute

// SwitchLeft says that everything was put back but switches in apps, whose screens could not be driven to where they were
// read back as they had been. They stay in the undo journal, and are tried again.
type SwitchLeft struct {
	Phone string
	Left  []LeftSwitch
}

// LeftSwitch is one of them: what its owner has to do, and why we could not.
type LeftSwitch struct{ App, Switch, Was, ByHand, Why string }

func (e *SwitchLeft) Error() string {
	var t strings.Builder
	for i, s := range e.Left {
		if i > 0 {
			t.WriteString("; ")
		}
		fmt.Fprintf(&t, "a switch of %s on %s was %s before, and was not read back so (%s); by hand: %s, then run `telltale restore`, which looks again", s.App, e.Phone, s.Was, s.Why, s.ByHand)
	}
	return t.String()
}

// restoreSwitches puts the switches in apps back as they stood before the oldest change, and reads them back. What cannot
// be driven while the phone answers is left, and said; a phone that does not answer is an error.
func restoreSwitches(ctx context.Context, d *adb.Device, entries []UndoEntry) error {
	var left SwitchLeft
	done := map[string]bool{}
	for _, e := range entries {
		if e.Namespace != switchNamespace || done[e.Key+" "+e.Switch] {
			continue
		}
		done[e.Key+" "+e.Switch] = true
		if e.settled(entries) {
			continue
		}
		err := restoreSwitch(ctx, d, e)
		if err == nil {
			continue
		}
		if ctx.Err() != nil {
			return fmt.Errorf("putting a switch of %s back: %w", e.Key, err)
		}
		if _, alive := d.Shell(ctx, "true"); alive != nil {
			return fmt.Errorf("putting a switch of %s back: %w", e.Key, errors.Join(err, alive))
		}
		was := "unset"
		if e.Old != nil {
			was = *e.Old
		}
		hand := "see docs/phones.md"
		switch entry, ok := catalogue.Find(e.Key, e.Personality); {
		case ok && e.Switch == enhancedSwitch && entry.Browser != nil && entry.Browser.Private.Enhanced.Words != "":
			hand = fmt.Sprintf(entry.Browser.Private.Enhanced.Words, was)
		case ok && e.Switch == "" && entry.OwnStore != nil:
			hand = byHand(entry, was == state(true))
		}
		left.Phone = e.Phone
		left.Left = append(left.Left, LeftSwitch{App: e.Key, Switch: e.Switch, Was: was, ByHand: hand, Why: err.Error()})
	}
	if len(left.Left) == 0 {
		return nil
	}
	return &left
}

func restoreSwitch(ctx context.Context, d *adb.Device, e UndoEntry) error {
	entry, ok := catalogue.Find(e.Key, e.Personality)
	enhanced := e.Switch == enhancedSwitch
	if !ok || enhanced && entry.Browser == nil || !enhanced && (entry.OwnStore == nil || e.Switch != "") || e.Old == nil {
		return errors.New("this telltale knows no way to it")
	}
	installed, err := d.Packages(ctx)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(installed, func(p adb.Package) bool { return p.Name == e.Key }) {
		return nil // it went with the app and all that it had stored
	}
	ctx, cancel := context.WithTimeout(ctx, switchTime)
	defer cancel()
	driver := &Driver{Device: d, Screen: ui.NewScreen(d), Phone: &profile.Phone{ID: e.Phone, PINEnv: e.PINEnv}}
	pin, err := driver.pin()
	if err != nil {
		return err
	}
	if err := driver.Screen.Unlock(ctx, pin); err != nil {
		return err
	}
	if enhanced {
		err = restoreEnhanced(ctx, driver, entry, *e.Old == state(true))
	} else {
		w := &switching{Driver: driver, app: entry}
		_, err = w.turn(ctx, *e.Old == state(true), func() error { return nil })
	}
	if err != nil {
		_ = driver.Screen.Home(ctx) // the phone is not left in the middle of it; what went wrong is said
	}
	return err
}

// switching is how long putting the switches of a journal back may take.
func (u *Undo) switching() time.Duration {
	if slices.ContainsFunc(u.entries, func(e UndoEntry) bool { return e.Namespace == switchNamespace }) {
		return switchTime
	}
	return 0
}

// of lists the entries of a journal that are left.
func (e *SwitchLeft) of(entries []UndoEntry) (out []UndoEntry) {
	for _, entry := range entries {
		if entry.Namespace == switchNamespace && slices.ContainsFunc(e.Left, func(s LeftSwitch) bool { return s.App == entry.Key && s.Switch == entry.Switch }) {
			out = append(out, entry)
		}
	}
	return out
}
