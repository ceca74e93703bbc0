package harness_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/harness"
	"github.com/telltale-farm/telltale/harness/virtual/adbd"
	"github.com/telltale-farm/telltale/harness/virtual/personality"
	"github.com/telltale-farm/telltale/harness/virtual/phone"
)

// The soak: many phones at once on one adb server, every other with the relay, each leased, driven and given back again and
// again, while faults strike at random. `make soak T=30m` runs it for long, `go test` for two minutes beside
// other tests: it mostly waits.
const (
	soakPhones   = 16
	soakUsually  = 2 * time.Minute
	soakStrikes  = 120                   // in one shift: on a slow computer it lasts longer, and everything must not be struck for that
	soakMost     = 6                     // shifts that are made to see what leaks and what does not, each with fewer strikes than the one before
	soakEnv      = "TELLTALE_SOAK"       // how long, as a Go duration
	soakSeedEnv  = "TELLTALE_SOAK_SEED"  // to strike as an earlier soak did; the times still differ
	soakAloneEnv = "TELLTALE_SOAK_ALONE" // set in the process that soaks
)

// tally is what came of all shifts.
type tally struct {
	mu       sync.Mutex
	outcomes map[leak.Outcome]int
	faults   map[string]int
	refused  int // phones that could not be leased
	restores int // that needed another start
}

func (c *tally) add(f func()) { c.mu.Lock(); defer c.mu.Unlock(); f() }

func TestSoak(t *testing.T) {
	if testing.Short() {
		t.Skip("drives many virtual phones for minutes")
	}
	if os.Getenv(soakAloneEnv) == "" { // what it holds is counted in a process of its own
		t.Parallel()
		soak := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestSoak$", "-test.count=1", "-test.timeout=0", "-test.v")
		soak.Env = append(os.Environ(), soakAloneEnv+"=1")
		said, err := soak.CombinedOutput()
		t.Logf("%s", said)
		if err != nil {
			t.Error(err)
		}
		return
	}
	long := soakUsually
	if v := os.Getenv(soakEnv); v != "" {
		var err error
		if long, err = time.ParseDuration(v); err != nil {
			t.Fatal(err)
		}
	}
	seed := rand.Uint64()
	if v := os.Getenv(soakSeedEnv); v != "" {
		var err error
		if seed, err = strconv.ParseUint(v, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%s=%d, %s", soakSeedEnv, seed, long)
	random := rand.New(rand.NewPCG(seed, 0))
	count := &tally{outcomes: map[leak.Outcome]int{}, faults: map[string]int{}}
	var first, last burden
	shifts := 0
	blind := func() bool { return count.outcomes[leak.Leaked] == 0 || count.outcomes[leak.Clean] == 0 }
	for begun := time.Now(); shifts < 2 || time.Since(begun) < long || shifts < soakMost && blind(); shifts++ {
		strikes := soakStrikes
		if blind() {
			strikes /= shifts + 1
		}
		if !t.Run(fmt.Sprint("shift ", shifts+1), func(t *testing.T) { shift(t, random, count, strikes) }) {
			break
		}
		last = measure()
		if shifts == 0 {
			first = last // what is made once is made by now
		}
	}
	t.Logf("%d shifts of %d phones: verdicts %v, %d phones not leased, %d put back by another start; struck %v; at first %+v, at last %+v",
		shifts, soakPhones, count.outcomes, count.refused, count.restores, count.faults, first, last)
	if blind() {
		t.Errorf("verdicts %v: faults kept everything from being seen, or nothing", count.outcomes)
	}
	if last.goroutines > first.goroutines+8 || last.files > first.files+8 || last.heap > first.heap+first.heap/2+(16<<20) {
		t.Errorf("it grew: %+v after the first shift, %+v after the last", first, last)
	}
}

// burden is what this process holds when no phone is there.
type burden struct {
	goroutines, files int
	heap              uint64
}

// measure waits for what is ending to end.
func measure() burden {
	var b burden
	for range 50 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		now := burden{goroutines: runtime.NumGoroutine(), heap: m.HeapAlloc}
		if d, err := os.ReadDir("/proc/self/fd"); err == nil {
			now.files = len(d)
		}
		if b.goroutines != 0 && now.goroutines >= b.goroutines && now.files >= b.files {
			return now
		}
		b = now
		time.Sleep(100 * time.Millisecond)
	}
	return b
}

// shift leases every phone once, under fire.
func shift(t *testing.T, random *rand.Rand, count *tally, strikes int) {
	d := newDesk(t)
	relays, relayed := relayOption(t)
	var rigs []*rig
	var before []map[string]any
	for i := range soakPhones {
		who, shipped := personality.Leaky2020(), "leaky-2020"
		switch {
		case i%4 == 1:
			who, shipped = personality.Clean(), "clean"
		case i%4 == 3:
			who, shipped = personality.Pinned(), "pinned"
		}
		r := d.rig(t, who, shipped, adbd.NoAuth, relayed...)
		if i%2 == 0 && len(relayed) > 0 {
			r.options.Relays = relays
		}
		r.options.Bounds = harness.Bounds{Command: 5 * time.Second, Attach: 20 * time.Second, Look: 100 * time.Millisecond, Park: 10 * time.Second}
		r.options.Progress = nil
		rigs, before = append(rigs, r), append(before, r.state())
	}
	firing, cease := context.WithCancel(t.Context())
	var fire, work sync.WaitGroup
	fire.Go(func() { bombard(firing, d, rigs, random, count, strikes) })
	for _, r := range rigs {
		work.Go(func() { r.soak(count) })
	}
	work.Wait()
	cease()
	fire.Wait()
	for i, r := range rigs {
		if now := cmp.Diff(before[i], r.state()); now != "" {
			t.Errorf("phone %d is not as it was (-before +after):\n%s", i, now)
		}
		r.nothingLeft()
		r.judged(i, count)
	}
}

// soak is one lease of a phone, as a worker does it.
func (r *rig) soak(count *tally) {
	ctx := r.t.Context()
	l, err := harness.Acquire(ctx, r.options)
	if err != nil {
		count.add(func() { count.refused++ })
		if err := r.options.Dir.AppendAttempt(leak.Attempt{ID: 1 + int64(r.lines()), Key: r.searchKey(), Scope: leak.ScopePhone, Repeat: 1, Fault: harness.LostFault(err)}); err != nil {
			r.t.Error(err)
		}
	} else {
		_, _ = r.search(l, nil)
		_ = l.Drain(ctx)
		err = l.Release(ctx)
	}
	if err == nil {
		return
	}
	// What could not be put back is put back by the next start.
	undo, uerr := harness.OpenUndo(r.options.State, r.options.Serial)
	if uerr != nil || len(undo.Entries()) == 0 {
		return
	}
	count.add(func() { count.restores++ })
	device := r.server.Device(r.options.Serial, adbOptions)
	for range 60 {
		_ = r.server.Connect(ctx, r.options.Serial)
		if err = harness.Restore(ctx, device, undo); err == nil {
			return
		}
		time.Sleep(500 * time.Millisecond)
	}
	r.t.Errorf("it could not be put back: %v", err)
}

// lines counts the attempts that are recorded.
func (r *rig) lines() int {
	raw, err := fs.ReadFile(r.bundle.FS(), "phones/"+phoneID+"/attempts.jsonl")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		r.t.Error(err)
	}
	return bytes.Count(raw, []byte("\n"))
}

// judged closes a phone's evidence and holds its verdict against what the phone knows that it sent.
func (r *rig) judged(i int, count *tally) {
	if err := r.options.Dir.Close(); err != nil {
		r.t.Error(err)
	}
	closed, err := r.bundle.Close()
	if err != nil {
		r.t.Errorf("phone %d: %v", i, err)
		return
	}
	found := false
	for _, c := range closed.Verdicts.Cells {
		if c.Key != r.searchKey() {
			continue
		}
		found = true
		count.add(func() { count.outcomes[c.Outcome]++ })
		sent, delivered := r.sent(c.Key)
		switch {
		case c.Attempts == 0:
			r.t.Errorf("phone %d: its cell has no attempt", i)
		case c.Outcome == leak.Clean && sent:
			r.t.Errorf("phone %d: FALSE CLEAN: %+v, and the phone sent it", i, c)
		case c.Outcome == leak.Leaked && !delivered:
			r.t.Errorf("phone %d: leaked, and the phone sent nothing: %+v", i, c)
		}
	}
	if !found {
		r.t.Errorf("phone %d: a lost cell: %+v", i, closed.Verdicts.Cells)
	}
}

// bombard lets something go wrong on some phone a few times a second, so many times, and mends it a little later.
func bombard(ctx context.Context, d *desk, rigs []*rig, random *rand.Rand, count *tally, strikes int) {
	var healing sync.WaitGroup
	defer healing.Wait()
	killed := false // the adb server may die once: its keeper starts it again three times a minute at most
	for range strikes {
		select {
		case <-ctx.Done():
			return
		case <-time.After(time.Duration(100+random.IntN(500)) * time.Millisecond):
		}
		r := rigs[random.IntN(len(rigs))]
		name, heal := strike(r, random)
		if !killed && random.IntN(40) == 0 {
			name, killed = "the adb server is killed", true
			_ = d.server.Close()
		}
		count.add(func() { count.faults[name]++ })
		if heal == nil {
			continue
		}
		after := time.Duration(50+random.IntN(2500)) * time.Millisecond
		healing.Go(func() {
			select {
			case <-ctx.Done():
			case <-time.After(after):
			}
			heal()
		})
	}
}

// strike does one thing to a phone; heal ends it, nil if it ends by itself.
func strike(r *rig, random *rand.Rand) (name string, heal func()) {
	adb, state := r.phone.ADB(), r.phone.State()
	faulty := func(f phone.Faults) func() {
		state.Faults.Set(f)
		return func() { state.Faults.Set(phone.Faults{}) }
	}
	switch random.IntN(15) {
	case 0:
		adb.DropLinks()
		return "cable flap", nil
	case 1:
		adb.Inject(adbd.Fault{Kind: adbd.Hang})
		return "hang", nil
	case 2:
		adb.Inject(adbd.Fault{Kind: adbd.NoExit, After: int64(random.IntN(2000))})
		return "cut answer", nil
	case 3:
		adb.Inject(adbd.Fault{Kind: adbd.LoseLink, After: int64(random.IntN(2000))})
		return "link lost in an answer", nil
	case 4:
		service := []string{"shell", "sync:", "reverse:"}[random.IntN(3)]
		adb.RefuseServices(service)
		return "refused " + service, func() { adb.RefuseServices() }
	case 5:
		adb.Reboot("")
		return "reboot", nil
	case 6:
		state.Settings.Put("global", "airplane_mode_on", "1")
		return "airplane mode", func() { state.Settings.Put("global", "airplane_mode_on", "0") }
	case 7:
		r.battery(9, 300)
		return "empty battery", func() { r.battery(60, 300) }
	case 8:
		r.battery(60, 500)
		return "heat", func() { r.battery(60, 300) }
	case 9:
		return "captive portal", faulty(phone.Faults{CaptivePortal: true})
	case 10:
		return "clock", faulty(phone.Faults{ClockOffset: time.Duration(random.IntN(200)-100) * time.Hour})
	case 11:
		return "busy screen", faulty(phone.Faults{NoIdle: true})
	case 12:
		adb.Freeze()
		return "frozen", adb.Thaw
	case 13:
		for _, p := range state.Processes.Named("telltale-relay") {
			state.Processes.Kill(p.PID)
		}
		return "relay killed", nil
	default:
		state.Files.SetCapacity(1 << 20)
		return "full storage", func() { state.Files.SetCapacity(64 << 20) }
	}
}
