package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/telltale-farm/telltale/harness/profile"
	"github.com/telltale-farm/telltale/harness/world"
)

// tools are the two programs that a run needs beside this one: the compiled scenarios, and ginkgo, which runs them on
// several phones at once. Neither needs a Go toolchain.
type tools struct{ scenarios, runner string }

func findTools() (*tools, error) {
	scenarios, err := beside("scenarios.test")
	if err != nil {
		return nil, err
	}
	runner, err := beside("ginkgo")
	if err != nil {
		return nil, err
	}
	return &tools{scenarios: scenarios, runner: runner}, nil
}

// plan has the scenarios build their tree and say what they would do.
func (t *tools) plan(ctx context.Context, cfg *profile.Config, r *runCmd) (*world.Planned, error) {
	dir, err := os.MkdirTemp("", "telltale-plan-")
	if err != nil {
		return nil, fmt.Errorf("planning: %w", err)
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "planned.json")
	cmd := exec.CommandContext(ctx, t.scenarios, "-test.run=^TestScenarios$", "-ginkgo.label-filter="+r.filter, "-ginkgo.no-color",
		"-devices="+cfg.Path, "-plan-out="+file, "-repeat="+strconv.Itoa(r.repeats()))
	cmd.Dir = dir
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Run(); err != nil {
		return nil, planError(r.filter, said.String(), err)
	}
	raw, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("planning: the scenarios wrote no plan: %w\n%s", err, strings.TrimSpace(said.String()))
	}
	var p world.Planned
	if err := json.Unmarshal(raw, &p); err != nil {
		return nil, fmt.Errorf("planning: %w", err)
	}
	return &p, nil
}

// colours are the escape sequences that ginkgo writes whatever it is told.
var colours = regexp.MustCompile("\x1b\\[[0-9;]*m")

// planError says why the scenarios did not plan. A filter that ginkgo cannot read is the most likely reason, and the
// owner's own.
func planError(filter, said string, err error) error {
	said = strings.TrimSpace(colours.ReplaceAllString(said, ""))
	if _, rest, ok := strings.Cut(said, "Syntax Error Parsing Label Filter"); ok {
		why := "it cannot be read"
		for line := range strings.Lines(rest) {
			line = strings.TrimSpace(line)
			if line != "" && !strings.Contains(filter, line) && !strings.HasPrefix(line, "Learn more") && !strings.HasPrefix(line, "http") {
				why = line
				break
			}
		}
		return fmt.Errorf("--filter %q: %s Labels are joined by &&, ||, ! and parentheses, as in 'action:search && !browser:chrome'", filter, why)
	}
	return fmt.Errorf("planning: %w\n%s", err, said)
}

// ginkgoRun is one run of the scenarios on all phones.
type ginkgoRun struct {
	Devices, Handoff, Filter string
	Planned                  *world.Planned
	Console                  string // file for what ginkgo prints
	Report                   string // folder that the specs write ginkgo's report into
	Bundle                   string // folder that ginkgo.json is put into
}

// interruptGrace is how long ginkgo and its workers may take to put the phones back after a first signal.
const interruptGrace = 90 * time.Second

// ginkgo drives the phones. A spec that fails is a verdict and no error; an error is a suite that did not run.
func (t *tools) ginkgo(ctx context.Context, r ginkgoRun) error {
	log, err := os.OpenFile(r.Console, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("driving: %w", err)
	}
	defer log.Close()
	cmd := exec.Command(t.runner, "--procs="+strconv.Itoa(max(r.Planned.Phones, 1)),
		"--timeout="+strconv.FormatInt(r.Planned.TimeoutS, 10)+"s", "--grace-period=60s", "--no-color", "--keep-going",
		"--label-filter="+r.Filter,
		t.scenarios, "--", "-devices="+r.Devices, "-handoff="+r.Handoff, "-report="+filepath.Join(r.Report, ginkgoReport))
	cmd.Stdout, cmd.Stderr = log, log
	cmd.Env = append(os.Environ(), "ACK_GINKGO_RC=true")
	// A group of its own: ginkgo does not pass signals on to its workers, so they are signalled together.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("driving: %w", err)
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	select {
	case err = <-done:
	case <-ctx.Done():
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGINT)
		select {
		case err = <-done:
		case <-time.After(interruptGrace):
			_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
			err = <-done
		}
	}
	var exit *exec.ExitError
	if err == nil || errors.As(err, &exit) {
		if kept := keepReport(r.Report, r.Bundle); kept == nil || err == nil {
			return kept
		}
	}
	return fmt.Errorf("driving: %w\n%s", err, tailOf(r.Console))
}

// keepReport puts ginkgo's report into the bundle. There is none if ginkgo did not come so far as to report.
func keepReport(from, bundle string) error {
	raw, err := os.ReadFile(filepath.Join(from, ginkgoReport))
	if err == nil {
		err = os.WriteFile(filepath.Join(bundle, ginkgoReport), raw, 0o600)
	}
	if err != nil {
		return fmt.Errorf("keeping ginkgo's report: %w", err)
	}
	return nil
}

const ginkgoReport = "ginkgo.json"

// tailOf returns the end of what ginkgo printed, for an error text.
func tailOf(path string) string {
	raw, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	const most = 4000
	if len(raw) > most {
		raw = raw[len(raw)-most:]
	}
	return strings.TrimSpace(string(raw))
}

// newSeed makes the seed of a run, from which its canaries come.
func newSeed() (string, error) {
	b := make([]byte, 16)
	if _, err := rand.Read(b); err != nil {
		return "", fmt.Errorf("making the seed of the run: %w", err)
	}
	return hex.EncodeToString(b), nil
}
