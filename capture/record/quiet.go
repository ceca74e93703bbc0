package record

import (
	"context"
	"fmt"
	"time"
)

// Now gives microseconds since the recording's epoch, by the monotonic clock.
func (w *Writer) Now() int64 { return w.offset + time.Since(w.started).Microseconds() }

// Sent notes that the phone has just sent a byte, and gives the time of it. The proxy calls it for every read.
func (w *Writer) Sent() int64 {
	now := w.Now()
	for {
		old := w.sent.Load()
		if old >= now || w.sent.CompareAndSwap(old, now) {
			return now
		}
	}
}

// LastSent gives the time in microseconds of the last byte that the phone sent on any flow, 0 before the first. It is
// live: bytes of bodies and tunnels that are still open count.
func (w *Writer) LastSent() int64 { return w.sent.Load() }

// WaitQuiet returns when the phone has sent nothing for at least min, counted from the call at the earliest. It sleeps
// until the moment this could be true. When ctx ends first, the error says for how long the phone had been quiet.
func (w *Writer) WaitQuiet(ctx context.Context, min time.Duration) error {
	from := w.Now()
	timer := time.NewTimer(min)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			quiet := time.Duration(w.Now()-max(from, w.LastSent())) * time.Microsecond
			return fmt.Errorf("waiting for %v without traffic, there were %v: %w", min, quiet.Round(time.Millisecond), ctx.Err())
		case <-timer.C:
		}
		left := min - time.Duration(w.Now()-max(from, w.LastSent()))*time.Microsecond
		if left <= 0 {
			return nil
		}
		timer.Reset(left)
	}
}
