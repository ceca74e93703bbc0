package adbd

import (
	"sync"
	"time"
)

// deadline is a time after which waiting on its channel ends. It may be moved while somebody waits: the channel stays
// the same until it has passed.
type deadline struct {
	mu     sync.Mutex
	timer  *time.Timer
	passed chan struct{}
}

func newDeadline() *deadline { return &deadline{passed: make(chan struct{})} }

// set moves the deadline; the zero time means none.
func (d *deadline) set(t time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.timer != nil && !d.timer.Stop() {
		<-d.passed // the timer's function runs or has run: wait until it has closed the channel
	}
	d.timer = nil
	over := isClosed(d.passed)
	if t.IsZero() {
		if over {
			d.passed = make(chan struct{})
		}
		return
	}
	left := time.Until(t)
	if left <= 0 {
		if !over {
			close(d.passed)
		}
		return
	}
	if over {
		d.passed = make(chan struct{})
	}
	ch := d.passed
	d.timer = time.AfterFunc(left, func() { close(ch) })
}

// wait returns the channel that closes when the deadline passes.
func (d *deadline) wait() <-chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.passed
}

func isClosed(ch <-chan struct{}) bool {
	select {
	case <-ch:
		return true
	default:
		return false
	}
}
