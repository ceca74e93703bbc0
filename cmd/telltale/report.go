package main

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/telltale-farm/telltale/harness/evidence"
)

// reportCmd writes the derived files of a bundle again.
type reportCmd struct {
	Dir string `arg:"" help:"Evidence bundle."`
}

// Help is shown below the flags.
func (reportCmd) Help() string {
	return `Writes report.html, junit.xml, ctrf.json and summary.md again from verdicts.json, takes the sums anew, and prints the
report's path. It judges nothing: what verdicts.json says is what they show. A redacted copy keeps
the report it has.

Example:
  telltale report evidence/20261121T120000Z

EXIT STATUS
  0  written, whatever the verdict is
  1  usage error, or the bundle could not be read or written`
}

// Run writes.
func (r *reportCmd) Run(_ context.Context, c *console) error {
	dir, err := bundlePath(r.Dir)
	if err != nil {
		return err
	}
	final, err := evidence.WriteReport(dir)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(c.Out, filepath.Join(final, "report.html"))
	return err
}
