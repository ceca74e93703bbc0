package harness_test

import (
	"context"
	"crypto/x509"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

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
	relaysMade = dir
	build := exec.Command("go", "build", "-trimpath", "-o", filepath.Join(dir, "relay-"+runtime.GOARCH), "./relay")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return dir, nil
})

var relaysMade string // to be removed

// TestMain lets more tests run at once than there are processors, unless the command line says how many: they wait for
// their phones most of the time.
func TestMain(m *testing.M) {
	if err := flag.Set("test.parallel", strconv.Itoa(3*runtime.NumCPU())); err != nil {
		panic(err)
	}
	code := m.Run()
	if relaysMade != "" {
		os.RemoveAll(relaysMade)
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
	dir, programs := relayOption(t)
	r := newRig(t, who, shipped, programs...)
	r.options.Relays = dir
	return r
}

// relayOption lets a virtual phone run the relay, and gives the folder that it is in; none where it cannot run.
func relayOption(t *testing.T) (dir string, change []func(*virtual.Options)) {
	t.Helper()
	if runtime.GOOS != "linux" {
		return "", nil
	}
	dir, err := relays()
	if err != nil {
		t.Fatal(err)
	}
	return dir, []func(*virtual.Options){func(o *virtual.Options) { o.Programs = []string{filepath.Join(dir, "relay-"+runtime.GOARCH)} }}
}

// app is the network as an app of the rig's phone uses it.
func (r *rig) app(uid int, pkg string) *http.Client {
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(r.internet.RootPEM())
	c := r.phone.Network().Client(network.AppOptions{UID: uid, Package: pkg, SystemRoots: func() *x509.CertPool { return roots }})
	c.Timeout = time.Minute
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
	t.Parallel()
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
	t.Parallel()
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
	t.Parallel()
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

// TestOneBadAttemptOnly: whatever took the way to us, and however apps went on meanwhile, the attempt is a capture gap
// and the one after it is good.
func TestOneBadAttemptOnly(t *testing.T) {
	t.Parallel()
	r := newRelayRig(t, personality.Clean(), "clean")
	l := r.lease()
	defer r.release(l)
	// Another app keeps its connection from before, as browsers and their services do: nobody may say that it went away.
	keeping := r.app(10101, "com.android.chrome")
	around := func(t *testing.T) {
		t.Helper()
		if err := get(t, keeping, "https://example.test/around"); err != nil {
			t.Error("the phone has no internet:", err)
		}
	}
	for _, tc := range []struct {
		name   string
		breaks func(t *testing.T)
		words  string // in the fault's text
	}{
		{"an app connects directly", func(t *testing.T) {
			r.phone.ADB().RefuseReversed(true)
			around(t)
			r.phone.ADB().RefuseReversed(false)
		}, "example.test:443 of uid 10101"},
		{"the adb server dies", func(t *testing.T) {
			r.server.Close()
			around(t)
		}, "the adb server went away"},
		{"the relay dies", func(t *testing.T) {
			for _, p := range r.phone.State().Processes.Named("telltale-relay") {
				r.phone.State().Processes.Kill(p.PID)
			}
		}, "the relay on the phone is gone"},
		{"the proxy crashes", func(t *testing.T) {
			l.CrashProxy()
			around(t)
		}, "our proxy has ended"},
		{"the relay's log is gone", func(t *testing.T) {
			if err := r.phone.State().Files.Remove("/data/local/tmp/telltale-relay.log", false); err != nil {
				t.Error(err)
			}
		}, "the log of the relay"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			before := len(r.made())
			var once sync.Once
			seen, err := r.search(l, func(a harness.Action) harness.Action {
				return broken{a, func(context.Context) error { once.Do(func() { tc.breaks(t) }); return nil }}
			})
			if err != nil {
				t.Fatal(err)
			}
			made := r.made()[before:]
			if len(made) != 2 || made[0].Fault == nil || made[0].Fault.Code != leak.CodeCaptureGap || !strings.Contains(made[0].Fault.Detail, tc.words) {
				t.Errorf("attempts %+v; want a capture gap with %q, and one more", made, tc.words)
			}
			if seen.Verdict.Outcome != leak.Clean {
				t.Errorf("the retry: %s, %v", seen.Verdict.Outcome, codes(seen))
			}
		})
	}
	if n := strings.Count(r.journal(), `"event":"direct"`); n < 2 {
		t.Errorf("the journal has %d direct connections, want at least the 2 of the app that kept its own", n)
	}
}

func TestThePhoneHasInternetWithoutUs(t *testing.T) {
	t.Parallel()
	r := newRelayRig(t, personality.Clean(), "clean")
	r.options.RelayGrace = 4 * time.Second
	l := r.lease()
	if err := get(t, r.app(10101, "com.android.chrome"), "http://example.test/before"); err != nil {
		t.Fatal(err)
	}
	r.phone.ADB().PowerOff() // the cable is pulled, for good
	if err := get(t, r.app(10101, "com.android.chrome"), "http://example.test/at-once"); err != nil {
		t.Error("at once:", err)
	}
	limit := time.After(2 * time.Minute)
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
