package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/telltale-farm/telltale/harness"
	"github.com/telltale-farm/telltale/harness/evidence"
	"github.com/telltale-farm/telltale/harness/profile"
)

// explain prints what an examination of each phone would send. Nothing is sent, and no phone has to be there.
func (d *doctorCmd) explain(ctx context.Context, c *console, cfg *profile.Config) error {
	scratch, err := os.MkdirTemp("", "telltale-doctor-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)
	for i := range cfg.Phones {
		p := &cfg.Phones[i]
		dir, err := evidence.OpenPhone(scratch, p.ID)
		if err != nil {
			return err
		}
		steps, err := harness.Explain(ctx, harness.Options{
			Profile: p, ControlHost: cfg.Sites.Control, Policy: harness.ResolvePolicy(cfg, 0), Repeat: 1, Seed: "explained",
			State: filepath.Join(scratch, "state"), Serial: cmp.Or(p.Serial, p.Address, "SERIAL"), Address: p.Address,
			Bundle: os.DirFS(scratch), Dir: dir,
		})
		dir.Close()
		if err != nil {
			return err
		}
		for _, s := range steps {
			if err := d.showStep(c, s); err != nil {
				return err
			}
		}
	}
	return nil
}

func (d *doctorCmd) showStep(c *console, s harness.Step) error {
	if d.JSON {
		return printJSON(c.Out, s)
	}
	fmt.Fprintf(c.Out, "# %s: %s\n", s.Phone, s.Name)
	for _, line := range s.Commands {
		fmt.Fprintln(c.Out, line)
	}
	return nil
}
