package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/harness/virtual/personality"
)

// three are phones of which one leaks, one is clean and one cannot be read. They live on when a run ends.
func (r *rig) three(g *gate) string {
	r.t.Helper()
	var blocks string
	for _, p := range []struct {
		who     personality.Personality
		browser string
	}{{personality.Leaky2020(), "mi"}, {personality.Clean(), "chrome"}, {personality.Pinned(), "mi"}} {
		_, block := r.served(p.who.Name, p.who, p.who.Name, p.browser, "", g.holds)
		blocks += block
	}
	return r.devices(blocks)
}

// outcomes are a run's verdicts on what was planned, and why what is inconclusive is so.
func outcomes(t *testing.T, dir string) map[leak.Key]map[leak.Claim][]string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(dir, "verdicts.json"))
	if err != nil {
		t.Fatal(err)
	}
	var v leak.Verdicts
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatal(err)
	}
	if !v.Complete {
		t.Errorf("%s is not complete", dir)
	}
	out := map[leak.Key]map[leak.Claim][]string{}
	for _, c := range v.Cells {
		if c.Scenario == leak.ControlScenario || c.Scenario == leak.DrainScenario {
			continue // nobody planned it; it is here because it leaked
		}
		claims := map[leak.Claim][]string{}
		for claim, verdict := range c.Claims {
			said := []string{string(verdict.Outcome)}
			for _, reason := range verdict.Reasons { // once each: an app that is refused may try again in the window or behind it
				if verdict.Outcome == leak.Inconclusive && !slices.Contains(said[1:], string(reason.Code)) {
					said = append(said, string(reason.Code))
				}
			}
			slices.Sort(said[1:])
			claims[claim] = said
		}
		out[c.Key] = claims
	}
	return out
}

// TestResume kills a run in the middle of its actions, goes on with it, and gets the verdicts of a run that nobody
// disturbed.
func TestResume(t *testing.T) {
	r, g := newRig(t, built), &gate{}
	devices := r.three(g)
	code, stdout, stderr := r.telltale("run", "--devices", devices, "--filter", "smoke", "--out", r.out)
	if code != exitLeaked {
		t.Fatalf("the undisturbed run ended %d\n%s%s", code, stdout, stderr)
	}
	want := outcomes(t, r.bundle())

	devices = r.three(g) // that no run has touched
	r.out = filepath.Join(t.TempDir(), "evidence")
	r.killAfter(g, 1, "run", "--devices", devices, "--filter", "smoke", "--out", r.out)
	r.killAfter(g, 4, "run", "--devices", devices, "--resume", r.bundle())
	if dir := r.bundle(); !strings.HasSuffix(dir, ".partial") {
		t.Fatalf("killed twice: %s does not say that it is incomplete", dir)
	}
	code, stdout, stderr = r.telltale("run", "--devices", devices, "--resume", r.bundle())
	if code != exitLeaked {
		t.Fatalf("the resumed run ended %d\n%s%s", code, stdout, stderr)
	}
	if diff := cmp.Diff(want, outcomes(t, r.bundle())); diff != "" {
		t.Errorf("verdicts differ from those of an undisturbed run (-undisturbed +resumed):\n%s", diff)
	}
	if code, stdout, stderr := r.telltale("verify", r.bundle()); code != 0 {
		t.Errorf("verify ended %d\n%s%s", code, stdout, stderr)
	}
	r.refusesToResume(g, devices)
}

// killAfter starts telltale and kills it, and nothing else, when so many attempts of planned cells are recorded, and its
// phones wait with whatever comes next.
func (r *rig) killAfter(g *gate, attempts int, args ...string) {
	r.t.Helper()
	cmd := r.command(args...)
	said := &bytes.Buffer{}
	cmd.Stdout, cmd.Stderr = said, said
	reached := g.at(func(int) bool { return r.attemptsMade() >= attempts })
	defer g.open()
	if err := cmd.Start(); err != nil {
		r.t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { _ = cmd.Wait(); close(ended) }()
	select {
	case <-ended:
		r.t.Fatalf("it ended by itself, %d\n%s", cmd.ProcessState.ExitCode(), said)
	case <-reached:
	}
	_ = cmd.Process.Kill()
	<-ended
}

// attemptsMade counts the recorded attempts of planned cells in the rig's only bundle.
func (r *rig) attemptsMade() (n int) {
	found, err := filepath.Glob(filepath.Join(r.out, "*", "phones", "*", "attempts.jsonl"))
	if err != nil {
		r.t.Fatal(err)
	}
	for _, file := range found {
		raw, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		n += bytes.Count(raw, []byte("\n")) - bytes.Count(raw, []byte(`"scenario":"`+leak.ControlScenario+`"`)) - bytes.Count(raw, []byte(`"scenario":"`+leak.DrainScenario+`"`))
	}
	return n
}

// refusesToResume with anything but what the run began with, and without leaving a trace.
func (r *rig) refusesToResume(g *gate, devices string) {
	r.t.Helper()
	complete := r.bundle()
	r.out = filepath.Join(r.t.TempDir(), "evidence")
	r.killAfter(g, 1, "run", "--devices", devices, "--filter", "smoke", "--out", r.out)
	partial := r.bundle()
	other := r.devices(phoneBlock("leaky-2020", "leaky-2020", "mi", standIn))
	for _, tc := range []struct{ name, words, devices, dir, more string }{
		{"a run that is complete", "there is nothing left to run", devices, complete, ""},
		{"another devices.yaml", "it began with another devices.yaml", other, partial, ""},
		{"other labels", `it began with --filter "smoke"`, devices, partial, "--filter=action:search"},
		{"other repeats", "leave --repeat away", devices, partial, "--repeat=2"},
		{"no bundle", "no such file", devices, filepath.Join(r.t.TempDir(), "nothing"), ""},
	} {
		args := []string{"run", "--devices", tc.devices, "--resume", tc.dir}
		if tc.more != "" {
			args = append(args, tc.more)
		}
		code, stdout, stderr := r.telltale(args...)
		if code != exitFailed || !strings.Contains(stderr, tc.words) {
			r.t.Errorf("resuming %s ended %d\n%s%s", tc.name, code, stdout, stderr)
		}
	}
	if r.bundle() != partial {
		r.t.Errorf("a refused resume made %s of %s", r.bundle(), partial)
	}
}
