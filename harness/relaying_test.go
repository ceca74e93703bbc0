package harness_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/telltale-farm/telltale/adb"
	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/capture/flow"
	"github.com/telltale-farm/telltale/capture/record"
	"github.com/telltale-farm/telltale/harness"
	"github.com/telltale-farm/telltale/harness/virtual"
	"github.com/telltale-farm/telltale/harness/virtual/network"
	"github.com/telltale-farm/telltale/harness/virtual/personality"
)

// relays builds the relay for this computer, once for all tests, and gives its folder.
var relays = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "telltale-relay-")
	if err != nil {
		return "", err
	}
	build := exec.Command("go", "build", "-trimpath", "-o", filepath.Join(dir, "relay-"+runtime.GOARCH), "./relay")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return dir, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if dir, err := relays(); err == nil && !testing.Short() {
		os.RemoveAll(dir)
	}
	os.Exit(code)
}

// newRelayRig is a rig whose phone can run the relay.
func newRelayRig(t *testing.T, who personality.Personality, shipped string) *rig {
	t.Helper()
	if testing.Short() {
		t.Skip("drives a virtual phone through a real adb server")
	}
	if runtime.GOOS != "linux" {
		t.Skip("the relay is a program of Linux")
	}
	dir, err := relays()
	if err != nil {
		t.Fatal(err)
	}
	r := newRig(t, who, shipped, func(o *virtual.Options) { o.Programs = []string{filepath.Join(dir, "relay-"+runtime.GOARCH)} })
	r.options.Relays = dir
	return r
}

// app is the network as an app of the rig's phone uses it.
func (r *rig) app(uid int, pkg string) *http.Client {
	c := r.phone.Network().Client(network.AppOptions{UID: uid, Package: pkg})
	c.Timeout = 20 * time.Second
	return c
}

func (r *rig) flows() []flow.Flow {
	r.t.Helper()
	rd, err := record.Open(r.options.Dir.FS())
	if err != nil {
		r.t.Fatal(err)
	}
	flows, err := rd.Flows()
	if err != nil {
		r.t.Fatal(err)
	}
	return flows
}

func (r *rig) release(l *harness.Lease) {
	r.t.Helper()
	if err := l.Release(context.WithoutCancel(r.t.Context())); err != nil {
		r.t.Error(err)
	}
}

func get(t *testing.T, c *http.Client, url string) error {
	t.Helper()
	resp, err := c.Get(url)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	_, err = io.Copy(io.Discard, resp.Body)
	return err
}

// twenty is the clean phone with twenty more apps.
func twenty() (personality.Personality, []personality.App) {
	p := personality.Clean()
	var more []personality.App
	for i := range 20 {
		more = append(more, personality.App{Package: fmt.Sprintf("test.app%02d", i), Label: fmt.Sprint("App ", i), Kind: personality.Stub, UID: 10300 + i, Activity: ".Main", TargetSDK: 28})
	}
	p.Apps = append(p.Apps, more...)
	return p, more
}

func TestTheRelayKnowsEveryAppOfTwentyAtOnce(t *testing.T) {
	who, more := twenty()
	r := newRelayRig(t, who, "clean")
	l := r.lease()
	defer r.release(l)
	if !l.Relayed() {
		t.Fatal("the relay does not run")
	}
	const each = 10
	var all sync.WaitGroup
	for _, app := range more {
		for n := range each {
			all.Go(func() {
				c := r.app(app.UID, app.Package) // a connection of its own
				if err := get(t, c, fmt.Sprintf("http://example.test/%s/%d", app.Package, n)); err != nil {
					t.Errorf("%s: %v", app.Package, err)
				}
				c.CloseIdleConnections()
			})
		}
	}
	all.Wait()
	if err := l.Sync(); err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, f := range r.flows() {
		if f.Kind != flow.KindExchange || f.Request == nil || !strings.HasPrefix(f.Request.Target, "http://example.test/test.app") {
			continue
		}
		seen++
		if want := strings.Split(f.Request.Target, "/")[3]; f.App != want || f.AppBy != flow.ByRelay {
			t.Errorf("%s is said to be of %q, by %q", f.Request.Target, f.App, f.AppBy)
		}
	}
	if seen != each*len(more) {
		t.Errorf("%d exchanges, want %d", seen, each*len(more))
	}
}

func TestARunWithTheRelayIsClean(t *testing.T) {
	r := newRelayRig(t, personality.Clean(), "clean")
	l := r.lease()
	seen, err := r.search(l, nil)
	if err != nil || seen.Verdict.Outcome != leak.Clean {
		t.Errorf("%v, %+v", err, seen)
	}
	for _, f := range r.flows() {
		if f.AppBy != flow.ByRelay {
			t.Errorf("flow %d of %s is known by %q", f.Seq, f.Host, f.AppBy)
		}
	}
	r.release(l)
	r.nothingLeft()
}

// nothingLeft checks that a phone is as it was before any lease.
func (r *rig) nothingLeft() {
	r.t.Helper()
	if host, port, on := r.phone.State().Proxy.Effective(); on {
		r.t.Errorf("the proxy in effect is %s:%d", host, port)
	}
	if left, err := r.phone.State().Files.ReadDir("/data/local/tmp"); err != nil || len(left) > 0 {
		r.t.Errorf("left in /data/local/tmp: %v, %v", left, err)
	}
	if p := r.phone.State().Processes.Named("telltale-relay"); len(p) > 0 {
		r.t.Errorf("still runs: %v", p)
	}
	if left, err := os.ReadDir(filepath.Join(r.options.State, "undo")); err != nil || len(left) > 0 {
		r.t.Errorf("undo journals: %v, %v", left, err)
	}
}

func TestWithoutTheRelayAppsAreKnownByElimination(t *testing.T) {
	r := newRelayRig(t, personality.Clean(), "clean")
	if err := os.Mkdir(filepath.Join(r.options.State, "relays"), 0o700); err != nil {
		t.Fatal(err)
	}
	r.options.Relays = filepath.Join(r.options.State, "relays")
	other := append([]byte("\x7fELF"), "not what the phone may run"...)
	if err := os.WriteFile(filepath.Join(r.options.Relays, "relay-"+runtime.GOARCH), other, 0o700); err != nil {
		t.Fatal(err)
	}
	l := r.lease()
	if l.Relayed() {
		t.Fatal("a relay that cannot run runs")
	}
	seen, err := r.search(l, nil)
	if err != nil || seen.Verdict.Outcome != leak.Clean {
		t.Errorf("%v, %+v", err, seen)
	}
	if !slices.ContainsFunc(r.flows(), func(f flow.Flow) bool { return f.AppBy == flow.ByElimination }) {
		t.Error("no app is known by elimination")
	}
	r.release(l)
	r.nothingLeft()
}

func TestADirectConnectionIsACaptureGap(t *testing.T) {
	r := newRelayRig(t, personality.Clean(), "clean")
	l := r.lease()
	defer r.release(l)
	once := false
	seen, err := r.search(l, func(a harness.Action) harness.Action {
		return broken{a, func(ctx context.Context) error {
			if once {
				return nil
			}
			once = true
			d := r.server.Device(r.options.Serial, adb.Options{})
			if err := d.RemoveReverse(ctx, harness.TunnelPort); err != nil {
				return err
			}
			if err := get(t, r.app(10101, "com.android.chrome"), "http://example.test/around"); err != nil {
				t.Error("the phone has no internet:", err)
			}
			return d.EnsureReverse(ctx, harness.TunnelPort, l.RelayHost())
		}}
	})
	if seen == nil {
		t.Fatal(err)
	}
	attempts := slices.DeleteFunc(r.attempts(), func(a leak.Attempt) bool { return a.Key != r.searchKey() })
	if len(attempts) < 2 || attempts[0].Fault == nil || attempts[0].Fault.Code != leak.CodeCaptureGap {
		t.Fatalf("attempts %+v", attempts)
	}
	if detail := attempts[0].Fault.Detail; !strings.Contains(detail, "example.test:80 of uid 10101") {
		t.Errorf("detail %q", detail)
	}
	if seen.Verdict.Outcome != leak.Clean {
		t.Errorf("the retry: %s, %v", seen.Verdict.Outcome, codes(seen))
	}
	journal, err := os.ReadFile(filepath.Join(r.options.Dir.Path(), "journal.jsonl"))
	if err != nil || !strings.Contains(string(journal), `"to":"example.test:80"`) {
		t.Errorf("the journal does not have it: %v", err)
	}
}

func TestARelayThatDiesIsStartedAgain(t *testing.T) {
	r := newRelayRig(t, personality.Clean(), "clean")
	l := r.lease()
	defer r.release(l)
	once := false
	seen, err := r.search(l, func(a harness.Action) harness.Action {
		return broken{a, func(ctx context.Context) error {
			if !once {
				once = true
				for _, p := range r.phone.State().Processes.Named("telltale-relay") {
					r.phone.State().Processes.Kill(p.PID)
				}
			}
			return nil
		}}
	})
	if err != nil {
		t.Fatal(err)
	}
	attempts := slices.DeleteFunc(r.attempts(), func(a leak.Attempt) bool { return a.Key != r.searchKey() })
	if len(attempts) != 2 || attempts[0].Fault == nil || attempts[0].Fault.Code != leak.CodeCaptureGap {
		t.Errorf("attempts %+v", attempts)
	}
	if seen.Verdict.Outcome != leak.Clean {
		t.Errorf("the retry: %s, %v", seen.Verdict.Outcome, codes(seen))
	}
}

func TestThePhoneHasInternetWithoutUs(t *testing.T) {
	r := newRelayRig(t, personality.Clean(), "clean")
	r.options.RelayGrace = 2 * time.Second
	l := r.lease()
	if err := get(t, r.app(10101, "com.android.chrome"), "http://example.test/before"); err != nil {
		t.Fatal(err)
	}
	r.phone.ADB().PowerOff() // the cable is pulled, for good
	if err := get(t, r.app(10101, "com.android.chrome"), "http://example.test/at-once"); err != nil {
		t.Error("at once:", err)
	}
	limit := time.After(30 * time.Second)
	for _, _, on := r.phone.State().Proxy.Effective(); on; _, _, on = r.phone.State().Proxy.Effective() {
		select {
		case <-limit:
			t.Fatal("the proxy is still set")
		case <-time.After(20 * time.Millisecond):
		}
	}
	if err := get(t, r.app(10101, "com.android.chrome"), "http://example.test/after"); err != nil {
		t.Error("after:", err)
	}
	if err := r.phone.ADB().PowerOn(); err != nil {
		t.Fatal(err)
	}
	r.release(l)
	r.nothingLeft()
}
