package adb

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// A server that dies is started again this often within this time; one that dies faster is broken, and starting it again
// and again would hide that.
const (
	revivals      = 3
	revivalWithin = time.Minute
)

// KeepAlive starts the server again when it ends by itself or is killed, and calls died with the reason each time, until
// stop is called, which waits. Phones must then be connected and their reverse tunnels ensured again, by who uses them.
// It gives up on a server that dies more than three times within a minute.
func (p *PrivateServer) KeepAlive(ctx context.Context, died func(error)) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		var at []time.Time
		for {
			select {
			case <-ctx.Done():
				return
			case <-p.Done():
			}
			if ctx.Err() != nil {
				return
			}
			now := time.Now()
			for len(at) > 0 && now.Sub(at[0]) > revivalWithin {
				at = at[1:]
			}
			if at = append(at, now); len(at) > revivals {
				died(fmt.Errorf("the private adb server died %d times within %s: given up", len(at), revivalWithin))
				return
			}
			died(errors.New("the private adb server ended; starting it again"))
			if err := p.Restart(ctx); err != nil && ctx.Err() == nil {
				died(err) // it has ended again, and counts again
			}
		}
	}()
	return func() { cancel(); <-ended }
}
