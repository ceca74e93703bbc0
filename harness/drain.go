package harness

import (
	"context"
	"slices"
	"time"

	"github.com/telltale-farm/telltale/assertions/leak"
)

// Drain ends the driving of a phone: home screen, browsers stopped where devices.yaml allows it, and then the longest
// flush time of its apps, so that batches held back arrive while we still listen. What arrives belongs, by its canary,
// to the action it came from. A fault has it made again, as any attempt: without a drain nothing of its phone is clean.
func (l *Lease) Drain(ctx context.Context) error {
	l.driving.Lock()
	defer l.driving.Unlock()
	ctx, stop := l.living(ctx)
	defer stop()
	if l.aside != nil {
		return l.aside
	}
	s := l.Session(leak.Key{Phone: l.profile.ID, Scenario: leak.DrainScenario, Variant: "default"})
	return s.repeat(ctx, drain{lease: l}, turn{repeat: 1})
}

type drain struct{ lease *Lease }

func (drain) Name() string { return "drain" }

func (drain) About() About {
	return About{Scope: leak.ScopePhone, Claims: []leak.Claim{}, Postcondition: "the home screen, after the longest flush time of the phone's apps"}
}

func (d drain) Run(ctx context.Context, dr *Driver) error {
	// Apps flush when they leave the screen, so home comes first.
	if err := dr.Screen.Home(ctx); err != nil {
		return err
	}
	if err := pause(ctx, d.flush()); err != nil {
		return err
	}
	if dr.Allow("force-stop") != nil {
		return nil
	}
	for _, b := range dr.Phone.Browsers {
		if _, err := dr.Device.Shell(ctx, "am", "force-stop", b.App); err != nil {
			return err
		}
	}
	return nil
}

// flush is the longest flush time of the phone's apps, at most the longest window: a phone full of apps that nobody knows
// must not hold up the run for ever, and its verdicts say settle-too-short by themselves.
func (d drain) flush() time.Duration {
	var most int64
	i := slices.IndexFunc(d.lease.Policy.Phones, func(p leak.PhonePolicy) bool { return p.ID == d.lease.profile.ID })
	if i < 0 {
		return 0
	}
	p := d.lease.Policy.Phones[i]
	for _, apps := range d.lease.apps {
		for _, app := range apps {
			us := leak.UnknownFlushUS
			if j := slices.IndexFunc(p.Flush, func(f leak.Flush) bool { return f.App == app }); j >= 0 {
				us = p.Flush[j].US
			}
			most = max(most, us)
		}
	}
	return time.Duration(min(most, p.SettleMaxUS)) * time.Microsecond
}

// pause waits, or ends with the context.
func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-t.C:
		return nil
	}
}
