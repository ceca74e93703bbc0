package main

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/telltale-farm/telltale/harness/evidence"
)

// redactCmd copies what can be published of a bundle.
type redactCmd struct {
	Dir string `arg:"" help:"Evidence bundle."`
	Out string `arg:"" help:"New folder for the copy."`
}

// Help is shown below the flags.
func (redactCmd) Help() string {
	return `Copies a bundle without raw identifiers, bodies, flows, screens and logs. Verdicts and reports stay, and the sums of
the original, so that whoever has it can show that this is its copy. The copy cannot be judged again. It must not lie in
the bundle. Read its report before you publish it: previews show what stood beside a match, and reasons may quote what
stood on a screen.

Example:
  telltale redact evidence/20261121T120000Z published

EXIT STATUS
  0  copied
  1  usage error, or the bundle could not be read or copied`
}

// Run copies.
func (r *redactCmd) Run(_ context.Context, c *console) error {
	dir, err := bundlePath(r.Dir)
	if err != nil {
		return err
	}
	out, err := filepath.Abs(r.Out)
	if err != nil {
		return err
	}
	if err := evidence.Redact(dir, out); err != nil {
		return err
	}
	_, err = fmt.Fprintln(c.Out, out)
	return err
}
