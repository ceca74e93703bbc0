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

// recover brings a phone back after a fault, for another attempt: it is connected again, its shell answers, and its
// traffic leads to our proxy. It waits for its turn first.
func (l *Lease) recover(ctx context.Context) error {
	l.say("waiting for the phone to come back")
	turning, cancel := context.WithTimeout(ctx, l.bounds.Attach)
	release, err := takeTurn(turning, l.State, func() { l.note("recovery", "gives its place away", nil) })
	cancel()
	if err != nil {
		return err
	}
	defer release()
	l.note("recovery", "begin", nil)
	err = l.arrive(ctx)
	ctx, cancel = context.WithTimeout(ctx, l.bounds.Attach)
	defer cancel()
	if err == nil && l.led {
		if err = l.reviveProxy(ctx); err == nil {
			err = l.ensureTunnel(ctx)
		}
		if err == nil {
			err = l.setProxy(ctx)
		}
	}
	l.note("recovery", "end", err)
	return err
}

// note writes an event of the harness itself into the evidence.
func (l *Lease) note(event, what string, err error) {
	data := map[string]any{"what": what}
	if err != nil {
		data["error"] = err.Error()
	}
	if err := l.dir.AppendJournal(event, data); err != nil {
		l.say("writing the journal: " + err.Error())
	}
}

// errStarting says that a phone's shell is there, and its Android is not yet.
var errStarting = errors.New("its system is still starting")

// arrive waits for the phone as long as one may be away, and longer for one that is seen to start: its shell answers half a
// minute before its settings and apps do.
func (l *Lease) arrive(ctx context.Context) error {
	waiting, cancel := context.WithTimeout(ctx, l.bounds.Attach)
	err := l.reach(waiting)
	cancel()
	if !errors.Is(err, errStarting) || ctx.Err() != nil {
		return err
	}
	l.say("waiting until the phone has started")
	waiting, cancel = context.WithTimeout(ctx, l.bounds.Boot)
	defer cancel()
	return l.reach(waiting)
}

// reach waits until the adb server has the phone and its shell answers. The error is what the last look found; a phone
// that does not know this computer's key is not waited for, since somebody has to touch it.
func (l *Lease) reach(ctx context.Context) error {
	tick := time.NewTicker(reachEvery)
	defer tick.Stop()
	var asking time.Time // since when the phone asks for the key
	var starting error
	for {
		err := l.look(ctx)
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
func (l *Lease) look(ctx context.Context) error {
	server := l.device.Server()
	asking, cancel := context.WithTimeout(ctx, reachState)
	state, err := server.State(asking, l.Serial)
	cancel()
	if adb.CodeOf(err) == adb.ServerGone {
		return errors.Join(err, l.startServer(ctx))
	}
	if err != nil || state != adb.StateDevice {
		if l.Address != "" {
			// The server itself tries a phone that dropped every 10 s only; connecting anew takes milliseconds.
			if err == nil {
				_ = server.Disconnect(ctx, l.Address) // it may not be listed any more
			}
			dialling, cancel := context.WithTimeout(ctx, reachDial)
			err = server.Connect(dialling, l.Address)
			cancel()
			if err != nil {
				return err
			}
		}
		waiting, cancel := context.WithTimeout(ctx, reachState)
		err = server.WaitState(waiting, l.Serial, adb.StateDevice)
		cancel()
		if err != nil {
			return err
		}
	}
	probing, cancel := context.WithTimeout(ctx, probeFor)
	defer cancel()
	_, err = l.device.Shell(probing, "echo", "there")
	if adb.CodeOf(err) == adb.Timeout && ctx.Err() == nil { // it is listed and does not answer: the next look finds it connected anew
		l.note("reconnect", "its shell does not answer", nil)
		if l.Address != "" {
			_ = server.Disconnect(ctx, l.Address)
		} else {
			_ = server.Reconnect(ctx, l.Serial) // what it says is what the next look finds
		}
	}
	if err != nil {
		return err
	}
	up, err := l.device.Shell(probing, "getprop", "sys.boot_completed")
	if err == nil && strings.TrimSpace(string(up.Stdout)) != "1" {
		err = &adb.Fault{Class: adb.ClassPhone, Code: adb.Timeout, Phone: l.Serial, Op: "waiting for the phone", Err: errStarting}
	}
	return err
}

// startServer starts the user's adb server again, once for all processes that miss it. A server that a run started for
// itself is started again by whoever opened the world.
func (l *Lease) startServer(ctx context.Context) error {
	if l.ADB != adb.UserServer().Addr {
		return nil
	}
	lock, err := LockPhone(ctx, l.State, "the adb server") // no serial has blanks
	if err != nil {
		return fmt.Errorf("starting the adb server: %w", err)
	}
	defer lock.Unlock()
	_, err = adb.EnsureUserServer(ctx)
	return err
}

// surely does one step of taking or returning a phone, and does it again when a fault that passes ended it.
func (l *Lease) surely(ctx context.Context, step func(context.Context) error) error {
	for try := 0; ; try++ {
		err := step(ctx)
		if err == nil || try == restarts || l.orphaned() || !passing(ctx, faultOf(err)) {
			return err
		}
		if rerr := l.recover(ctx); rerr != nil {
			return errors.Join(err, rerr)
		}
	}
}

// orphaned says whether the process that started the run is gone. Its private adb server died with it, and `telltale
// restore` waits for this phone's lock: there is one try to put the phone back, and no waiting.
func (l *Lease) orphaned() bool { return l.Living != nil && l.Living.Err() != nil }

// restore puts everything back, through whatever faults, as long as the context allows.
func (l *Lease) restore(ctx context.Context) error {
	tick := time.NewTicker(reachEvery)
	defer tick.Stop()
	for {
		err := Restore(ctx, l.device, l.undo)
		var left *SwitchLeft
		if err == nil || errors.As(err, &left) || !passing(ctx, faultOf(err)) || l.orphaned() {
			return err
		}
		if rerr := l.reach(ctx); rerr != nil {
			return errors.Join(err, rerr)
		}
		<-tick.C // reach succeeds at once on a phone that refuses one service only
	}
}
