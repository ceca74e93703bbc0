package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/telltale-farm/telltale/adb"
	"github.com/telltale-farm/telltale/harness"
)

// killMoments is how many times the run is killed, spread evenly over what a whole run does.
const killMoments = 20

// killedPhones share the moments between them, and are driven side by side.
const killedPhones = 3

// TestKilledAtAnyMoment kills `telltale run` alone, with SIGKILL, while its phone lives on in another process. Whatever
// the moment: no worker drives on, the folder opens, says that it is incomplete and can be judged, and after `telltale
// restore` every setting and the effective proxy are as before.
func TestKilledAtAnyMoment(t *testing.T) {
	t.Parallel()
	for part := range killedPhones {
		t.Run(fmt.Sprint("phone ", part+1), func(t *testing.T) { newRig(t, built).killed(part) })
	}
}

// killed kills the runs of one phone at its part of the moments.
func (r *rig) killed(part int) {
	t := r.t
	devices, address := r.serve("leaky-2020")
	before := r.portrait(address)

	whole, _ := r.driveUntil(devices, -1)
	if whole < 2*killMoments {
		t.Fatalf("a whole run wrote %d journal lines: too few to choose %d moments from", whole, killMoments)
	}
	if diff := cmp.Diff(before, r.portrait(address)); diff != "" {
		t.Fatalf("a whole run left the phone changed (-before +after):\n%s", diff)
	}
	hit := 0
	for i := part; i < killMoments; i += killedPhones {
		at := 1 + i*(whole-1)/killMoments
		_, killed := r.driveUntil(devices, at)
		if killed {
			hit++
		} else {
			t.Logf("the run ended before it could be killed at line %d of %d", at, whole) // on a busy machine we look too late
		}
		code, stdout, stderr := r.telltale("restore")
		if code != 0 {
			t.Fatalf("killed at line %d of %d: restore ended %d\n%s%s", at, whole, code, stdout, stderr)
		}
		r.awaitWorkers(fmt.Sprintf("killed at line %d of %d", at, whole))
		if diff := cmp.Diff(before, r.portrait(address)); diff != "" {
			t.Errorf("killed at line %d of %d: the phone is not as it was (-before +after):\n%s", at, whole, diff)
		}
		if killed {
			r.opensIncomplete(at)
		}
	}
	if all := (killMoments - part + killedPhones - 1) / killedPhones; hit < all/2 {
		t.Errorf("the run was killed at %d moments of %d", hit, all)
	}
}

// serve starts one virtual phone in a process of its own, and returns a devices.yaml for it and its address.
func (r *rig) serve(personality string) (devices, address string) {
	r.t.Helper()
	cmd := r.command("virtual", "--personality", personality)
	out, err := cmd.StdoutPipe()
	if err != nil {
		r.t.Fatal(err)
	}
	said := &bytes.Buffer{}
	cmd.Stderr = said
	if err := cmd.Start(); err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		if err := cmd.Wait(); err != nil {
			r.t.Errorf("telltale virtual: %v\n%s", err, said)
		}
	})
	devices = filepath.Join(r.t.TempDir(), "devices.yaml")
	file, err := os.Create(devices)
	if err != nil {
		r.t.Fatal(err)
	}
	defer file.Close()
	// The file is printed in one piece; its last line is known by the phone's browsers, so read until it loads.
	lines := bufio.NewReader(out)
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			r.t.Fatalf("telltale virtual printed no phone: %v\n%s", err, said)
		}
		io.WriteString(file, line)
		if at := strings.Index(line, "address:"); at >= 0 {
			address = strings.Trim(strings.TrimSpace(line[at+len("address:"):]), `"'`)
		}
		if strings.Contains(line, "browsers: [") {
			return devices, address
		}
	}
}

// driveUntil runs one search and kills the run, and nothing else, when its phone's journal has this many
// lines; -1 lets it end. It returns how many lines there were, and whether it was killed before it ended by itself.
func (r *rig) driveUntil(devices string, killAt int) (lines int, killed bool) {
	r.t.Helper()
	r.out = filepath.Join(r.t.TempDir(), "evidence")
	cmd := r.command("run", "--devices", devices, "--filter", "action:search", "--repeat", "1", "--out", r.out)
	said := &bytes.Buffer{}
	cmd.Stdout, cmd.Stderr = said, said
	if err := cmd.Start(); err != nil {
		r.t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { _ = cmd.Wait(); close(ended) }()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ended:
			if killAt < 0 && cmd.ProcessState.ExitCode() != exitLeaked {
				r.t.Fatalf("the run ended %d\n%s", cmd.ProcessState.ExitCode(), said)
			}
			return r.journalLines(), false
		case <-tick.C:
			if killAt >= 0 && r.journalLines() >= killAt {
				_ = cmd.Process.Kill()
				<-ended
				return r.journalLines(), !cmd.ProcessState.Exited()
			}
		}
	}
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

// opensIncomplete judges and verifies what the killed run left, if it came so far as to make a folder.
func (r *rig) opensIncomplete(at int) {
	r.t.Helper()
	dir := r.bundle()
	if !strings.HasSuffix(dir, ".partial") {
		r.t.Errorf("killed at line %d: %s does not say that it is incomplete", at, dir)
	}
	code, stdout, stderr := r.telltale("judge", dir, "--json")
	if code != exitIncomplete && code != exitLeaked {
		r.t.Errorf("killed at line %d: judge ended %d\n%s%s", at, code, stdout, stderr)
	}
	var v struct{ Outcome string }
	if err := json.Unmarshal([]byte(stdout), &v); err != nil || v.Outcome == "clean" {
		r.t.Errorf("killed at line %d: judge says %+v, %v", at, v, err)
	}
	if code, stdout, stderr := r.telltale("verify", dir); code != exitIncomplete {
		r.t.Errorf("killed at line %d: verify ended %d\n%s%s", at, code, stdout, stderr)
	}
	if entries, err := harness.UndoSerials(r.state); err != nil || len(entries) > 0 {
		r.t.Errorf("killed at line %d: open journals after restore: %v, %v", at, entries, err)
	}
}
