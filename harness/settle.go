package harness

import (
	"context"
	"time"

	"github.com/telltale-farm/telltale/assertions/leak"
)

// clock is the part of the recorder that settling needs.
type clock interface {
	Now() int64      // µs since the recorder's epoch
	LastSent() int64 // µs of the last byte that the phone sent through the proxy; 0 for none
}

// settle waits until the phone has sent nothing through the proxy for `least`, counted from since (µs) at the earliest,
// and at most for `most`. An error is the caller's context ending, nothing else: a phone that is never quiet is an
// outcome.
func settle(ctx context.Context, rec clock, since int64, least, most time.Duration) (leak.Settle, error) {
	limit := time.NewTimer(most)
	defer limit.Stop()
	for {
		quiet := rec.Now() - max(since, rec.LastSent())
		rest := least - time.Duration(quiet)*time.Microsecond
		if rest <= 0 {
			return leak.Settle{Quiet: true, QuietUS: quiet}, nil
		}
		again := time.NewTimer(rest)
		select {
		case <-ctx.Done():
			again.Stop()
			return leak.Settle{QuietUS: quiet}, context.Cause(ctx)
		case <-limit.C:
			again.Stop()
			return leak.Settle{QuietUS: rec.Now() - max(since, rec.LastSent())}, nil
		case <-again.C:
		}
	}
}
