package main

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/telltale-farm/telltale/harness/evidence"
)

// reportCmd writes the derived files of a bundle again.
type reportCmd struct {
	Dir  string `arg:"" help:"Evidence bundle."`
	JSON bool   `help:"Print what the report says beside the verdicts, as JSON: browsers side by side, conditions before and after, what was left out."`
}

// Help is shown below the flags.
func (reportCmd) Help() string {
	return `Writes report.html, junit.xml, ctrf.json and summary.md again from verdicts.json, takes the sums anew, and prints the
report's path. It judges nothing: what verdicts.json says is what they show. A redacted copy keeps
the report it has. With --json it prints what stands there beside the verdicts instead of the path: browsers side by side
with the windows in which they were left alone, the conditions before and after, and what was left out.

Example:
  telltale report evidence/20261121T120000Z
  telltale report --json evidence/20261121T120000Z

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
	final, beside, err := evidence.WriteReport(dir)
	if err != nil {
		return err
	}
	if r.JSON {
		return printJSON(c.Out, beside)
	}
	_, err = fmt.Fprintln(c.Out, filepath.Join(final, "report.html"))
	return err
}
