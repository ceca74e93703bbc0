package main

import (
	"errors"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestPlainGinkgo runs the suite with ginkgo itself, without `telltale run`: the first process opens the world and
// closes the run, and ginkgo's exit code says whether everything was clean.
func TestPlainGinkgo(t *testing.T) {
	for _, tc := range []struct {
		personality, browser, procs string
		code                        int
		says                        string
	}{
		{"clean", "chrome", "2", 0, " Passed | 0 Failed |"},
		{"leaky-2020", "mi", "1", 1, "the run is leaked; its evidence is in"},
	} {
		t.Run(tc.personality, func(t *testing.T) {
			r := newRig(t, built)
			cmd := exec.Command(filepath.Join(r.bin, "ginkgo"), "--procs="+tc.procs, "--no-color", "--label-filter=action:search", filepath.Join(r.bin, "scenarios.test"),
				"--", "--devices="+r.devices(phoneBlock("subject", tc.personality, tc.browser, standIn)), "--out="+r.out, "--state="+r.state)
			cmd.Env = append(cmd.Environ(), "HOME="+r.state)
			out, err := cmd.CombinedOutput()
			var exit *exec.ExitError
			if err != nil && !errors.As(err, &exit) {
				t.Fatal(err)
			}
			if code := cmd.ProcessState.ExitCode(); code != tc.code || !strings.Contains(string(out), tc.says) {
				t.Fatalf("ginkgo ended %d, want %d and %q\n%s", code, tc.code, tc.says, out)
			}
			if code, stdout, stderr := r.telltale("verify", r.bundle()); code != 0 {
				t.Fatalf("verify ended %d\n%s%s", code, stdout, stderr)
			}
		})
	}
}
