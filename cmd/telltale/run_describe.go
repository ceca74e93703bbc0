package main

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"time"

	"github.com/telltale-farm/telltale/harness/evidence"
	"github.com/telltale-farm/telltale/harness/profile"
	"github.com/telltale-farm/telltale/harness/world"
)

// describe says with what a run was made: enough to make it again.
func (t *tools) describe(cfg *profile.Config, filter, seed string, left []evidence.LeftOut) evidence.Run {
	r := evidence.Run{
		Telltale: version(), Devices: cfg.SHA256, Scenarios: digestOf(t.scenarios), Seed: seed, Filter: filter,
		HostUTC: time.Now().UTC().Format(time.RFC3339), Host: runtime.GOOS + "/" + runtime.GOARCH, LeftOut: left,
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				r.Commit = s.Value
			}
		}
		r.GoSum = modulesSum(info)
	}
	return r
}

// leftOut is what a run without a filter leaves out; with one, its owner knows.
func (r *runCmd) leftOut(planned *world.Planned) (out []evidence.LeftOut) {
	if r.filter != notExtended {
		return nil
	}
	for _, scenario := range slices.Sorted(maps.Keys(planned.LeftOut)) {
		out = append(out, evidence.LeftOut{Scenario: scenario, Cells: planned.LeftOut[scenario]})
	}
	return out
}

// modulesSum is a digest over the modules that this binary was linked from, each with its version and go.sum hash.
func modulesSum(info *debug.BuildInfo) string {
	h := sha256.New()
	for _, m := range info.Deps {
		h.Write([]byte(m.Path + " " + m.Version + " " + m.Sum + "\n"))
	}
	return hex.EncodeToString(h.Sum(nil))
}

// digestOf is a file's sha256, or empty if it cannot be read.
func digestOf(path string) string {
	raw, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:])
}
