package harness

import (
	"net/netip"
	"slices"
	"time"

	"github.com/telltale-farm/telltale/adb"
)

// opened is a socket on the phone that leads to the proxy.
type opened struct {
	local netip.AddrPort
	uid   int
	since time.Time // when it was first seen
}

// sockets are those on the phone that lead to the proxy, as the tables showed them. A socket is often seen before its
// connection has arrived at the proxy. It then stays open to whichever connection comes next, however many looks later:
// taken for one that had arrived, it would leave its connection to the app of a socket that was opened later.
type sockets struct {
	first bool                    // nobody has looked yet
	seen  map[netip.AddrPort]bool // local ends at the last look
	open  []opened                // of those, and of some that are gone, whichever may belong to a connection to come
	taken int                     // of open, those whose connections have arrived; it is not known which
}

// arrivesWithin is how long a socket stays open to connections to come. One arrives within milliseconds, within seconds
// where a computer is busy, or never: nobody listened, or the app gave up.
const arrivesWithin = 30 * time.Second

func newSockets() *sockets { return &sockets{first: true} }

// after is what stands when the tables show these rows at some time.
func (s *sockets) after(rows []adb.Socket, now time.Time) *sockets {
	out := &sockets{first: s.first, seen: map[netip.AddrPort]bool{}, taken: s.taken}
	for _, o := range s.open {
		if now.Sub(o.since) < arrivesWithin {
			out.open = append(out.open, o)
		} else {
			out.taken = max(out.taken-1, 0)
		}
	}
	for _, r := range rows {
		if !leadsToProxy(r) || out.seen[r.Local] {
			continue
		}
		out.seen[r.Local] = true
		if s.seen[r.Local] {
			continue
		}
		uid := r.UID
		if r.State != adb.TCPEstablished && r.State != adb.TCPSynSent {
			uid = uidGone // it closed before it was looked at, and its connection may be one of those that wait
		}
		out.open = append(out.open, opened{r.Local, uid, now})
	}
	return out
}

// take is what stands once that many connections more have arrived. Where all that were opened have arrived there is
// nothing to come. Where more have arrived than were opened, some closed unseen, and any may be still to come.
func (s *sockets) take(conns int) *sockets {
	out := &sockets{seen: s.seen}
	open := s.open
	if s.first { // what closed before anybody looked is of an earlier lease
		open = slices.DeleteFunc(slices.Clone(open), func(o opened) bool { return o.uid == uidGone })
	}
	switch n := s.taken + conns; {
	case n < len(open):
		out.open, out.taken = open, n
	case n > len(open):
		out.open = open
	}
	return out
}

// uids that are not apps' own: adbd's end of the tunnel belongs to the shell, and a socket that is closed to nobody (the
// tables show 0).
const (
	uidShell = 2000
	uidGone  = -1
)

// leadsToProxy says whether a row is an app's end of a connection to the reversed port, or what is left of one.
func leadsToProxy(r adb.Socket) bool {
	return r.UID != uidShell && r.Remote.Port() == ProxyPort && r.Remote.Addr().Unmap().IsLoopback()
}
