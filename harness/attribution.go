package harness

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/telltale-farm/telltale/adb"
	"github.com/telltale-farm/telltale/capture/flow"
	"github.com/telltale-farm/telltale/capture/record"
)

// Attribution by elimination, the small form: with `adb reverse` every connection reaches the proxy from this computer,
// so its source port says nothing. But the phone's own socket tables list who has a connection to the reversed port.
// While a new connection waits at the proxy, its socket is one of those of which no connection had arrived; if all of
// them belong to one uid, that is whose it is. Anything less certain stays unknown, with the candidates named.

// attributeTimeout bounds how long a new connection waits for its app to be known.
const attributeTimeout = 3 * time.Second

// resamples is how often the tables are read again when they show more new rows than connections have arrived: the
// others are on their way.
const resamples = 3

type attributor struct {
	sample func(ctx context.Context) ([]adb.Socket, error)
	apps   map[int][]string
	note   func(conn int64, app record.App)

	looking chan struct{} // holds one token: one look at the tables at a time
	mu      sync.Mutex
	waiting []arrival // connections that arrived since the last look
	sockets *sockets  // of whoever looks
}

// arrival is a connection that the proxy accepted.
type arrival struct {
	conn int64
	left bool // it waited too long, and its app stays unknown; its socket is one of those on the phone all the same
}

func newAttributor(apps map[int][]string, sample func(context.Context) ([]adb.Socket, error), note func(int64, record.App)) *attributor {
	a := &attributor{sample: sample, apps: apps, note: note, looking: make(chan struct{}, 1), sockets: newSockets()}
	a.looking <- struct{}{}
	return a
}

// attribute is called for each connection that the proxy accepts, before a byte of it is read, and returns when its app
// is known or will not be.
func (a *attributor) attribute(ctx context.Context, conn int64) {
	ctx, cancel := context.WithTimeout(ctx, attributeTimeout)
	defer cancel()
	a.mu.Lock()
	a.waiting = append(a.waiting, arrival{conn: conn})
	a.mu.Unlock()
	select {
	case <-ctx.Done():
		a.leave(conn)
	case <-a.looking:
		a.look(ctx, conn)
		a.looking <- struct{}{}
	}
}

// look reads the tables for everyone who waits, conn among them unless an earlier look already served it.
func (a *attributor) look(ctx context.Context, conn int64) {
	for try := 0; ; try++ {
		a.mu.Lock()
		waiting := slices.Clone(a.waiting)
		a.mu.Unlock()
		if !slices.ContainsFunc(waiting, func(w arrival) bool { return w.conn == conn }) {
			return
		}
		rows, err := a.sample(ctx)
		if err != nil {
			a.leave(conn)
			return
		}
		s := a.sockets.after(rows, time.Now())
		a.mu.Lock()
		arrived := len(a.waiting)
		a.mu.Unlock()
		if (len(s.open) != s.taken+len(waiting) || arrived != len(waiting)) && try < resamples && ctx.Err() == nil {
			continue
		}
		app := a.decide(s.open, s.taken+len(waiting))
		a.sockets = s.take(len(waiting))
		a.mu.Lock()
		served := a.waiting[:len(waiting)] // others may have come behind them, and some of these may have left
		waiting, a.waiting = served, slices.Clone(a.waiting[len(waiting):])
		a.mu.Unlock()
		for _, w := range waiting {
			if !w.left {
				a.note(w.conn, app)
			}
		}
		return
	}
}

// decide says whose the connections are that arrived, of which there are so many, when each has one of the open sockets.
// Fewer sockets than connections means that some have closed already, and then the rest may not speak for them.
func (a *attributor) decide(open []opened, conns int) record.App {
	var uids []int
	for _, o := range open {
		if !slices.Contains(uids, o.uid) {
			uids = append(uids, o.uid)
		}
	}
	slices.Sort(uids)
	var names []string
	for _, uid := range uids {
		names = append(names, a.apps[uid]...)
	}
	slices.Sort(names)
	names = slices.Compact(names)
	if len(uids) != 1 || uids[0] == uidGone || len(open) < conns {
		return record.App{Candidates: names}
	}
	if len(names) == 1 {
		return record.App{Package: names[0], UID: uids[0], By: flow.ByElimination}
	}
	return record.App{UID: uids[0], By: flow.ByElimination, Candidates: names} // one uid, shared by several packages
}

// leave gives up on a connection: its app stays unknown.
func (a *attributor) leave(conn int64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for i := range a.waiting {
		if a.waiting[i].conn == conn {
			a.waiting[i].left = true
		}
	}
}

// tcpSockets reads a phone's TCP tables, whenever a connection comes.
func tcpSockets(d *adb.Device) func(context.Context) ([]adb.Socket, error) {
	return func(ctx context.Context) ([]adb.Socket, error) { return d.Sockets(ctx, "tcp", "tcp6") }
}
