package harness

import (
	"context"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/telltale-farm/telltale/adb"
	"github.com/telltale-farm/telltale/capture/flow"
	"github.com/telltale-farm/telltale/capture/record"
)

// Attribution by elimination, the small form: with `adb reverse` every connection reaches the proxy from this computer,
// so its source port says nothing. But the phone's own socket tables list who has a connection to the reversed port.
// While a new connection waits at the proxy, the rows that were not there before are the waiting connections'; if all of
// them belong to one uid, that is whose they are. Anything less certain stays unknown, with the candidates named.

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
	waiting []int64                 // connections whose app is not known yet
	known   map[netip.AddrPort]bool // local ends, on the phone, of connections that were already there
}

func newAttributor(apps map[int][]string, sample func(context.Context) ([]adb.Socket, error), note func(int64, record.App)) *attributor {
	a := &attributor{sample: sample, apps: apps, note: note, looking: make(chan struct{}, 1), known: map[netip.AddrPort]bool{}}
	a.looking <- struct{}{}
	return a
}

// attribute is called for each connection that the proxy accepts, before a byte of it is read, and returns when its app
// is known or will not be.
func (a *attributor) attribute(ctx context.Context, conn int64) {
	ctx, cancel := context.WithTimeout(ctx, attributeTimeout)
	defer cancel()
	a.mu.Lock()
	a.waiting = append(a.waiting, conn)
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
		if !slices.Contains(waiting, conn) {
			return
		}
		rows, err := a.sample(ctx)
		if err != nil {
			a.leave(conn)
			return
		}
		fresh, gone, all := a.fresh(rows)
		a.mu.Lock()
		arrived := len(a.waiting)
		a.mu.Unlock()
		if (len(fresh) != len(waiting) || arrived != len(waiting)) && try < resamples && ctx.Err() == nil {
			continue
		}
		app := a.decide(fresh, len(waiting))
		if gone { // somebody's connection closed before it was looked at, and may be one of those that wait
			app = record.App{Candidates: app.Candidates}
			for _, r := range fresh {
				app.Candidates = append(app.Candidates, a.apps[r.UID]...)
			}
			slices.Sort(app.Candidates)
			app.Candidates = slices.Compact(app.Candidates)
		}
		a.mu.Lock()
		a.known = all
		a.waiting = slices.DeleteFunc(a.waiting, func(c int64) bool { return slices.Contains(waiting, c) })
		a.mu.Unlock()
		for _, c := range waiting {
			a.note(c, app)
		}
		return
	}
}

// fresh returns the rows that lead to the proxy and were not there at the last look, whether some of those are closed
// already and have lost their uid, and all local ends there are now.
func (a *attributor) fresh(rows []adb.Socket) (fresh []adb.Socket, gone bool, all map[netip.AddrPort]bool) {
	all = map[netip.AddrPort]bool{}
	for _, r := range rows {
		if !toProxy(r) {
			if fromProxy(r) {
				gone = gone || !a.known[r.Local] && !all[r.Local]
				all[r.Local] = true
			}
			continue
		}
		if !a.known[r.Local] && !all[r.Local] {
			fresh = append(fresh, r)
		}
		all[r.Local] = true
	}
	return fresh, gone, all
}

// decide says whose the new rows are. Fewer rows than connections means that some have closed already, and then the
// rest may not speak for them.
func (a *attributor) decide(fresh []adb.Socket, waiting int) record.App {
	var uids []int
	for _, r := range fresh {
		if !slices.Contains(uids, r.UID) {
			uids = append(uids, r.UID)
		}
	}
	slices.Sort(uids)
	var names []string
	for _, uid := range uids {
		names = append(names, a.apps[uid]...)
	}
	slices.Sort(names)
	if len(uids) == 1 && len(fresh) >= waiting && len(names) == 1 {
		return record.App{Package: names[0], UID: uids[0], By: flow.ByElimination}
	}
	if len(uids) == 1 && len(fresh) >= waiting {
		return record.App{UID: uids[0], By: flow.ByElimination, Candidates: names} // one uid, shared by several packages
	}
	return record.App{Candidates: names}
}

// leave gives up on a connection: its app stays unknown.
func (a *attributor) leave(conn int64) {
	a.mu.Lock()
	a.waiting = slices.DeleteFunc(a.waiting, func(c int64) bool { return c == conn })
	a.mu.Unlock()
}

// uids of Android that are not apps' own: adbd's end of the tunnel belongs to the shell.
const (
	uidRoot  = 0
	uidShell = 2000
)

// toProxy says whether a row is an app's end of a connection to the reversed port.
func toProxy(r adb.Socket) bool {
	return r.UID != uidShell && r.Remote.Port() == ProxyPort && r.Remote.Addr().Unmap().IsLoopback() &&
		(r.State == adb.TCPEstablished || r.State == adb.TCPSynSent)
}

// fromProxy says whether a row is what is left of such a connection.
func fromProxy(r adb.Socket) bool {
	return r.UID != uidShell && r.Remote.Port() == ProxyPort && r.Remote.Addr().Unmap().IsLoopback() && !toProxy(r)
}

// tcpSockets reads a phone's TCP tables, whenever a connection comes.
func tcpSockets(d *adb.Device) func(context.Context) ([]adb.Socket, error) {
	return func(ctx context.Context) ([]adb.Socket, error) { return d.Sockets(ctx, "tcp", "tcp6") }
}
