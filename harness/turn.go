package harness

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// When a hub drops, every phone on it drops, and all of them want back at once. Recoveries take turns then, over all
// processes that share a state directory: a few at a time, and none keeps the others waiting for long, however wedged its
// phone is.
const (
	turnPlaces = 4               // recoveries that begin together
	turnHold   = 2 * time.Second // a recovery that takes longer gives its place away
)

// takeTurn waits for a place and returns what gives it back, which also happens by itself after turnHold; late is called
// just before that. Places are flocks, so the kernel frees them however their holder dies.
func takeTurn(ctx context.Context, state string, late func()) (release func(), err error) {
	dir := filepath.Join(state, "locks")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("waiting for a turn to recover: %w", err)
	}
	tick := time.NewTicker(lockEvery)
	defer tick.Stop()
	for {
		for i := range turnPlaces {
			f, err := os.OpenFile(filepath.Join(dir, fmt.Sprintf("recovery-%d", i)), os.O_CREATE|os.O_RDWR, 0o600)
			if err != nil {
				return nil, fmt.Errorf("waiting for a turn to recover: %w", err)
			}
			err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
			if err == nil {
				given := make(chan struct{})
				held := time.AfterFunc(turnHold, func() {
					defer close(given)
					late()
					f.Close()
				})
				return func() {
					if held.Stop() {
						f.Close()
						return
					}
					<-given
				}, nil
			}
			f.Close()
			if !errors.Is(err, unix.EWOULDBLOCK) && !errors.Is(err, unix.EINTR) {
				return nil, fmt.Errorf("waiting for a turn to recover: %w", err)
			}
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("waiting for a turn to recover: %w", context.Cause(ctx))
		case <-tick.C:
		}
	}
}
