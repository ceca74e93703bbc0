package main

import (
	"context"
	"net"
	"time"
)

// goAround notes a connection of an app's that is served without the host, for as long as it is; false once the relay
// was told to end.
func (r *relay) goAround(c net.Conn) (release func(), ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.told {
		return nil, false
	}
	r.around[c] = true
	return func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		delete(r.around, c)
	}, true
}

// endAround ends what is served without the host. An app that keeps a connection open would go on sending through it
// what the host does not see, long after the host is back; it connects again at once, and then through the host.
func (r *relay) endAround() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for c := range r.around {
		_ = c.Close()
	}
}

func (r *relay) isAround() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.around) > 0
}

// reclaim asks for the host as long as anything goes around it: that it may be reached again is not known from our own
// connection, which a tunnel that is made anew leaves as it is.
func (r *relay) reclaim(ctx context.Context) {
	tick := time.NewTicker(tryAgain)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if !r.isAround() {
			continue
		}
		if c, err := r.tunnel(ctx, header(true, 0, 0, 0, r.token)); err == nil {
			_ = c.Close()
			r.endAround()
		}
	}
}
