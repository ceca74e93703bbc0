package harness

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/telltale-farm/telltale/adb"
)

// How a phone that is away is looked for. A phone that drops comes back after 0.25 s (measured), one that reboots after
// minutes; a cable that is pulled, never.
const (
	reachEvery  = 250 * time.Millisecond
	reachState  = 3 * time.Second  // for one answer of the adb server, and for a phone to finish its handshake
	reachDial   = 15 * time.Second // a phone on the network; the server itself gives up after 10 s
	probeFor    = 10 * time.Second // a shell that is there answers within milliseconds
	askingGrace = 3 * time.Second  // a key that is known may be refused once before it is accepted (measured)
)

// errStarting says that a phone's shell is there, and its Android is not yet.
var errStarting = errors.New("its system is still starting")

// absence waits for a phone that is away or starts.
type absence struct {
	device  *adb.Device
	address string // to connect the adb server to, of a phone on the network
	state   string // directory whose lock keeps two processes from starting the adb server at once
	bounds  Bounds
	say     func(line string)
	note    func(event, what string, err error)
}

// Waiting is for a phone that nobody holds a lease of, for [Await].
type Waiting struct {
	Address string // to connect the adb server to, of a phone on the network
	State   string // state directory
	Bounds  Bounds
	Say     func(line string) // what is waited for, and how long at most
}

// Await waits until a phone is there and has started, as a run does: [Bounds].Attach for one that is away, [Bounds].Boot for
// one that is seen to start, and not for one that somebody has to touch. It changes nothing on the phone.
func Await(ctx context.Context, d *adb.Device, w Waiting) error {
	a := &absence{device: d, address: w.Address, state: w.State, bounds: w.Bounds.withDefaults(), say: w.Say, note: func(string, string, error) {}}
	err := a.look(ctx)
	if err != nil && !errors.Is(err, errStarting) {
		a.say(fmt.Sprintf("waiting up to %s for the phone: %v", a.bounds.Attach, err))
		err = a.within(ctx, a.bounds.Attach, nil)
	}
	if errors.Is(err, errStarting) && ctx.Err() == nil {
		a.say(fmt.Sprintf("waiting up to %s until the phone has started", a.bounds.Boot))
		err = a.within(ctx, a.bounds.Boot, err)
	}
	return err
}

// arrive waits for the phone as long as one may be away, and longer for one that is seen to start: its shell answers half a
// minute before its settings and apps do.
func (a *absence) arrive(ctx context.Context) error {
	err := a.within(ctx, a.bounds.Attach, nil)
	if !errors.Is(err, errStarting) || ctx.Err() != nil {
		return err
	}
	a.say("waiting until the phone has started")
	return a.within(ctx, a.bounds.Boot, err)
}

func (a *absence) within(ctx context.Context, most time.Duration, starting error) error {
	ctx, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	return a.reach(ctx, starting)
}

// reach waits until the adb server has the phone and its shell answers. The error is what the last look found; a phone
// that does not know this computer's key is not waited for, since somebody has to touch it. Of one that was starting when it was
// last seen, starting says so.
func (a *absence) reach(ctx context.Context, starting error) error {
	tick := time.NewTicker(reachEvery)
	defer tick.Stop()
	var asking time.Time // since when the phone asks for the key
	for {
		err := a.look(ctx)
		if errors.Is(err, errStarting) {
			starting = err
		}
		switch {
		case err == nil:
			return nil
		case !blocked(err):
			asking = time.Time{}
		case asking.IsZero():
			asking = time.Now()
		case time.Since(asking) > askingGrace:
			return err
		}
		select {
		case <-ctx.Done():
			switch {
			case adb.CodeOf(err) == adb.Canceled:
				err = context.Cause(ctx)
			case adb.CodeOf(err) == adb.Timeout && starting != nil: // the last look was cut short
				err = starting
			}
			return err
		case <-tick.C:
		}
	}
}

// blocked says whether only a person can go on.
func blocked(err error) bool {
	code := adb.CodeOf(err)
	return code == adb.Unauthorized || code == adb.NoPermissions
}

// look tries once to have the phone: it connects what is on the network, and then asks the phone's shell, because a
// phone that is listed need not answer.
func (a *absence) look(ctx context.Context) error {
	server := a.device.Server()
	asking, cancel := context.WithTimeout(ctx, reachState)
	state, err := server.State(asking, a.device.Serial())
	cancel()
	if adb.CodeOf(err) == adb.ServerGone {
		return errors.Join(err, a.startServer(ctx))
	}
	if err != nil || state != adb.StateDevice {
		if a.address != "" {
			// The server itself tries a phone that dropped every 10 s only; connecting anew takes milliseconds.
			if err == nil {
				_ = server.Disconnect(ctx, a.address) // it may not be listed any more
			}
			dialling, cancel := context.WithTimeout(ctx, reachDial)
			err = server.Connect(dialling, a.address)
			cancel()
			if err != nil {
				return err
			}
		}
		waiting, cancel := context.WithTimeout(ctx, reachState)
		err = server.WaitState(waiting, a.device.Serial(), adb.StateDevice)
		cancel()
		if err != nil {
			return err
		}
	}
	probing, cancel := context.WithTimeout(ctx, probeFor)
	defer cancel()
	_, err = a.device.Shell(probing, "echo", "there")
	if adb.CodeOf(err) == adb.Timeout && ctx.Err() == nil { // it is listed and does not answer: the next look finds it connected anew
		a.note("reconnect", "its shell does not answer", nil)
		if a.address != "" {
			_ = server.Disconnect(ctx, a.address)
		} else {
			_ = server.Reconnect(ctx, a.device.Serial()) // what it says is what the next look finds
		}
	}
	if err != nil {
		return err
	}
	up, err := a.device.Shell(probing, "getprop", "sys.boot_completed")
	if err == nil && strings.TrimSpace(string(up.Stdout)) != "1" {
		err = &adb.Fault{Class: adb.ClassPhone, Code: adb.Timeout, Phone: a.device.Serial(), Op: "waiting for the phone", Err: errStarting}
	}
	return err
}

// startServer starts the user's adb server again, once for all processes that miss it. A server that a run started for
// itself is started again by whoever opened the world.
func (a *absence) startServer(ctx context.Context) error {
	if a.device.Server().Addr != adb.UserServer().Addr {
		return nil
	}
	lock, err := LockPhone(ctx, a.state, "the adb server") // no serial has blanks
	if err != nil {
		return fmt.Errorf("starting the adb server: %w", err)
	}
	defer lock.Unlock()
	_, err = adb.EnsureUserServer(ctx)
	return err
}
