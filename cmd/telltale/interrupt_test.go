package main

import (
	"bytes"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/telltale-farm/telltale/harness"
	"github.com/telltale-farm/telltale/harness/virtual/personality"
)

// TestInterrupted stops a run with one signal, to its own process alone, while its phone is being driven: the phone is
// put back, what was recorded is judged and closed, and the exit code says that it was interrupted.
func TestInterrupted(t *testing.T) {
	r, g := newRig(t, built), &gate{}
	phone, block := r.served("clean", personality.Clean(), "clean", "chrome", "", g.holds)
	devices, address := r.devices(block), phone.Addr().String()
	before := r.portrait(address)
	cmd := r.command("run", "--devices", devices, "--filter", "smoke", "--out", r.out)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	reached := g.at(func(int) bool { return r.journalLines() > 60 }) // the first cell is being driven
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { _ = cmd.Wait(); close(ended) }()
	select {
	case <-reached:
		if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
			t.Fatal(err)
		}
		g.open()
		<-ended
	case <-ended:
	}
	if code := cmd.ProcessState.ExitCode(); code != exitInterrupted {
		t.Errorf("exit status %d, want %d\n%s\n%s", code, exitInterrupted, out.String(), errs.String())
	}
	if !strings.Contains(errs.String(), "telltale restore") {
		t.Errorf("the remedy was not printed:\n%s", errs.String())
	}
	if diff := cmp.Diff(before, r.portrait(address)); diff != "" {
		t.Errorf("the phone is not as it was (-before +after):\n%s", diff)
	}
	if left, err := harness.UndoSerials(r.state); err != nil || len(left) > 0 {
		t.Errorf("open journals: %v, %v", left, err)
	}
	if dir := r.bundle(); strings.HasSuffix(dir, ".partial") {
		t.Errorf("%s was not closed", dir)
	}
}
