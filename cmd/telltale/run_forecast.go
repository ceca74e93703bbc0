package main

import (
	"fmt"

	"github.com/telltale-farm/telltale/capture/flow/safe"
	"github.com/telltale-farm/telltale/harness"
	"github.com/telltale-farm/telltale/harness/profile"
)

// forecast says before the first phone is touched what will stay unread there, per app, and what would change that.
func forecast(c *console, cfg *profile.Config) {
	for i := range cfg.Phones {
		p := &cfg.Phones[i]
		lines := harness.Forecast(p)
		if len(lines) == 0 {
			continue
		}
		fmt.Fprintf(c.Err, "%s, trust %s:\n", safe.Text(p.ID), p.Trust)
		for _, line := range lines {
			fmt.Fprintf(c.Err, "  %s\n", safe.Text(line))
		}
	}
}
