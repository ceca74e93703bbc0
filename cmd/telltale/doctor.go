package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/telltale-farm/telltale/capture/flow/safe"
	"github.com/telltale-farm/telltale/harness"
	"github.com/telltale-farm/telltale/harness/evidence"
	"github.com/telltale-farm/telltale/harness/profile"
	"github.com/telltale-farm/telltale/harness/world"
)

// doctorCmd asks phones for every precondition of a run.
type doctorCmd struct {
	ID      []string `arg:"" optional:"" help:"Phones, by their id in devices.yaml; all of the file if none is named."`
	Devices string   `default:"devices.yaml" placeholder:"FILE" help:"Which phones, browsers and sites. Default: ${default}."`
	JSON    bool     `help:"One JSON object a line."`
	Explain bool     `help:"Send nothing; print every command that would be sent."`
}

// Help is shown below the flags.
func (doctorCmd) Help() string {
	return `Tries what a run will need, one precondition after the other, and says for each: yes, no or unknown, with the exact fix.
It wakes and unlocks the phone, opens its settings and browsers, and leads its traffic to a proxy of ours for the time it
takes; then it puts everything back. With --explain it touches nothing, and needs no phone.

Example:
  telltale doctor redmi-note-8
  telltale doctor --explain redmi-note-8

EXIT STATUS
  0  everything is in order
  1  something is not, or a phone could not be examined
  4  something could not be found out`
}

// Run examines one phone after the other.
func (d *doctorCmd) Run(ctx context.Context, c *console, g *globals) (err error) {
	cfg, err := profile.Load(d.Devices)
	if err != nil {
		return err
	}
	if err := d.choose(cfg); err != nil {
		return err
	}
	state, err := g.stateDir()
	if err != nil {
		return err
	}
	if d.Explain {
		return d.explain(ctx, c, cfg)
	}
	seed, err := newSeed()
	if err != nil {
		return err
	}
	w, err := world.Open(ctx, world.Options{Config: cfg, State: state, Seed: seed})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	scratch, err := os.MkdirTemp("", "telltale-doctor-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch) // the record of an examination is no evidence

	code := exitClean
	for i := range cfg.Phones {
		checks, err := d.examine(ctx, c, cfg, &cfg.Phones[i], w, state, scratch, seed)
		for _, k := range checks {
			switch {
			case k.Answer == harness.No:
				code = exitFailed
			case k.Answer == harness.Unknown && code == exitClean:
				code = exitInconclusive
			}
		}
		if err != nil {
			remedy(c)
			return fmt.Errorf("examining %s: %w", cfg.Phones[i].ID, err)
		}
	}
	if code == exitClean {
		return nil
	}
	return &exitStatus{Code: code}
}

// choose leaves only the phones that were named.
func (d *doctorCmd) choose(cfg *profile.Config) error {
	var known []string
	for _, p := range cfg.Phones {
		known = append(known, p.ID)
	}
	for _, id := range d.ID {
		if !slices.Contains(known, id) {
			return fmt.Errorf("%s names no phone %q; it has %s", cfg.Path, id, strings.Join(known, ", "))
		}
	}
	if len(d.ID) > 0 {
		cfg.Phones = slices.DeleteFunc(cfg.Phones, func(p profile.Phone) bool { return !slices.Contains(d.ID, p.ID) })
	}
	return nil
}

func (d *doctorCmd) examine(ctx context.Context, c *console, cfg *profile.Config, p *profile.Phone, w *world.World, state, scratch, seed string) ([]harness.Check, error) {
	dir, err := evidence.OpenPhone(scratch, p.ID)
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	h, _ := w.Phone(p.ID)
	return harness.Examine(ctx, harness.Options{
		Profile: p, ControlHost: cfg.Sites.Control, Policy: harness.ResolvePolicy(cfg, 0), Repeat: 1, Seed: seed, State: state,
		ADB: h.ADB, Serial: h.Serial, JournalADB: p.ADB, Address: h.Address, RunBound: p.Kind == profile.Virtual && p.Address == "",
		Resolve: h.Resolve, TrustPEM: h.TrustPEM, Bundle: os.DirFS(scratch), Dir: dir,
		Checked:  func(k harness.Check) { d.show(c, k) },
		Progress: func(line string) { fmt.Fprintf(c.Err, "%s: %s\n", p.ID, safe.Text(line)) },
	})
}

// show prints a check: a line, and under it what was found and what to do if it is not in order.
func (d *doctorCmd) show(c *console, k harness.Check) {
	if d.JSON {
		_ = printJSON(c.Out, k) // an examination goes on, whoever reads it
		return
	}
	fmt.Fprintf(c.Out, "%-16s %-8s %s\n", k.Phone, k.Answer, safe.Text(k.Name))
	if k.Detail != "" {
		fmt.Fprintf(c.Out, "%26s%s\n", "", safe.Text(k.Detail))
	}
	if k.Fix != "" {
		fmt.Fprintf(c.Out, "%26sfix: %s\n", "", safe.Text(k.Fix))
	}
}
