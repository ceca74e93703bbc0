package main

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/telltale-farm/telltale/harness/evidence"
)

// historyCmd lists the runs of a folder.
type historyCmd struct {
	Dir  string `arg:"" optional:"" default:"evidence" help:"Folder of bundles. Default: ${default}."`
	JSON bool   `name:"json" help:"One JSON object a line."`
}

// Help is shown below the flags.
func (historyCmd) Help() string {
	return `Lists the runs of a folder by phone and firmware, as each bundle's verdicts.json says. A bundle whose sums do not hold is
marked "unverified"; telltale verify says more.

Example:
  telltale history
  telltale history /srv/evidence

EXIT STATUS
  0  the list was printed, whatever the verdicts are
  1  usage error, or the folder could not be read`
}

// Run lists.
func (h *historyCmd) Run(_ context.Context, c *console) error {
	dir, err := filepath.Abs(h.Dir)
	if err != nil {
		return err
	}
	past, err := evidence.History(dir)
	if err != nil {
		return err
	}
	if len(past) == 0 {
		fmt.Fprintf(c.Err, "there is no bundle in %s\n", dir)
	}
	if !h.JSON {
		_, err = fmt.Fprint(c.Out, evidence.HistoryText(past))
		return err
	}
	for _, p := range past {
		if err := printJSON(c.Out, p); err != nil {
			return err
		}
	}
	return nil
}
