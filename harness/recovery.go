package harness

import (
	"context"
	"errors"
	"time"
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

// arrive waits for the phone as long as one may be away, and longer for one that is seen to start.
func (l *Lease) arrive(ctx context.Context) error { return l.absence().arrive(ctx) }

// reach waits until the adb server has the phone and its shell answers.
func (l *Lease) reach(ctx context.Context) error { return l.absence().reach(ctx, nil) }

// look tries once to have the phone.
func (l *Lease) look(ctx context.Context) error { return l.absence().look(ctx) }

func (l *Lease) absence() *absence {
	return &absence{device: l.device, address: l.Address, state: l.State, bounds: l.bounds, say: l.say, note: l.note}
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
