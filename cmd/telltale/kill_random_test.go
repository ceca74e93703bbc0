package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/telltale-farm/telltale/harness"
	"github.com/telltale-farm/telltale/harness/virtual"
	"github.com/telltale-farm/telltale/harness/virtual/internet"
	"github.com/telltale-farm/telltale/harness/virtual/network"
	"github.com/telltale-farm/telltale/harness/virtual/personality"
)

// `make kill N=100` kills at so many random moments, a test at a few. The seed is printed.
const (
	randomEnv     = "TELLTALE_KILL"
	randomSeedEnv = "TELLTALE_KILL_SEED"
	randomUsually = 4
	randomAtOnce  = 8               // runs beside each other; most of each is waiting
	networkWithin = 3 * time.Minute // of the kill, without a computer; half a minute where nothing else runs
)

// withRelay is a folder with the binaries of a run and the relay for phones of this computer's kind.
var withRelay = sync.OnceValues(func() (string, error) {
	from, err := built()
	if err != nil {
		return "", err
	}
	dir, err := toolsMade.make("telltale-bin-")
	if err != nil {
		return "", err
	}
	for _, name := range []string{"telltale", "scenarios.test", "ginkgo"} {
		if err := os.Link(filepath.Join(from, name), filepath.Join(dir, name)); err != nil {
			return "", err
		}
	}
	build := exec.Command("go", "build", "-o", filepath.Join(dir, "relay-"+runtime.GOARCH), "../../harness/relay")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return dir, nil
})

// victims are what is killed, with SIGKILL; whatever is left of the computer's side follows it within three seconds.
var victims = []string{"telltale", "everything", "the relay", "the adb server"}

// TestKilledAtRandom kills a part of a run at a random moment and then all of it, while the phone lives on: soon
// minute the phone reaches the internet by itself, and after the next start nothing of us is left on it.
func TestKilledAtRandom(t *testing.T) {
	if testing.Short() || runtime.GOOS != "linux" {
		t.Skip("kills runs on virtual phones, with the relay for Linux")
	}
	t.Parallel()
	bin, err := withRelay()
	if err != nil {
		t.Fatal(err)
	}
	n, seed := randomUsually, rand.Uint64()
	for _, v := range []struct {
		name string
		take func(uint64)
	}{{randomEnv, func(u uint64) { n = int(u) }}, {randomSeedEnv, func(u uint64) { seed = u }}} {
		if text := os.Getenv(v.name); text != "" {
			u, err := strconv.ParseUint(text, 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			v.take(u)
		}
	}
	t.Logf("%s=%d %s=%d", randomEnv, n, randomSeedEnv, seed)
	random := rand.New(rand.NewPCG(seed, 0))
	var all sync.WaitGroup
	var mu sync.Mutex
	var waits []time.Duration
	room := make(chan struct{}, randomAtOnce)
	for i := range n {
		m := killing{
			bin: bin, victim: victims[i%len(victims)], relay: victims[i%len(victims)] == "the relay" || random.IntN(2) == 0,
			after: time.Duration(random.IntN(7000)) * time.Millisecond, rest: time.Duration(random.IntN(3000)) * time.Millisecond,
			run: random.IntN(5) == 0, took: func(d time.Duration) { mu.Lock(); waits = append(waits, d); mu.Unlock() },
		}
		room <- struct{}{}
		all.Go(func() {
			defer func() { <-room }()
			t.Run(fmt.Sprint(i, ": ", m.victim), m.test)
		})
	}
	all.Wait()
	if len(waits) > 0 {
		slices.Sort(waits)
		t.Logf("%d moments: without a computer the phone had its internet after %.1f s (median), %.1f s (longest)",
			len(waits), waits[len(waits)/2].Seconds(), waits[len(waits)-1].Seconds())
	}
}

// killing is one moment.
type killing struct {
	bin, victim string
	relay       bool          // the phone lets the relay run
	after, rest time.Duration // the victim's moment, since the run came to the phone; everything else's behind it
	run         bool          // the next start is a run, not `telltale restore`
	took        func(time.Duration)
}

func (k killing) test(t *testing.T) {
	r := &rig{t: t, bin: k.bin, state: t.TempDir(), out: filepath.Join(t.TempDir(), "evidence")}
	phone, block := r.lasting(k.relay)
	settings := func() (out []any) {
		for _, ns := range []string{"global", "secure", "system"} {
			for _, s := range phone.State().Settings.List(ns) {
				out = append(out, ns, s)
			}
		}
		return out
	}
	before := settings()
	devices := r.devices(block)
	args := []string{"run", "--devices", devices, "--filter", "action:search && variant:private", "--out", r.out}
	cmd := r.command(args...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { _ = cmd.Wait(); close(ended) }()
	for r.journalLines() == 0 && !over(ended) { // until it has come to the phone
		time.Sleep(10 * time.Millisecond)
	}
	pause(ended, k.after)
	switch k.victim {
	case "telltale":
		_ = cmd.Process.Kill()
	case "the relay":
		for _, p := range phone.State().Processes.Named("telltale-relay") {
			phone.State().Processes.Kill(p.PID)
		}
	case "the adb server":
		r.kill("nodaemon")
	}
	if k.victim != "everything" {
		pause(ended, k.rest)
	}
	r.kill("")
	<-ended
	alone := time.Now()
	app, _ := personality.Clean().App("com.android.chrome")
	online := func() bool {
		c := phone.Network().Client(network.AppOptions{UID: app.UID, Package: app.Package})
		c.Timeout = 30 * time.Second
		defer c.CloseIdleConnections()
		return reaches(t.Context(), c)
	}
	for !online() {
		if time.Since(alone) > networkWithin {
			t.Fatalf("killed after %s and %s: the phone has no internet", k.after, k.rest)
		}
		time.Sleep(50 * time.Millisecond)
	}
	k.took(time.Since(alone))

	next := []string{"restore"}
	if k.run {
		r.out = filepath.Join(t.TempDir(), "again")
		next = append(args[:len(args)-1:len(args)-1], r.out)
	}
	if code, stdout, stderr := r.telltale(next...); code != exitClean {
		t.Errorf("the next start, %s, ended %d\n%s%s", next[0], code, stdout, stderr)
	}
	if diff := cmp.Diff(before, settings()); diff != "" {
		t.Errorf("the phone is not as it was (-before +after):\n%s", diff)
	}
	if host, port, on := phone.State().Proxy.Effective(); on {
		t.Errorf("the proxy in effect is %s:%d", host, port)
	}
	if left, err := phone.State().Files.ReadDir("/data/local/tmp"); err != nil || len(left) > 0 {
		t.Errorf("left in /data/local/tmp: %v, %v", left, err)
	}
	if p := phone.State().Processes.Named("telltale-relay"); len(p) > 0 {
		t.Errorf("still runs: %v", p)
	}
	if open, err := harness.UndoSerials(r.state); err != nil || len(open) > 0 {
		t.Errorf("open journals: %v, %v", open, err)
	}
}

// lasting is a phone in this process, which outlives every run, and its block for devices.yaml.
func (r *rig) lasting(relay bool) (*virtual.Phone, string) {
	r.t.Helper()
	web, err := internet.Start(internet.Options{})
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { web.Close() })
	o := virtual.Options{Personality: personality.Clean(), Name: "lasting", Internet: web, RootPEM: web.RootPEM()}
	if relay {
		o.Programs = []string{filepath.Join(r.bin, "relay-"+runtime.GOARCH)}
	}
	phone, err := virtual.New(o)
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { phone.Close() })
	if err := phone.Listen(r.t.Context(), "127.0.0.1:0"); err != nil {
		r.t.Fatal(err)
	}
	pem := filepath.Join(r.t.TempDir(), "root.pem")
	if err := os.WriteFile(pem, web.RootPEM(), 0o600); err != nil {
		r.t.Fatal(err)
	}
	return phone, phoneBlock("lasting", "clean", "chrome", fmt.Sprintf("    address: %s\n    upstream: {resolve: '%s', trust: %s}\n", phone.Addr(), web.Addr(), pem))
}

// kill kills what was started in the rig's state directory, as far as its command line has a word; and what those
// started meanwhile.
func (r *rig) kill(word string) {
	for again := true; again; {
		again = false
		procs, _ := filepath.Glob("/proc/[0-9]*")
		for _, p := range procs {
			env, err := os.ReadFile(p + "/environ")
			line, err2 := os.ReadFile(p + "/cmdline")
			if err != nil || err2 != nil || !strings.Contains(string(env), "HOME="+r.state) || !strings.Contains(string(line), word) {
				continue
			}
			if pid, err := strconv.Atoi(filepath.Base(p)); err == nil && pid != os.Getpid() && syscall.Kill(pid, syscall.SIGKILL) == nil {
				again = word == ""
			}
		}
	}
}

// reaches says whether an app of the phone gets a page of the stand-in internet.
func reaches(ctx context.Context, c *http.Client) bool {
	q, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://example.test/", nil)
	if err != nil {
		return false
	}
	q.Close = true // a connection that lingers would be told of in the next run
	resp, err := c.Do(q)
	if err != nil {
		return false
	}
	defer resp.Body.Close()
	_, err = io.Copy(io.Discard, resp.Body)
	return err == nil && resp.StatusCode == http.StatusOK
}

func over(ended <-chan struct{}) bool {
	select {
	case <-ended:
		return true
	default:
		return false
	}
}

// pause waits, or until a run has ended.
func pause(ended <-chan struct{}, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ended:
	case <-timer.C:
	}
}
