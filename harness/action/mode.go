package action

import (
	"context"
	"errors"

	"github.com/telltale-farm/telltale/adb/ui"
	"github.com/telltale-farm/telltale/harness"
	"github.com/telltale-farm/telltale/harness/profile/catalogue"
)

// Mode says in which kind of tab an action happens. It is the variant of its cell.
type Mode string

// The modes of a browser. Private is the private mode as the browser has it; of those that have "Enhanced incognito mode"
// (Mi Browser since May 2020), Unenhanced is the private mode with that switched off, which alone was said to send nothing.
const (
	Normal     Mode = ""
	Private    Mode = "private"
	Unenhanced Mode = "private-unenhanced"
)

func (m Mode) String() string {
	if m == Normal {
		return "normal"
	}
	return string(m)
}

// Modes lists the modes that the catalogue knows a way to, in the order in which scenarios go through them.
func (b Browser) Modes() []Mode {
	modes := []Mode{Normal, Private} // without a known way to it, the private one's cells are inconclusive, and say so
	if e := b.Entry.Browser; e != nil && len(e.Private.Enhanced.On) > 0 {
		modes = append(modes, Unenhanced)
	}
	return modes
}

// in brings the browser to the front in a tab of a mode, and acts there. What was switched for it is switched back.
func (b Browser) in(ctx context.Context, d *harness.Driver, mode Mode, act func() error) (err error) {
	if err := b.open(ctx, d, mode); err != nil {
		return err
	}
	if mode != Unenhanced {
		return act()
	}
	changed, err := b.enhance(ctx, d, false)
	if err != nil {
		return err
	}
	if changed {
		defer func() {
			_, back := b.enhance(ctx, d, true)
			err = errors.Join(err, back)
		}()
	}
	return act()
}

// enhance turns the enhanced incognito mode on or off, and says whether it was otherwise.
func (b Browser) enhance(ctx context.Context, d *harness.Driver, on bool) (changed bool, err error) {
	way := b.Entry.Browser.Private.Enhanced
	here, there := way.Off, way.On
	if on {
		here, there = way.On, way.Off
	}
	const what = "the switch of the enhanced incognito mode"
	for {
		for _, step := range way.Steps {
			if err := d.Tap(ctx, what, []catalogue.Selector{step}); err != nil {
				return changed, err
			}
		}
		if _, err := d.Find(ctx, what, append(append([]catalogue.Selector{}, here...), there...)); err != nil {
			return changed, err
		}
		done, err := d.Shows(ctx, here)
		if err != nil {
			return changed, err
		}
		if done {
			return changed, d.Screen.Key(ctx, ui.KeyBack)
		}
		if changed {
			return true, &harness.NotPerformed{Want: what + " to change", Got: "it stayed as it was"}
		}
		if err := d.Tap(ctx, what, there); err != nil {
			return false, err
		}
		changed = true // and looked at again: a tap may be dropped without a word
	}
}
