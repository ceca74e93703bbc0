package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/telltale-farm/telltale/harness"
	"github.com/telltale-farm/telltale/harness/world"
)

// restoreCmd puts every changed setting of every phone back from the undo journals.
type restoreCmd struct {
	ID []string `arg:"" optional:"" help:"Phones, by their id in devices.yaml; all that have an open journal if none is named."`
}

// Help is shown below the flags.
func (restoreCmd) Help() string {
	return `Reads the undo journals that ended runs left behind, puts each setting back to what it was before, and reads it back.
A switch in an app (Firefox's for certificates of the phone's user) is driven back on the phone's screen, last of all.
A journal is closed only when everything in it was put back; what could not be stays for the next try, with what to do by hand.

Example:
  telltale restore

EXIT STATUS
  0  nothing is left to put back
  1  a phone is absent, or a setting could not be put back`
}

// restoreTimeout bounds the wait for one phone.
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
		if err := restoreOne(ctx, state, e); err != nil {
			errs = append(errs, err)
			continue
		}
		fmt.Fprintf(c.Out, "%s (%s): everything is as it was before\n", e.Phone, e.Serial)
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

// restoreOne puts one phone back, once nobody drives it any more.
func restoreOne(ctx context.Context, state string, e harness.UndoEntry) (err error) {
	ctx, cancel := context.WithTimeout(ctx, restoreTimeout)
	defer cancel()
	lock, err := harness.LockPhone(ctx, state, e.Serial)
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
		return fmt.Errorf("restoring %s: %w", e.Phone, err)
	}
	defer func() { err = errors.Join(err, leave()) }()
	if err := harness.Restore(ctx, device, undo); err != nil {
		return fmt.Errorf("restoring %s: %w", e.Phone, err)
	}
	return nil
}
