package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/capture/flow/safe"
	"github.com/telltale-farm/telltale/harness"
	"github.com/telltale-farm/telltale/harness/evidence"
	"github.com/telltale-farm/telltale/harness/profile"
	"github.com/telltale-farm/telltale/harness/world"
)

// runCmd drives the phones of devices.yaml and leaves a bundle of evidence with its verdicts.
type runCmd struct {
	Devices   string  `default:"devices.yaml" placeholder:"FILE" help:"Which phones, browsers and sites. Default: ${default}."`
	Labels    *string `name:"filter" placeholder:"LABELS" help:"Only specs with these labels, in ginkgo's words: smoke, 'action:search && !browser:chrome'. Without it all but those labelled extended, which take long, need many windows, or need what devices.yaml has to allow; an empty one is all."`
	Repeat    *int    `placeholder:"N" help:"Attempts per cell, instead of what the file says."`
	Out       string  `default:"evidence" placeholder:"DIR" help:"Folder for the bundle. Default: ${default}."`
	Resume    string  `placeholder:"DIR" help:"Go on with a run that was killed or interrupted: make the cells that have no attempt which was carried to its end."`
	filter    string  // as resolved
	Manifests string  `placeholder:"DIR" hidden:"" help:"Write the leak manifests of virtual phones there, after the run was closed."`
}

// notExtended is the filter of a run that is given none.
const notExtended = "!extended"

// Help is shown below the flags.
func (runCmd) Help() string {
	return `Puts back what an earlier run left changed, plans, drives the phones, captures, judges, and prints a verdict per action.
Live lines go to standard error, the verdicts and the folder of the evidence to standard output.

Example:
  telltale run --devices devices.yaml --filter smoke
  telltale run --devices devices.yaml --filter ''          everything, extended scenarios too
  telltale run --devices devices.yaml --resume evidence/20260102-150405-1a2b.partial

EXIT STATUS
  0    every action is clean, perhaps with named exceptions
  1    usage, configuration or internal error
  3    something leaked
  4    nothing leaked that we saw, but something could not be seen
  5    the plan was not carried out whole
  6    the evidence was not reproduced
  130  interrupted`
}

// Run is the whole way of a run, in the order that the evidence rests on: what is planned is on disk before the first
// phone is touched, and verdicts are made once, from files, after the last one was put back.
func (r *runCmd) Run(ctx context.Context, c *console, g *globals) (err error) {
	if r.Repeat != nil && *r.Repeat < 1 {
		return fmt.Errorf("--repeat %d: a cell needs 1 attempt or more; leave --repeat away for what %s says", *r.Repeat, r.Devices)
	}
	cfg, err := profile.Load(r.Devices)
	if err != nil {
		return err
	}
	state, err := g.stateDir()
	if err != nil {
		return err
	}
	tools, err := findTools()
	if err != nil {
		return err
	}
	if err := harness.ForgetDead(state); err != nil {
		return err
	}
	r.filter = notExtended
	if r.Labels != nil {
		r.filter = *r.Labels
	}
	var earlier *evidence.Run
	if r.Resume != "" {
		if earlier, err = r.takeUp(cfg, tools); err != nil {
			return err
		}
	}
	planned, err := tools.plan(ctx, cfg, r)
	if err != nil {
		return err
	}
	if planned.Phones == 0 {
		return fmt.Errorf("no spec is left to run: --filter %q selects none for the phones of %s", r.filter, cfg.Path)
	}
	defer func() {
		if abnormal(ctx, err) {
			remedy(c)
		}
	}()
	if earlier != nil && planned.Sum != earlier.Plan {
		return fmt.Errorf("resuming %s: what is planned now is not what it had planned; it can only go on with the file and the scenarios that it began with", r.Resume)
	}
	return r.drive(ctx, c, cfg, state, tools, planned, earlier)
}

// repeats is what was asked for on the command line; 0 if nothing was.
func (r *runCmd) repeats() int {
	if r.Repeat == nil {
		return 0
	}
	return *r.Repeat
}

// drive opens the world, has ginkgo drive the phones, and closes the run.
func (r *runCmd) drive(ctx context.Context, c *console, cfg *profile.Config, state string, tools *tools, planned *world.Planned, earlier *evidence.Run) (err error) {
	seed, err := newSeed()
	if err != nil {
		return err
	}
	if earlier != nil {
		seed = earlier.Seed // the same virtual phones, the same canaries
	}
	w, err := world.Open(ctx, world.Options{Config: cfg, State: state, Seed: seed})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.Close()) }()

	bundle, err := r.bundle(c, cfg, tools, planned, seed)
	if err != nil {
		return err
	}
	defer bundle.Release()
	handoff, err := w.HandoffFile(world.Handoff{
		Schema: world.HandoffSchema, Bundle: bundle.Dir(), State: state, Progress: w.Progress(),
		Devices: cfg.Path, DevicesSum: cfg.SHA256, PlanSum: planned.Sum,
		Seed: seed, Repeat: r.repeats(), Lifeline: w.Lifeline(), Phones: w.Phones(),
	})
	if err != nil {
		return err
	}
	forecast(c, cfg)
	if line := evidence.LeftOutLine(r.leftOut(planned)); line != "" {
		fmt.Fprintln(c.Err, line)
	}
	live := showLive(c, w.Progress(), cfg)
	driveErr := tools.ginkgo(ctx, ginkgoRun{
		Devices: cfg.Path, Handoff: handoff, Filter: r.filter, Planned: planned,
		Console: w.Console(), Report: w.Scratch(), Bundle: bundle.Dir(),
	})
	live.stop()

	closed, err := bundle.Close()
	if err != nil && closed.Verdicts.Schema == 0 {
		return errors.Join(driveErr, fmt.Errorf("closing the run: %w; the recordings are in %s, and `telltale judge` judges them", err, bundle.Dir()))
	}
	driveErr = errors.Join(driveErr, err) // a report that could not be written takes no verdict away
	if r.Manifests != "" {
		if err := w.WriteManifests(r.Manifests); err != nil {
			return err
		}
	}
	return finish(ctx, c, closed, driveErr)
}

// finish prints the verdicts and says with what code the run ends.
func finish(ctx context.Context, c *console, closed evidence.Closed, driveErr error) error {
	fmt.Fprint(c.Out, evidence.Table(closed.Verdicts), closed.Beside.Text())
	specs, err := evidence.Specs(closed.Dir, closed.Verdicts)
	driveErr = errors.Join(driveErr, err)
	for _, line := range specs.Late {
		fmt.Fprintln(c.Out, safe.Text(line))
	}
	for _, line := range specs.Better {
		driveErr = errors.Join(driveErr, fmt.Errorf("%s; this is a mistake in Telltale or in the spec", line))
	}
	fmt.Fprintf(c.Out, "evidence: %s\nreport:   %s\n", closed.Dir, filepath.Join(closed.Dir, "report.html"))
	code := closed.Verdicts.ExitCode()
	if driveErr != nil {
		code = leak.WorseExit(code, exitFailed)
	}
	if ctx.Err() != nil {
		code = leak.WorseExit(code, exitInterrupted)
	}
	if code == exitClean {
		return nil
	}
	return &exitStatus{Code: code, Err: driveErr}
}

// abnormal says whether a run ended otherwise than with a verdict on everything that was planned.
func abnormal(ctx context.Context, err error) bool {
	if ctx.Err() != nil {
		return true // also when a leak that was found before outweighs the interrupt in the exit code
	}
	var status *exitStatus
	if !errors.As(err, &status) {
		return err != nil
	}
	return status.Code != exitLeaked && status.Code != exitInconclusive || status.Err != nil
}

// remedy is the one line that gives a phone its network back by hand, printed whenever a run did not end as it should.
func remedy(c *console) {
	fmt.Fprintln(c.Err, "telltale: if a phone has no network, give it back with `telltale restore`, or by hand: adb -s SERIAL shell settings put global http_proxy :0")
}

// beside finds one of the binaries that `make build` puts into one folder.
func beside(name string) (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("finding %s: %w", name, err)
	}
	if self, err = filepath.EvalSymlinks(self); err != nil {
		return "", fmt.Errorf("finding %s: %w", name, err)
	}
	path := filepath.Join(filepath.Dir(self), name)
	if _, err := os.Stat(path); err != nil {
		return "", fmt.Errorf("%s is not beside %s: run `make build`", name, filepath.Base(self))
	}
	return path, nil
}
