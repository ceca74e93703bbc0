package harness

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/telltale-farm/telltale/adb"
	"github.com/telltale-farm/telltale/assertions/leak"
)

// link watches a phone's connection to its adb server, so that a blip between two looks is not missed: a drop of a
// millisecond silently takes the reverse tunnel with it.
type link struct {
	mu     sync.Mutex
	drops  int
	class  string // whose fault the last one was
	last   string
	times  []time.Time            // of the last drops
	others map[string][]time.Time // and of those of other phones of the same server
	news   chan struct{}          // closed at the next drop
}

// Phones that drop within incident of each other dropped together: a hub, or the server itself.
const (
	incident   = 2 * time.Second
	watchAgain = 200 * time.Millisecond // a server that has gone is looked for
)

// Bounds of what is kept: one computer has fewer phones, and of one that flaps the last times tell as much.
const (
	maxOthers = 1024
	maxTimes  = 16
)

func later(times []time.Time, at time.Time) []time.Time {
	return append(times[max(0, len(times)-maxTimes+1):], at)
}

func newLink() *link { return &link{others: map[string][]time.Time{}, news: make(chan struct{})} }

// watch counts what takes a phone away until the context ends, through whatever becomes of the adb server.
func (l *link) watch(ctx context.Context, server adb.Server, serial string, events <-chan adb.Event) {
	tick := time.NewTicker(watchAgain)
	defer tick.Stop()
	for {
		for e := range events {
			l.follow(e, serial)
		}
		for events = nil; events == nil; {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				events, _ = server.Track(ctx) // a server that is away is counted once, when it went
			}
		}
	}
}

// follow counts what happened. Only a phone that was a device drops: on its way back it is offline, gone and offline
// again, and on a busy computer that takes it seconds. One that was a device and is one again was plugged anew between
// two looks: its tunnels are gone.
func (l *link) follow(e adb.Event, serial string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case e.Err != nil:
		l.drop(leak.FaultHarness, e.At, "the adb server went away: "+e.Err.Error())
	case e.Was != adb.StateDevice:
	case e.Serial == serial:
		l.drop(leak.FaultPhone, e.At, fmt.Sprintf("the phone went from %q to %q", e.Was, e.State))
	default:
		was := l.others[e.Serial]
		if was == nil && len(l.others) >= maxOthers {
			return
		}
		l.others[e.Serial] = later(was, e.At)
	}
}

// drop counts one. That a phone is away while the server is, too, is the server's doing.
func (l *link) drop(class string, at time.Time, what string) {
	if n := len(l.times); l.class == leak.FaultHarness && at.Sub(l.times[n-1]) < incident {
		class, what = l.class, l.last
	}
	l.drops, l.class, l.last, l.times = l.drops+1, class, what, later(l.times, at)
	close(l.news)
	l.news = make(chan struct{})
}

// dropped is how often the phone dropped.
func (l *link) dropped() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.drops
}

// since says whether the phone went since it had dropped that often, whose fault that was, and what it was, with how
// many other phones went with it. The others are heard of one by one, so it waits until incident has passed since the
// drop was; and as long for the drop itself, where it is likely that there was one.
func (l *link) since(ctx context.Context, drops int, likely bool) (went bool, class, what string) {
	if likely {
		l.await(ctx, drops)
	}
	l.mu.Lock()
	went, class = l.drops != drops, l.class
	var left time.Duration
	if went && class == leak.FaultPhone {
		left = incident - time.Since(l.times[len(l.times)-1])
	}
	l.mu.Unlock()
	if left > 0 {
		pause := time.NewTimer(left)
		defer pause.Stop()
		select {
		case <-ctx.Done():
		case <-pause.C:
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	class, what = l.class, l.last
	if n := l.together(l.drops - drops); went && class == leak.FaultPhone && n > 0 {
		what = fmt.Sprintf("%s, and %d other phones of its adb server with it: look at their hub", what, n)
	}
	return went, class, what
}

// await waits for a drop that has been and was not heard of yet.
func (l *link) await(ctx context.Context, drops int) {
	pause := time.NewTimer(incident)
	defer pause.Stop()
	for {
		l.mu.Lock()
		went, news := l.drops != drops, l.news
		l.mu.Unlock()
		if went {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-pause.C:
			return
		case <-news:
		}
	}
}

// together counts the other phones that went when this one did, at one of its last drops.
func (l *link) together(drops int) (n int) {
	last := l.times[max(0, len(l.times)-drops):]
	for _, times := range l.others {
		if slices.ContainsFunc(times, func(at time.Time) bool {
			return slices.ContainsFunc(last, func(own time.Time) bool { return at.Sub(own).Abs() < incident })
		}) {
			n++
		}
	}
	return n
}

// blame says more of a fault, and corrects it: a phone that was lost because the adb server went is not to blame. drops
// is how often it had dropped when the attempt began.
func (l *link) blame(ctx context.Context, f *leak.Fault, err error, drops int) *leak.Fault {
	if f == nil || f.Code != leak.CodeDeviceLost {
		return f
	}
	likely := errors.Is(err, adb.Offline) || errors.Is(err, adb.NotFound) || errors.Is(err, adb.NoExit) ||
		errors.Is(err, adb.Closed) // a phone that refuses a service and one that goes at that moment look the same
	switch went, class, what := l.since(ctx, drops, likely); {
	case went && class == leak.FaultHarness:
		return &leak.Fault{Class: class, Code: leak.CodeCaptureGap, Detail: what + "; then " + f.Detail}
	case went:
		return &leak.Fault{Class: f.Class, Code: f.Code, Detail: f.Detail + "; " + what}
	}
	return f
}
