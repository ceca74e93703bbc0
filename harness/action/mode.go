package action

import (
	"context"
	"errors"

	"github.com/telltale-farm/telltale/harness"
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
	was, err := d.Enhance(ctx, b.Entry, false)
	if was { // also where it is not known what became of it
		defer func() {
			_, back := d.Enhance(ctx, b.Entry, true)
			err = errors.Join(err, back)
		}()
	}
	if err != nil {
		return err
	}
	return act()
}
