package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/telltale-farm/telltale/capture/flow/safe"
	"github.com/telltale-farm/telltale/harness"
	"github.com/telltale-farm/telltale/harness/world"
)

// restoreCmd puts every changed setting of every phone back from the undo journals.
type restoreCmd struct {
	ID []string `arg:"" optional:"" help:"Phones, by their id in devices.yaml; all that have an open journal if none is named."`

	Bounds harness.Bounds `kong:"-"` // how long a phone is waited for; the zero value waits as a run does
}

// Help is shown below the flags.
func (restoreCmd) Help() string {
	return `Reads the undo journals that ended runs left behind, puts each setting back to what it was before, and reads it back.
A phone that is away is waited for, for a minute, and one that is starting for five; that changes nothing, and may be interrupted.
A switch in an app (Firefox's for certificates of the phone's user) is driven back on the phone's screen, last of all.
A journal is closed only when everything in it was put back; what could not be stays for the next try, with what to do by hand.

Example:
  telltale restore

EXIT STATUS
  0  nothing is left to put back
  1  a phone is absent, or a setting could not be put back`
}

// restoreTimeout bounds what is done to one phone that is there, and the wait for another process that drives it.
const restoreTimeout = 5 * time.Minute

// Run restores one phone after the other, and goes on after one that is absent.
func (r *restoreCmd) Run(ctx context.Context, c *console, g *globals) error {
	state, err := g.stateDir()
	if err != nil {
		return err
	}
	open, err := harness.UndoSerials(state)
	if err != nil {
		return err
	}
	if len(open) == 0 {
		fmt.Fprintf(c.Out, "nothing is left to put back: there is no open undo journal in %s\n", state)
		return nil
	}
	if err := r.known(open); err != nil {
		return err
	}
	var errs []error
	for _, e := range open {
		if len(r.ID) > 0 && !slices.Contains(r.ID, e.Phone) {
			continue
		}
		if err := ctx.Err(); err != nil {
			break // interrupted, which the phone before has said
		}
		if err := r.restoreOne(ctx, c, state, e); err != nil {
			errs = append(errs, fmt.Errorf("restoring %s: %w", e.Phone, err))
			continue
		}
		fmt.Fprintf(c.Out, "%s (%s): everything is as it was before\n", safe.Text(e.Phone), safe.Text(e.Serial))
	}
	if len(errs) > 0 {
		remedy(c)
		return errors.Join(errs...)
	}
	return nil
}

// known refuses a name that no open journal has: a typo must not look like a phone that is in order.
func (r *restoreCmd) known(open []harness.UndoEntry) error {
	var ids []string
	for _, e := range open {
		ids = append(ids, e.Phone)
	}
	for _, id := range r.ID {
		if !slices.Contains(ids, id) {
			return fmt.Errorf("no open undo journal is of a phone %q; there are journals of %s", id, strings.Join(ids, ", "))
		}
	}
	return nil
}

// restoreOne puts one phone back, once nobody drives it any more and it is there.
func (r *restoreCmd) restoreOne(ctx context.Context, c *console, state string, e harness.UndoEntry) (err error) {
	locking, cancel := context.WithTimeout(ctx, restoreTimeout)
	defer cancel()
	lock, err := harness.LockPhone(locking, state, e.Serial)
	if err != nil {
		return err
	}
	defer lock.Unlock()
	undo, err := harness.OpenUndo(state, e.Serial)
	if err != nil {
		return err
	}
	if e.Run {
		return undo.Done() // the phone lived inside the run that changed it: there is nothing left of it
	}
	device, leave, err := world.Reach(ctx, state, e.ADB, e.Serial, e.Address)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, leave()) }()
	err = harness.Await(ctx, device, harness.Waiting{Address: e.Address, State: state, Bounds: r.Bounds, Say: func(line string) {
		fmt.Fprintf(c.Err, "%s: %s\n", safe.Text(e.Phone), safe.Text(line))
	}})
	if err != nil {
		return fmt.Errorf("%w; nothing was changed, and the undo journal stays: once the phone is attached and its home screen is there, run `telltale restore` again", err)
	}
	restoring, cancel := context.WithTimeout(ctx, restoreTimeout)
	defer cancel()
	return harness.Restore(restoring, device, undo)
}
