package main

import (
	"context"
	"io"
	"time"
)

// tryAgain is how often a host that is gone is looked for, and an uncleared proxy is cleared again.
const (
	tryAgain   = 500 * time.Millisecond
	clearAgain = 5 * time.Second
	clearTime  = 10 * time.Second
)

func (r *relay) seen()       { r.last.Store(int64(time.Since(r.began)) + 1) }
func (r *relay) alive() bool { return r.last.Load() != 0 && r.silence() < r.fresh }

// silence is for how long the host has given no sign of life, since our start at the longest.
func (r *relay) silence() time.Duration { return time.Since(r.began) - time.Duration(r.last.Load()) }

// attend holds our own connection to the host. After the grace without it, it clears the phone's proxy and ends the
// relay; as long as clearing fails, the relay stays and connects directly.
func (r *relay) attend(ctx context.Context) {
	tick := time.NewTicker(tryAgain)
	defer tick.Stop()
	lost := true
	for {
		if c, err := r.tunnel(ctx, header(true, 0, 0, 0, r.token)); err == nil {
			release := r.hold(c)
			stop := context.AfterFunc(ctx, func() { _ = c.Close() })
			r.seen()
			if lost {
				r.endAround()
				r.log.write(record{Event: "host-back"})
				lost = false
			}
			ended := r.listenTo(c)
			stop()
			release()
			if ended || ctx.Err() != nil {
				r.finish()
				return
			}
			r.log.write(record{Event: "host-lost"})
			lost = true
		}
		if r.silence() > r.grace {
			if r.clear(ctx) {
				r.finish()
				return
			}
			tick.Reset(clearAgain)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// listenTo takes beats until the connection ends, or none comes; true when the host says that we are to end.
func (r *relay) listenTo(c interface {
	io.Reader
	SetReadDeadline(time.Time) error
}) bool {
	b := make([]byte, 1)
	for {
		_ = c.SetReadDeadline(time.Now().Add(r.fresh))
		if _, err := io.ReadFull(c, b); err != nil {
			return false
		}
		if b[0] == end {
			return true
		}
		r.seen()
	}
}

// clear takes the phone's proxy away. Only ":0" does: Android's observer ignores a setting that is deleted.
func (r *relay) clear(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, clearTime)
	defer cancel()
	if err := r.on.run(ctx, "settings", "put", "global", "http_proxy", ":0"); err != nil {
		r.log.write(record{Event: "uncleared", Error: err.Error()})
		return false
	}
	for _, key := range []string{"host", "port", "exclusion_list"} { // or it would be back after a reboot
		_ = r.on.run(ctx, "settings", "delete", "global", "global_http_proxy_"+key)
	}
	r.log.write(record{Event: "cleared"})
	return true
}
