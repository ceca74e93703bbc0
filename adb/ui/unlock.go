package ui

import (
	"context"
	"errors"
	"time"

	"github.com/telltale-farm/telltale/adb"
)

// Wake switches the screen on and waits until it is.
func (s *Screen) Wake(ctx context.Context) error {
	return s.until(ctx, "waking", adb.Timeout, func(try int) (bool, error) {
		w, err := s.dev.Wakefulness(ctx)
		if err != nil || w == adb.Awake {
			return err == nil, err
		}
		if try > 0 {
			return false, nil
		}
		return false, s.dev.Key(ctx, adb.KeyWakeup)
	})
}

// hopeless is after how many tries a lock with a PIN, which nobody told, stays: what a trusted place or device opens for a
// swipe is open by then.
const hopeless = 10

var errNoPIN = errors.New("a PIN, a pattern or a password is set, and no PIN was told")

// Unlock wakes the phone and takes the lock screen away: by asking Android, by swiping up, and by typing pin if there is
// one. A phone that stays locked is a fault, [adb.Locked]. The pin is in no journal.
func (s *Screen) Unlock(ctx context.Context, pin string) error {
	if err := s.Wake(ctx); err != nil {
		return err
	}
	return s.until(ctx, "unlocking", adb.Locked, func(try int) (bool, error) {
		k, err := s.dev.Keyguard(ctx)
		if err != nil || !k.Locked {
			return err == nil, err
		}
		if k.Secure && pin == "" && try >= hopeless {
			return false, &adb.Fault{Class: adb.ClassPhone, Code: adb.Locked, Phone: s.dev.Serial(), Op: "unlocking", Err: errNoPIN}
		}
		switch try {
		case 0:
			_, err = s.dev.Shell(ctx, "wm", "dismiss-keyguard")
		case 3: // not at once: the keyguard takes its time to go
			err = s.Swipe(ctx, [2]int{50, 80}, [2]int{50, 20}, 300*time.Millisecond)
		case 6:
			if pin != "" { // once: wrong ones lock the phone for longer and longer
				if err = s.dev.SecretText(ctx, pin); err == nil {
					err = s.dev.Key(ctx, KeyEnter)
				}
			}
		}
		return false, err
	})
}

// unlockTimeout bounds Wake and Unlock each.
const unlockTimeout = 15 * time.Second

// until repeats a step until it is done; each step is told how many went before.
func (s *Screen) until(ctx context.Context, op string, code adb.Code, step func(try int) (bool, error)) error {
	ctx, cancel := s.within(ctx, unlockTimeout)
	defer cancel()
	tick := time.NewTicker(300 * time.Millisecond)
	defer tick.Stop()
	for try := 0; ; try++ {
		if done, err := step(try); done || err != nil && !(past(ctx) && errors.Is(err, adb.Timeout)) {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return &adb.Fault{Class: adb.ClassPhone, Code: code, Phone: s.dev.Serial(), Op: op, Err: context.DeadlineExceeded}
		}
	}
}
