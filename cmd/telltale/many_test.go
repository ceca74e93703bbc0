package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/harness/virtual/personality"
)

// manyEnv says how many phones TestMany drives at once. 40 is what one computer is designed for (`make many`); a dozen
// show the same in a test.
const (
	manyEnv     = "TELLTALE_MANY"
	manyUsually = 12
	manyLimit   = 8 * time.Minute
)

// TestMany drives many phones in one run. One of them wedges after its control, takes every command and answers none:
// all others must be done, with their right verdicts, while it still hangs.
func TestMany(t *testing.T) {
	r := newRig(t, built)
	n := manyUsually
	if v := os.Getenv(manyEnv); v != "" {
		var err error
		if n, err = strconv.Atoi(v); err != nil || n < 2 {
			t.Fatalf("%s=%s", manyEnv, v)
		}
	}
	wedged, blocks := r.served("wedged", personality.Clean(), "clean", "chrome", "")
	want := map[string]leak.Outcome{}
	for i := range n - 1 {
		id, shipped, browser, outcome := fmt.Sprintf("phone-%d", i), "clean", "chrome", leak.Clean
		if i%2 == 0 {
			shipped, browser, outcome = "leaky-2020", "mi", leak.Leaked
		}
		want[id] = outcome
		blocks += phoneBlock(id, shipped, browser, standIn)
	}
	cmd := r.command("run", "--devices", r.devices(blocks), "--filter", "action:search && variant:private", "--out", r.out)
	log, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	begun := time.Now()
	ended := make(chan struct{})
	go func() { _ = cmd.Wait(); close(ended) }()
	until := func(what string, cond func() bool) {
		t.Helper()
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for !cond() {
			select {
			case <-ended:
				said, _ := os.ReadFile(log.Name())
				t.Fatalf("the run ended before %s\n%s", what, said)
			case <-tick.C:
				if time.Since(begun) > manyLimit {
					wedged.ADB().Thaw()
					_ = cmd.Process.Signal(os.Interrupt)
					<-ended
					said, _ := os.ReadFile(log.Name())
					t.Fatalf("waited in vain for %s\n%s", what, said)
				}
			}
		}
	}
	until("the wedged phone's control", func() bool { return strings.Contains(r.fileOf("wedged", "attempts.jsonl"), leak.ControlScenario) })
	wedged.ADB().Freeze()
	frozen := time.Since(begun)
	until("the others are done", func() bool {
		for id := range want {
			if !strings.Contains(r.fileOf(id, "phone.jsonl"), `"at":"end"`) {
				return false
			}
		}
		return true
	})
	others := time.Since(begun)
	if strings.Contains(r.fileOf("wedged", "phone.jsonl"), `"at":"end"`) {
		t.Error("the wedged phone was done before the others, so it did not hang")
	}
	wedged.ADB().Thaw()
	<-ended
	t.Logf("%d phones: one wedged after %.1f s, all others were done after %.1f s, the run after %.1f s", n, frozen.Seconds(), others.Seconds(), time.Since(begun).Seconds())

	raw, err := os.ReadFile(filepath.Join(r.bundle(), "verdicts.json"))
	if err != nil {
		t.Fatal(err)
	}
	var v leak.Verdicts
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatal(err)
	}
	seen := map[string]leak.Outcome{}
	for _, c := range v.Cells {
		if c.Scenario == "private search" {
			seen[c.Phone] = c.Outcome
		}
	}
	for id, outcome := range want {
		if seen[id] != outcome {
			t.Errorf("%s is %q, want %q\n%s", id, seen[id], outcome, r.fileOf(id, "attempts.jsonl"))
		}
	}
	if seen["wedged"] == "" || seen["wedged"] == leak.Leaked {
		t.Errorf("the wedged phone is %q", seen["wedged"])
	}
	if code := cmd.ProcessState.ExitCode(); code != exitLeaked {
		t.Errorf("the run ended %d, want %d", code, exitLeaked)
	}
}

// fileOf reads a file of a phone in the rig's bundle; it is empty before the file is there.
func (r *rig) fileOf(phone, name string) string {
	found, err := filepath.Glob(filepath.Join(r.out, "*", "phones", phone, name))
	if err != nil || len(found) != 1 {
		return ""
	}
	raw, _ := os.ReadFile(found[0])
	return string(raw)
}
