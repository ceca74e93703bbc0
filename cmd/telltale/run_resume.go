package main

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"path/filepath"
	"time"

	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/capture/flow/safe"
	"github.com/telltale-farm/telltale/harness"
	"github.com/telltale-farm/telltale/harness/evidence"
	"github.com/telltale-farm/telltale/harness/profile"
	"github.com/telltale-farm/telltale/harness/world"
)

// takeUp reads what the run to be resumed was made with, and refuses to go on with anything else: one bundle speaks of one
// file of phones, one set of scenarios and one policy. Labels and repeats are those that it began with. Nothing is changed.
func (r *runCmd) takeUp(cfg *profile.Config, tools *tools) (*evidence.Run, error) {
	run, err := evidence.ReadRun(r.Resume)
	if err != nil {
		return nil, err
	}
	switch {
	case run.Devices != cfg.SHA256:
		return nil, fmt.Errorf("resuming %s: it began with another %s (sha256 %.12s, this one is %.12s): give the file that it began with", r.Resume, filepath.Base(cfg.Path), run.Devices, cfg.SHA256)
	case run.Scenarios != digestOf(tools.scenarios):
		return nil, fmt.Errorf("resuming %s: its scenarios were built from something else than bin/scenarios.test now: use the build that it began with (%s, commit %s)", r.Resume, run.Telltale, run.Commit)
	case r.Labels != nil && *r.Labels != run.Filter:
		return nil, fmt.Errorf("resuming %s: it began with --filter %q; leave --filter away", r.Resume, run.Filter)
	case r.Repeat != nil:
		return nil, fmt.Errorf("resuming %s: attempts per cell are those that it began with; leave --repeat away", r.Resume)
	}
	r.filter = run.Filter
	most, err := mostRepeats(r.Resume)
	r.Repeat = &most
	return &run, err
}

// mostRepeats is the most attempts a cell that the policy of a bundle asks for: how long the run may take depends on it.
func mostRepeats(dir string) (int, error) {
	b, err := evidence.Open(dir)
	if err != nil {
		return 0, err
	}
	defer b.Release()
	raw, err := fs.ReadFile(b.FS(), "policy.json")
	if err != nil {
		return 0, fmt.Errorf("resuming %s: %w", dir, err)
	}
	var policy leak.Policy
	if err := json.Unmarshal(raw, &policy); err != nil {
		return 0, fmt.Errorf("resuming %s: reading policy.json: %w", dir, err)
	}
	most := 1
	for _, p := range policy.Phones {
		most = max(most, p.Repeat)
	}
	return most, nil
}

// bundle is the folder of the run: a new one, or the one that it goes on with.
func (r *runCmd) bundle(c *console, cfg *profile.Config, tools *tools, planned *world.Planned, seed string) (*evidence.Bundle, error) {
	to := r.Out
	if r.Resume != "" {
		to = r.Resume
	}
	out, err := filepath.Abs(to)
	if err != nil {
		return nil, err
	}
	in := evidence.Inputs{
		Plan: planned.Plan, Policy: harness.ResolvePolicy(cfg, r.repeats()), Run: tools.describe(cfg, r.filter, seed, r.leftOut(planned)),
	}
	warning, err := evidence.CheckRoom(out, in)
	if err != nil {
		return nil, err
	}
	if warning != "" {
		fmt.Fprintln(c.Err, safe.Text(warning))
	}
	if r.Resume != "" {
		return evidence.Reopen(r.Resume)
	}
	return evidence.Create(out, evidence.NewRunID(time.Now()), in)
}
