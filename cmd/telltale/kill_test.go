package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/telltale-farm/telltale/adb"
	"github.com/telltale-farm/telltale/harness"
	"github.com/telltale-farm/telltale/harness/virtual/personality"
)

// killMoments is how many times the run is killed, spread evenly over what its phone is told.
const killMoments = 20

// killedPhones share the moments between them, and are driven side by side.
const killedPhones = 3

// TestKilledAtAnyMoment kills `telltale run` alone, with SIGKILL, while its phone lives on. Whatever the moment, counted in
// commands that the phone gets: no worker drives on, the folder opens, says that it is incomplete and can be judged, and
// after `telltale restore` every setting and the effective proxy are as before.
func TestKilledAtAnyMoment(t *testing.T) {
	t.Parallel()
	for part := range killedPhones {
		t.Run(fmt.Sprint("phone ", part+1), func(t *testing.T) { newRig(t, built).killed(part) })
	}
}

// killed kills the runs of one phone at its part of the moments.
func (r *rig) killed(part int) {
	t, g := r.t, &gate{}
	phone, block := r.served("subject", personality.Leaky2020(), "leaky-2020", "mi", "", g.holds)
	devices, address := r.devices(block), phone.Addr().String()
	before := r.portrait(address)

	whole, _ := r.driveUntil(g, devices, -1)
	if whole < 2*killMoments {
		t.Fatalf("a whole run sent %d commands: too few to choose %d moments from", whole, killMoments)
	}
	if diff := cmp.Diff(before, r.portrait(address)); diff != "" {
		t.Fatalf("a whole run left the phone changed (-before +after):\n%s", diff)
	}
	for i := part; i < killMoments; i += killedPhones {
		at := i * whole / killMoments
		for n, killed := r.driveUntil(g, devices, at); !killed; n, killed = r.driveUntil(g, devices, at) {
			t.Logf("a run of %d commands ended before command %d", n, at) // it had to ask less often for what it waits for
			whole = min(whole-1, n)
			at = i * whole / killMoments
		}
		code, stdout, stderr := r.telltale("restore")
		if code != 0 {
			t.Fatalf("killed at command %d: restore ended %d\n%s%s", at, code, stdout, stderr)
		}
		r.awaitWorkers(fmt.Sprintf("killed at command %d", at))
		if diff := cmp.Diff(before, r.portrait(address)); diff != "" {
			t.Errorf("killed at command %d: the phone is not as it was (-before +after):\n%s", at, diff)
		}
		r.opensIncomplete(at)
	}
}

// driveUntil runs one search and kills the run, and nothing else, while its phone has had so many commands and waits
// with the next; -1 lets it end. It returns how many the phone got, or is given if the run was killed, and whether it was.
func (r *rig) driveUntil(g *gate, devices string, at int) (commands int, killed bool) {
	r.t.Helper()
	r.out = filepath.Join(r.t.TempDir(), "evidence")
	cmd := r.command("run", "--devices", devices, "--filter", "action:search", "--repeat", "1", "--out", r.out)
	said := &bytes.Buffer{}
	cmd.Stdout, cmd.Stderr = said, said
	reached := g.at(func(seen int) bool { return seen == at })
	if err := cmd.Start(); err != nil {
		r.t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { _ = cmd.Wait(); close(ended) }()
	select {
	case <-ended:
		if code := cmd.ProcessState.ExitCode(); code != exitLeaked {
			r.t.Fatalf("the run ended %d\n%s", code, said)
		}
		return g.open(), false
	case <-reached:
	}
	_ = cmd.Process.Kill()
	<-ended
	g.open()
	if cmd.ProcessState.Exited() {
		r.t.Fatalf("the run ended %d while its phone did not answer\n%s", cmd.ProcessState.ExitCode(), said)
	}
	return at, true
}

func (r *rig) journalLines() int {
	found, err := filepath.Glob(filepath.Join(r.out, "*", "phones", "*", "journal.jsonl"))
	if err != nil || len(found) != 1 {
		return 0
	}
	raw, err := os.ReadFile(found[0])
	if err != nil {
		return 0
	}
	return bytes.Count(raw, []byte("\n"))
}

// portrait is what a run may change on a phone: all settings, and the proxy that Android really uses.
func (r *rig) portrait(address string) map[string]string {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), 3*time.Minute)
	defer cancel()
	server, err := adb.StartPrivate(ctx, adb.PrivateOptions{Home: filepath.Join(r.state, "observer")})
	if err != nil {
		r.t.Fatal(err)
	}
	defer server.Close()
	if err := server.Connect(ctx, address); err != nil {
		r.t.Fatal(err)
	}
	if err := server.WaitState(ctx, address, adb.StateDevice); err != nil {
		r.t.Fatal(err)
	}
	d := server.Device(address, adb.Options{})
	out := map[string]string{}
	for name, argv := range map[string][]string{
		"global": {"settings", "list", "global"}, "secure": {"settings", "list", "secure"}, "system": {"settings", "list", "system"},
		"effective proxy": {"dumpsys", "connectivity", "proxy"},
	} {
		res, err := d.Shell(ctx, argv...)
		if err != nil {
			r.t.Fatal(err)
		}
		out[name] = string(res.Stdout)
	}
	return out
}

// workers lists the processes that still drive phones of this rig: they have its state directory in their arguments.
func (r *rig) workers() []string {
	procs, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil || len(procs) == 0 {
		r.t.Skip("this system has no /proc to look for workers in")
	}
	var out []string
	for _, p := range procs {
		raw, err := os.ReadFile(p)
		if err != nil {
			continue
		}
		line := strings.ReplaceAll(string(raw), "\x00", " ")
		if strings.Contains(line, "scenarios.test") && strings.Contains(line, r.state) {
			out = append(out, line)
		}
	}
	return out
}

// awaitWorkers waits until nobody drives phones of this rig any more: a worker gives its phone back, and then ends.
func (r *rig) awaitWorkers(when string) {
	r.t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	inVain := time.After(time.Minute)
	for {
		left := r.workers()
		if len(left) == 0 {
			return
		}
		select {
		case <-inVain:
			r.t.Errorf("%s: still running: %q", when, left)
			return
		case <-tick.C:
		}
	}
}

// opensIncomplete judges and verifies what the killed run left.
func (r *rig) opensIncomplete(at int) {
	r.t.Helper()
	dir := r.bundle()
	if !strings.HasSuffix(dir, ".partial") {
		r.t.Errorf("killed at command %d: %s does not say that it is incomplete", at, dir)
	}
	code, stdout, stderr := r.telltale("judge", dir, "--json")
	if code != exitIncomplete && code != exitLeaked {
		r.t.Errorf("killed at command %d: judge ended %d\n%s%s", at, code, stdout, stderr)
	}
	var v struct{ Outcome string }
	if err := json.Unmarshal([]byte(stdout), &v); err != nil || v.Outcome == "clean" {
		r.t.Errorf("killed at command %d: judge says %+v, %v", at, v, err)
	}
	if code, stdout, stderr := r.telltale("verify", dir); code != exitIncomplete {
		r.t.Errorf("killed at command %d: verify ended %d\n%s%s", at, code, stdout, stderr)
	}
	if entries, err := harness.UndoSerials(r.state); err != nil || len(entries) > 0 {
		r.t.Errorf("killed at command %d: open journals after restore: %v, %v", at, entries, err)
	}
}
