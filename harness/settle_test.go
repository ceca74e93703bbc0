package harness

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"
)

// phoneClock is a recorder's clock whose phone sends whenever the test asks for the time and chatty is set.
type phoneClock struct {
	start  time.Time
	last   atomic.Int64
	chatty bool
}

func (c *phoneClock) Now() int64 {
	now := time.Since(c.start).Microseconds()
	if c.chatty {
		c.last.Store(now)
	}
	return now
}
func (c *phoneClock) LastSent() int64 { return c.last.Load() }

func TestSettle(t *testing.T) {
	t.Parallel()
	t.Run("quiet since long ago still waits after the action", func(t *testing.T) {
		c := &phoneClock{start: time.Now().Add(-time.Hour)}
		acted := c.Now()
		got, err := settle(t.Context(), c, acted, 20*time.Millisecond, time.Minute)
		if err != nil || !got.Quiet || got.QuietUS < 20_000 {
			t.Fatalf("got %+v, %v: a late flush would have been missed", got, err)
		}
	})
	t.Run("quiet since long ago needs no wait before the action", func(t *testing.T) {
		c := &phoneClock{start: time.Now().Add(-time.Hour)}
		got, err := settle(t.Context(), c, 0, 30*time.Minute, time.Hour)
		if err != nil || !got.Quiet {
			t.Fatalf("got %+v, %v", got, err)
		}
	})
	t.Run("a phone that never stops is not quiet", func(t *testing.T) {
		c := &phoneClock{start: time.Now(), chatty: true}
		got, err := settle(t.Context(), c, 0, time.Minute, 10*time.Millisecond)
		if err != nil || got.Quiet {
			t.Fatalf("got %+v, %v", got, err)
		}
	})
	t.Run("the context ends the wait with its cause", func(t *testing.T) {
		cause := errors.New("lifeline lost")
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(cause)
		got, err := settle(ctx, &phoneClock{start: time.Now()}, 0, time.Minute, time.Hour)
		if !errors.Is(err, cause) || got.Quiet {
			t.Fatalf("got %+v, %v", got, err)
		}
	})
}
