package capture

import (
	"sync"
	"time"
)

// early says when to record what has come so far of something that goes on: once nothing has come for answerTime, and
// every earlyEvery while it keeps coming. What a stream that stays open has said must not wait for its end: the window
// may close before, and a crash would lose it.
type early struct {
	show func() // records; never called after stop, nor twice at once

	mu    sync.Mutex
	timer *time.Timer
	armed bool
	over  bool
	last  time.Time // of the last bytes
	since time.Time // of the last record, or of the first bytes
}

// answerTime is how long an answer may take before the body that it answers is recorded ahead of it: a long poll or a
// stream must not hide what it was asked with.
const answerTime = 300 * time.Millisecond

// earlyEvery is how often what never pauses is recorded.
const earlyEvery = 2 * time.Second

// came notes that bytes came.
func (e *early) came() {
	now := time.Now()
	e.mu.Lock()
	defer e.mu.Unlock()
	e.last = now
	if e.armed || e.over {
		return
	}
	if e.armed = true; e.timer == nil {
		e.since = now
		e.timer = time.AfterFunc(answerTime, e.due)
		return
	}
	e.timer.Reset(answerTime)
}

func (e *early) due() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.over {
		return
	}
	now := time.Now()
	if wait := answerTime - now.Sub(e.last); wait > 0 && now.Sub(e.since) < earlyEvery {
		e.timer.Reset(wait)
		return
	}
	e.armed, e.since = false, now
	e.show()
}

// stop ends it: when it returns, nothing is being recorded and nothing will be.
func (e *early) stop() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.over = true; e.timer != nil {
		e.timer.Stop()
	}
}
