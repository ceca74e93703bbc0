package harness

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/telltale-farm/telltale/adb"
	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/capture/record"
	"github.com/telltale-farm/telltale/harness/profile"
)

// bypassEvery is how often the socket tables are read during a window. Sockets that live shorter are seen by the byte
// counters alone: counters say that something went around the proxy, tables say where to.
const bypassEvery = 300 * time.Millisecond

// bypass watches one window for what the phone sends around the proxy: byte counters per uid at both ends, and the
// socket tables in between. Loopback traffic, and so what goes through the proxy, is in neither.
type bypass struct {
	lease   *Lease
	boot    string
	before  adb.Traffic
	failed  error // counters before could not be read
	stopped context.CancelFunc
	done    sync.WaitGroup

	mu      sync.Mutex
	sockets map[sockKey]int64 // when first seen, by the recorder's clock
	unread  error
}

type sockKey struct {
	uid   int
	proto string
	addr  string
	port  int
	adb   bool
}

// keyOf is what is kept of a row: where it leads, and whose it is.
func (l *Lease) keyOf(r adb.Socket) sockKey {
	return sockKey{uid: r.UID, proto: r.Proto, addr: r.Remote.Addr().Unmap().String(), port: int(r.Remote.Port()), adb: l.isAdb(r)}
}

// reading is the counters when they were last read, with what led around the proxy by then.
type reading struct {
	traffic adb.Traffic
	boot    string
	sockets map[sockKey]int64
	closed  *closed // before a reboot that we asked for; nil without one
}

// watchBypass reads the counters and begins to watch the tables. What moved since the last window's reading is between.
func (l *Lease) watchBypass(ctx context.Context, boot string) (b *bypass, between *leak.Counters) {
	b = &bypass{lease: l, boot: boot, sockets: map[sockKey]int64{}}
	b.before, b.failed = l.device.Traffic(ctx)
	b.look(ctx)
	if last := l.counted; last != nil && b.failed == nil {
		between = b.since(last)
	}
	b.keep(b.before, b.failed)
	watching, stop := context.WithCancel(ctx)
	b.stopped = stop
	b.done.Go(func() {
		tick := time.NewTicker(bypassEvery)
		defer tick.Stop()
		for {
			b.look(watching)
			select {
			case <-watching.Done():
				return
			case <-tick.C:
			}
		}
	})
	return b, between
}

// look notes every connection that does not lead to the proxy.
func (b *bypass) look(ctx context.Context) {
	rows, err := b.lease.device.Sockets(ctx, "tcp", "tcp6", "udp", "udp6")
	b.mu.Lock()
	defer b.mu.Unlock()
	if ctx.Err() == nil && b.unread == nil {
		b.unread = err // one look that failed is a gap, whatever the next one says
	}
	for _, r := range rows {
		if b.lease.aroundProxy(r) {
			k := b.lease.keyOf(r)
			if _, known := b.sockets[k]; !known {
				b.sockets[k] = b.lease.rec.Now()
			}
		}
	}
}

// aroundProxy says whether a row is a connection that leaves the phone by itself.
func (l *Lease) aroundProxy(r adb.Socket) bool {
	udp := r.Proto == "udp" || r.Proto == "udp6"
	return l.leadsAround(r) && (udp || r.State == adb.TCPEstablished || r.State == adb.TCPSynSent)
}

// leadsAround says whether a row, in whatever state, leads from the phone to somebody else than the proxy.
func (l *Lease) leadsAround(r adb.Socket) bool {
	addr := r.Remote.Addr().Unmap()
	return r.Remote.Port() != 0 && addr.IsValid() && !addr.IsLoopback() && !addr.IsUnspecified() && !addr.IsLinkLocalUnicast() && !addr.IsMulticast()
}

// isAdb says whether a row is a connection to the adb daemon of a phone that adb reaches over the network: the phone's end is
// where adb reaches it. It is told for what it is, and counts all the same: its bytes are in one counter with whatever
// else the shell sends, the relay's direct connections among it, and nothing on the phone sets them apart.
func (l *Lease) isAdb(r adb.Socket) bool {
	at, err := netip.ParseAddrPort(l.Serial)
	if err != nil || l.profile.Kind != profile.USB || r.UID != uidShell || r.Proto != "tcp" && r.Proto != "tcp6" {
		return false
	}
	return r.Local.Port() == at.Port() && r.Local.Addr().Unmap() == at.Addr().Unmap()
}

// stop reads the counters again and says what moved. The error is a fault of the phone; counters that the phone does
// not give are no fault, but they are said, and then nothing about this window can be called clean.
func (b *bypass) stop(ctx context.Context, out *leak.Counters) error {
	b.look(ctx)
	b.stopped()
	b.done.Wait()
	after, err := b.lease.device.Traffic(ctx)
	b.keep(after, err)
	if err != nil && adb.CodeOf(err) != adb.Malformed {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	out.Readable = true
	for _, e := range []error{b.failed, err, b.unread, wentBack(b.before, after)} {
		if e != nil {
			out.Readable, out.Detail = false, e.Error()
			break
		}
	}
	out.Deltas = b.lease.deltas(b.before, after)
	out.Sockets = b.lease.ledTo(b.sockets)
	return nil
}

// keep remembers a reading for the next window. One that failed leaves the one before it: nothing in between is lost.
func (b *bypass) keep(t adb.Traffic, err error) {
	if err == nil {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.lease.counted = &reading{traffic: t, boot: b.boot, sockets: maps.Clone(b.sockets)}
	}
}

// since is what moved between an earlier reading and this window's first. The tables were not watched: of a uid that
// sent, the sockets that were there before and after stand for where to.
func (b *bypass) since(last *reading) *leak.Counters {
	l := b.lease
	out := &leak.Counters{Readable: true, Deltas: l.deltas(last.traffic, b.before)}
	err := wentBack(last.traffic, b.before)
	if last.boot != b.boot {
		err = errors.New("the phone rebooted between two windows, and what its byte counters had counted is lost")
	}
	if err != nil {
		out.Readable, out.Detail = false, err.Error()
	}
	if last.closed != nil {
		last.closed.before(out, err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	sockets := map[sockKey]int64{}
	for _, from := range []map[sockKey]int64{last.sockets, b.sockets} {
		sentBy(sockets, from, out.Deltas)
	}
	out.Sockets = l.ledTo(sockets)
	return out
}

// sentBy adds those sockets whose uids sent something.
func sentBy(to, from map[sockKey]int64, deltas []leak.Delta) {
	for k := range from {
		if slices.ContainsFunc(deltas, func(d leak.Delta) bool { return d.UID == k.uid && d.TX > 0 }) {
			to[k] = 0
		}
	}
}

// ledTo lists sockets with the names that are known for where they lead.
func (l *Lease) ledTo(sockets map[sockKey]int64) []leak.Sock {
	out := []leak.Sock{}
	var names map[string][]string
	if len(sockets) > 0 && l.Resolve == "" {
		names = l.reachedNames()
	}
	for k, first := range sockets {
		s := leak.Sock{FirstUS: first, UID: k.uid, Apps: l.packages(k.uid), Proto: k.proto, Addr: k.addr, Port: k.port, Host: l.Names[k.addr], ADB: k.adb}
		if s.Host == "" {
			s.Names = names[k.addr]
		}
		out = append(out, s)
	}
	slices.SortFunc(out, func(x, y leak.Sock) int {
		return cmp.Or(cmp.Compare(x.UID, y.UID), cmp.Compare(x.Proto, y.Proto), cmp.Compare(x.Addr, y.Addr), cmp.Compare(x.Port, y.Port), cmp.Compare(adbFirst(x), adbFirst(y)))
	})
	return out
}

func adbFirst(s leak.Sock) int {
	if s.ADB {
		return 0
	}
	return 1
}

// wentBack says whether counters were reset in between: what they had counted until then is lost, of every uid.
func wentBack(before, after adb.Traffic) error {
	for uid, was := range before {
		if now, ok := after[uid]; after != nil && (!ok && was.TX > 0 || ok && (now.TX < was.TX || now.RX < was.RX)) {
			return fmt.Errorf("the byte counters of uid %d went back: they were reset in the window, and what they had counted is lost", uid)
		}
	}
	return nil
}

// deltas lists the uids whose counters moved. Of counters that went down, all they show is new.
func (l *Lease) deltas(before, after adb.Traffic) []leak.Delta {
	out := []leak.Delta{}
	for uid, now := range after {
		was := before[uid]
		if now.TX < was.TX || now.RX < was.RX {
			was = adb.Bytes{}
		}
		if tx, rx := now.TX-was.TX, now.RX-was.RX; tx != 0 || rx != 0 {
			out = append(out, leak.Delta{UID: uid, Apps: l.packages(uid), TX: tx, RX: rx})
		}
	}
	slices.SortFunc(out, func(x, y leak.Delta) int { return cmp.Compare(x.UID, y.UID) })
	return out
}

// reachedNames are the names under which the phone reached an address through our proxy so far.
func (l *Lease) reachedNames() map[string][]string {
	out := map[string][]string{}
	if l.rec.Sync() != nil {
		return nil // names are a hint; that the record failed is said elsewhere
	}
	r, err := record.Open(l.dir.FS())
	if err != nil {
		return nil
	}
	flows, err := r.Flows()
	if err != nil {
		return nil
	}
	for i := range flows {
		at, err := netip.ParseAddrPort(flows[i].Server)
		if addr := at.Addr().Unmap().String(); err == nil && flows[i].Host != "" && !slices.Contains(out[addr], flows[i].Host) {
			out[addr] = append(out[addr], flows[i].Host)
		}
	}
	for _, names := range out {
		slices.Sort(names)
	}
	return out
}

// perUser is how far the uids of one user of a phone are from those of the next: 1010152 is app 10152 of user 10.
const perUser = 100_000

// packages names the apps of a uid, never nil.
func (l *Lease) packages(uid int) []string {
	for _, of := range []int{uid, uid % perUser} {
		if apps := l.apps[of]; apps != nil {
			return apps
		}
	}
	return []string{}
}
