package main

import (
	"context"
	"fmt"

	"github.com/telltale-farm/telltale/harness/evidence"
)

// diffCmd compares two bundles: what a firmware update changed.
type diffCmd struct {
	Old  string `arg:"" help:"Bundle from before."`
	New  string `arg:"" help:"Bundle from after."`
	JSON bool   `name:"json" help:"One JSON object."`
}

// Help is shown below the flags.
func (diffCmd) Help() string {
	return `Judges both bundles again with the rules of this telltale, so that a difference is the firmware's and not the rules',
and compares them cell by cell, by the ids of devices.yaml; then, phone by phone, destinations, endpoints, fields of what was
sent, and identifiers. A run whose sums do not hold is named as unverified. It refuses to mix virtual and real phones, and redacted
copies, which cannot be judged again. A claim that leaks now and was
inconclusive before reads "leaks now; before unknown".

Example:
  telltale diff evidence/20261001T090000Z evidence/20261121T120000Z

EXIT STATUS
  0  nothing leaks that was clean or unknown before, and every cell could be compared
  1  usage error, or the bundles cannot be compared
  3  something leaks that was clean (regressed), inconclusive, or not there before
  4  nothing of that, but no claim is possible for some cell, or one is gone`
}

// Run compares.
func (d *diffCmd) Run(_ context.Context, c *console) error {
	before, err := bundlePath(d.Old)
	if err != nil {
		return err
	}
	after, err := bundlePath(d.New)
	if err != nil {
		return err
	}
	changes, err := evidence.Compare(before, after)
	if err != nil {
		return err
	}
	if d.JSON {
		err = printJSON(c.Out, changes)
	} else {
		_, err = fmt.Fprint(c.Out, changes.Text())
	}
	if err != nil {
		return err
	}
	if code := changes.ExitCode(); code != exitClean {
		return &exitStatus{Code: code}
	}
	return nil
}
