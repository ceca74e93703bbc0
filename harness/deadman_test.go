package harness_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/telltale-farm/telltale/adb"
	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/harness"
	"github.com/telltale-farm/telltale/harness/evidence"
	"github.com/telltale-farm/telltale/harness/virtual/personality"
)

// until waits for a condition; a test that waits in vain ends with the test's own time.
func until(t testing.TB, what string, holds func() bool) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	inVain := time.After(3 * time.Minute)
	for !holds() {
		select {
		case <-t.Context().Done():
			t.Fatalf("waited in vain for %s", what)
		case <-inVain:
			t.Fatalf("waited in vain for %s", what)
		case <-tick.C:
		}
	}
}

// proxied says whether the phone's apps are told to use a proxy.
func (r *rig) proxied() bool {
	_, _, on := r.phone.State().Proxy.Effective()
	return on
}

// deadMen are the processes on the phone that watch over its network.
func (r *rig) deadMen() []string {
	var out []string
	for name := range r.leftovers() {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

// leftovers are files of ours on the phone.
func (r *rig) leftovers() map[string]bool {
	r.t.Helper()
	files, err := r.phone.State().Files.ReadDir("/data/local/tmp")
	if err != nil {
		r.t.Fatal(err)
	}
	out := map[string]bool{}
	for _, f := range files {
		if strings.HasPrefix(f.Name(), "telltale-deadman") {
			out[f.Name()] = true
		}
	}
	return out
}

// shells counts the shell's processes on the phone.
func (r *rig) shells() int {
	return len(r.phone.State().Processes.Named("sh"))
}

// A lease leaves neither a dead man nor a file of it behind, and the proxy is as before.
func TestReleaseEndsTheDeadMan(t *testing.T) {
	t.Parallel()
	r := newRig(t, personality.Clean(), "clean")
	before := r.shells()
	l := r.lease()
	if r.shells() == before || !r.proxied() {
		t.Fatal("a phone whose traffic is led away has no dead man")
	}
	if err := l.Release(t.Context()); err != nil {
		t.Fatal(err)
	}
	if left := r.deadMen(); len(left) > 0 {
		t.Errorf("left on the phone: %q", left)
	}
	until(t, "its process to end", func() bool { return r.shells() <= before })
	if r.proxied() {
		t.Error("the phone has our proxy still")
	}
}

// A lease that falls silent while it believes to drive: the phone takes its network back, and the window is a gap.
func TestSilenceInAWindow(t *testing.T) {
	t.Parallel()
	r := newRig(t, personality.Clean(), "clean")
	r.options.Silence = 4 * time.Second
	l := r.lease()
	defer l.Release(context.WithoutCancel(t.Context()))
	once := false
	seen, err := r.search(l, func(a harness.Action) harness.Action {
		return broken{a, func(context.Context) error {
			if !once {
				once = true
				l.FallSilent()
				until(t, "the phone to take its network back", func() bool { return !r.proxied() })
			}
			return nil
		}}
	})
	if seen == nil {
		t.Fatal(err)
	}
	first := r.attempts()[slices.IndexFunc(r.attempts(), func(a leak.Attempt) bool { return a.Key == r.searchKey() })]
	if first.Fault == nil || first.Fault.Code != leak.CodeCaptureGap || !strings.Contains(first.Fault.Detail, "http_proxy") {
		t.Errorf("the window in which the proxy went: %+v", first.Fault)
	}
}

// A dead man that somebody ended is started again before the next window.
func TestDeadManIsKept(t *testing.T) {
	t.Parallel()
	r := newRig(t, personality.Clean(), "clean")
	l := r.lease()
	defer l.Release(context.WithoutCancel(t.Context()))
	pid, err := r.phone.State().Files.Read("/data/local/tmp/telltale-deadman.pid")
	if err != nil {
		t.Fatal(err)
	}
	d := r.server.Device(r.options.Serial, adb.Options{})
	if _, err := d.Script(t.Context(), "kill "+strings.TrimSpace(string(pid))); err != nil {
		t.Fatal(err)
	}
	seen, err := r.search(l, nil)
	if err != nil || seen.Verdict.Outcome != leak.Clean {
		t.Fatalf("%v, %v", seen, err)
	}
	now, err := r.phone.State().Files.Read("/data/local/tmp/telltale-deadman.pid")
	if err != nil || string(now) == string(pid) {
		t.Fatalf("it was %s and is %s, %v", pid, now, err)
	}
	if _, err := d.Script(t.Context(), "kill -0 "+strings.TrimSpace(string(now))); err != nil {
		t.Error(err)
	}
}

// childOf names, in a child process, the phone it is to lease and never to release.
const childOf = "TELLTALE_TEST_PHONE"

// TestChildLeases is not a test but what TestKilledForGood runs and kills.
func TestChildLeases(t *testing.T) {
	address := os.Getenv(childOf)
	if address == "" {
		t.Skip("run by TestKilledForGood")
	}
	state := os.Getenv(childOf + "_STATE")
	server, err := adb.StartPrivate(t.Context(), adb.PrivateOptions{Home: filepath.Join(state, "adb")})
	if err != nil {
		t.Fatal(err)
	}
	config := configFor(personality.Clean(), "clean")
	dir, err := evidence.OpenPhone(state, phoneID)
	if err != nil {
		t.Fatal(err)
	}
	_, err = harness.Acquire(t.Context(), harness.Options{
		Profile: &config.Phones[0], ControlHost: config.Sites.Control, Policy: harness.ResolvePolicy(config, 0), Repeat: 1,
		Seed: "seed", State: state, ADB: server.Addr, Serial: address, Address: address, Silence: 4 * time.Second,
		Bundle: os.DirFS(state), Dir: dir,
	})
	if err != nil {
		t.Fatal(err)
	}
	select {} // until it is killed
}

// TestKilledForGood kills the whole host side with SIGKILL, the adb server with it, and never starts it again: the phone
// gives itself its network back. A later restore leaves every setting as it was.
func TestKilledForGood(t *testing.T) {
	t.Parallel()
	for _, own := range []string{"", "10.1.2.3:3128"} {
		name := "a phone without a proxy"
		if own != "" {
			name = "a phone with a proxy of its own"
		}
		t.Run(name, func(t *testing.T) {
			r := newRig(t, personality.Clean(), "clean")
			if own != "" {
				r.phone.State().Settings.Put("global", "http_proxy", own)
			}
			before := r.phone.State().Settings.List("global")
			state := t.TempDir()
			child := exec.Command(os.Args[0], "-test.run=^TestChildLeases$")
			child.Env = append(os.Environ(), childOf+"="+r.options.Address, childOf+"_STATE="+state)
			if err := child.Start(); err != nil {
				t.Fatal(err)
			}
			ours := func() bool {
				host, _, _ := r.phone.State().Proxy.Effective()
				return host == "127.0.0.1"
			}
			until(t, "the child to lead the traffic away", ours)
			if err := child.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			_ = child.Wait()
			until(t, "the phone to take its network back", func() bool { return !ours() })
			if host, _, _ := r.phone.State().Proxy.Effective(); !strings.HasPrefix(own, host) {
				t.Errorf("the phone now uses the proxy %q; its own is %q", host, own)
			}
			until(t, "nothing to be left of the dead man", func() bool { return len(r.deadMen()) == 0 })

			r.attach()
			undo, err := harness.OpenUndo(state, r.options.Serial)
			if err != nil || len(undo.Entries()) == 0 {
				t.Fatalf("the killed process left no journal: %v", err)
			}
			if err := harness.Restore(t.Context(), r.server.Device(r.options.Serial, adb.Options{}), undo); err != nil {
				t.Fatal(err)
			}
			if after := r.phone.State().Settings.List("global"); !slices.Equal(before, after) {
				t.Errorf("before %v\nafter %v", before, after)
			}
		})
	}
}
