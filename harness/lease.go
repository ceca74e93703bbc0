package harness

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"time"

	"github.com/telltale-farm/telltale/adb"
	"github.com/telltale-farm/telltale/adb/ui"
	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/capture/record"
	"github.com/telltale-farm/telltale/harness/evidence"
	"github.com/telltale-farm/telltale/harness/profile"
)

// Options is what a lease needs to know. All of it was decided before the first phone was touched.
type Options struct {
	Profile     *profile.Phone
	ControlHost string            // answered by our proxy
	Policy      leak.Policy       // as written to policy.json
	Repeat      int               // attempts per cell
	Trials      map[leak.Key]int  // windows of each kind that a cell compares, as plan.json says; may be nil
	Seed        string            // of the run, for canaries
	State       string            // state directory
	ADB         string            // the phone's adb server, HOST:PORT
	Serial      string            // as that server names it
	JournalADB  string            // adb server to name in the undo journal; empty if it will be found again without
	Address     string            // HOST:PORT to connect the server to; empty for USB
	RunBound    bool              // the phone lives inside this run, and nothing of it outlives the run
	Resolve     string            // HOST:PORT that every name is dialled to; empty for the real internet
	TrustPEM    []byte            // roots for upstream servers; empty for the system's
	Names       map[string]string // of addresses in a stand-in internet, where each is one name's alone; nil on the real one
	Relays      string            // folder of the relays for phones, relay-arm64 and so on; empty for none
	RelayGrace  time.Duration     // without us, before the relay clears the phone's proxy; default 30 s
	Bundle      fs.FS             // the run's folder, for the judge
	Dir         *evidence.Phone
	Progress    func(line string) // told in words what happens; may be nil
	Checked     func(Check)       // told of each check of an examination as soon as it was made; may be nil
	Patience    time.Duration     // how long an app may take to open our page when a phone is examined; 0 for 30 s
	Silence     time.Duration     // how long we may be silent before the phone takes its network back; 0 for 30 s
	Living      context.Context   // ends when the process that started the run is gone; nil if there is none
	Bounds      Bounds            // how long it waits for what
}

// Lease is the exclusive use of one phone for a run: its lock, its proxy and recorder, its undo journal. Everything it
// changed on the phone is put back by Release.
type Lease struct {
	Options
	profile  *profile.Phone
	repeat   int
	mint     Mint
	dir      *evidence.Phone
	device   *adb.Device
	driver   *Driver
	lock     *Lock
	undo     *Undo
	rec      *record.Writer
	proxy    *proxying
	who      *attributor // outlives a proxy
	link     *link
	apps     map[int][]string  // packages of a uid
	dry      bool              // nothing is sent: the phone is one of paper
	offset   time.Duration     // the phone's clock minus ours
	windowAt string            // the phone's clock when the present window opened, for its log
	xiaomi   bool              // its system has a switch that denies input to adb
	relay    *relaying         // nil: the phone runs none
	switched map[string]string // browsers with certificates of their own that were seen to, and why not
	filmed   bool              // something of the screen was filmed, so that films have to go from the phone

	proxyPort int
	serving   sync.WaitGroup
	stopWatch context.CancelFunc
	guard     guardian // nil until the phone's traffic is led away
	beating   sync.WaitGroup
	stopBeats context.CancelFunc

	bounds  Bounds
	led     bool          // the phone's traffic leads to our proxy
	parked  time.Duration // all in all
	counted *reading      // of the byte counters, the last
	driving sync.Mutex    // held by whatever drives the phone

	past     evidence.SoFar // what an interrupted run left in the phone's folder
	attempts int64
	// disturbances are those of the attempt under way
	disturbances []leak.Disturbance
	consents     []leak.Consent   // as the disturbances
	longest      map[string]int64 // window of a browser so far, µs
	switchings   []leak.Switched
	secrets      int
	faults       int
	aside        error
}

// Bounds of the steps of a lease.
const (
	lockTimeout = 20 * time.Second
	drainProxy  = 5 * time.Second
)

// Acquire takes a phone: waits for its lock, puts back what an earlier run left changed, checks that it is the phone
// that devices.yaml means, starts its proxy and recorder, leads its traffic there, and proves with a canary per browser
// that we can read it. If it fails, the phone is as it was.
func Acquire(ctx context.Context, o Options) (_ *Lease, err error) {
	l := newLease(o)
	l.driving.Lock()
	defer l.driving.Unlock()
	ctx, stop := l.living(ctx)
	defer stop()

	locking, cancel := context.WithTimeout(ctx, lockTimeout)
	l.lock, err = LockPhone(locking, o.State, o.Serial)
	cancel()
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, l.abandon(ctx))
		}
	}()
	if err = l.goOn(); err != nil {
		return nil, fmt.Errorf("reading what is recorded of %s: %w", o.Profile.ID, err)
	}
	for i, step := range []struct {
		name string
		do   func(context.Context) error
	}{
		{"attaching", l.attach},
		{"putting back what an earlier run left", l.replay},
		{"checking preconditions", l.preconditions},
		{"reading what the phone says of itself", l.describe},
		{"starting the proxy", l.listen},
		{"leading its traffic to the proxy", l.redirect},
		{"waking and unlocking", l.screenOn},
		{"installing the certificate", l.trust},
		{"proving that we can read it", l.controls},
	} {
		l.say(step.name)
		do := step.do
		if i > 0 { // the first waits for the phone by itself
			do = func(ctx context.Context) error { return l.surely(ctx, step.do) }
		}
		if err := do(ctx); err != nil {
			return nil, fmt.Errorf("%s on %s: %w", step.name, o.Profile.ID, err)
		}
	}
	return l, nil
}

// newLease holds nothing yet.
func newLease(o Options) *Lease {
	l := &Lease{
		Options: o, profile: o.Profile, repeat: o.Repeat, dir: o.Dir,
		mint: Mint{Seed: o.Seed}, link: newLink(), bounds: o.Bounds.withDefaults(),
		switched: map[string]string{},
	}
	l.device = adb.Server{Addr: o.ADB}.Device(o.Serial, adb.Options{Journal: l.journal, Limits: l.bounds.adb()})
	l.drive()
	return l
}

// drive makes the driver of the lease's device.
func (l *Lease) drive() {
	l.driver = &Driver{Device: l.device, Screen: ui.NewScreen(l.device), Phone: l.profile, Disturbed: l.disturbed, Consented: l.consented,
		Switching: l.aboutToSwitch, Switched: l.hasSwitched, Remember: l.rememberScript, Within: l.bounds.Step}
}

// attach waits until the adb server has the phone, and watches it from then on.
func (l *Lease) attach(ctx context.Context) error {
	if err := l.arrive(ctx); err != nil {
		return err
	}
	attaching, cancel := context.WithTimeout(ctx, l.bounds.Attach)
	defer cancel()
	if err := l.sole(attaching); err != nil {
		return err
	}
	watching, stop := context.WithCancel(context.WithoutCancel(ctx))
	l.stopWatch = stop
	events, err := l.device.Server().Track(watching)
	if err != nil {
		return err
	}
	server := l.device.Server()
	l.serving.Go(func() { l.link.watch(watching, server, l.Serial, events) })
	l.undo, err = OpenUndo(l.State, l.Serial)
	return err
}

// listen starts the phone's recorder and its proxy, on a port of its own.
func (l *Lease) listen(ctx context.Context) error {
	var err error
	limits := record.Limits{BodyCap: l.profile.Record.BodyCap}
	if l.past.Recorded {
		if l.rec, err = record.Resume(l.dir.Path(), limits); err == nil {
			l.rec.GoOnBehind(l.past.Flow)
		}
	} else {
		l.rec, err = record.Create(l.dir.Path(), limits)
	}
	if err != nil {
		return err
	}
	if err := l.startProxy(ctx); err != nil {
		return err
	}
	return l.listenForRelay(ctx)
}

// Release drains nothing: it says what the phone is at the end, puts it back as it was, and stops proxy and recorder.
// The context may be at its end; the phone is put back all the same.
func (l *Lease) Release(ctx context.Context) error {
	l.driving.Lock()
	defer l.driving.Unlock()
	var errs []error
	if ctx.Err() == nil && l.aside == nil && !l.orphaned() {
		errs = append(errs, l.surely(ctx, l.farewell))
	}
	return errors.Join(append(errs, l.abandon(ctx))...)
}

// abandon puts back and closes whatever was begun.
func (l *Lease) abandon(ctx context.Context) error {
	bound := l.bounds.Restore
	if l.undo != nil {
		bound += l.undo.switching()
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), bound)
	defer cancel()
	var errs []error
	if l.undo != nil && len(l.undo.Entries()) > 0 {
		l.say("putting the phone back as it was")
		errs = append(errs, l.restore(ctx))
	}
	if l.stopBeats != nil {
		l.stopBeats() // whoever could not be put back takes its network back by itself now
	}
	l.beating.Wait()
	if l.proxy != nil {
		l.proxy.EndRelay()
		errs = append(errs, l.proxy.stop(ctx))
	}
	if l.stopWatch != nil {
		l.stopWatch()
	}
	l.serving.Wait()
	if l.rec != nil {
		errs = append(errs, l.rec.Close())
	}
	if l.lock != nil {
		errs = append(errs, l.lock.Unlock())
	}
	return errors.Join(errs...)
}

func (l *Lease) say(line string) {
	if l.Progress != nil {
		l.Progress(line)
	}
}

// living is a context that ends also with the process that started the run.
func (l *Lease) living(ctx context.Context) (context.Context, context.CancelFunc) {
	if l.Living == nil {
		return context.WithCancel(ctx)
	}
	out, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(l.Living, func() { cancel(context.Cause(l.Living)) })
	return out, func() { stop(); cancel(nil) }
}
