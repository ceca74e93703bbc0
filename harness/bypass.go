package harness

import (
	"cmp"
	"context"
	"fmt"
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
	before  adb.Traffic
	failed  error // counters before could not be read
	stopped context.CancelFunc
	done    sync.WaitGroup

	mu      sync.Mutex
	sockets map[sockKey]bool
	unread  error
}

type sockKey struct {
	uid   int
	proto string
	addr  string
	port  int
}

// watchBypass reads the counters and begins to watch the tables.
func (l *Lease) watchBypass(ctx context.Context) *bypass {
	b := &bypass{lease: l, sockets: map[sockKey]bool{}}
	b.before, b.failed = l.device.Traffic(ctx)
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
	return b
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
			b.sockets[sockKey{uid: r.UID, proto: r.Proto, addr: r.Remote.Addr().Unmap().String(), port: int(r.Remote.Port())}] = true
		}
	}
}

// aroundProxy says whether a row is a connection that leaves the phone by itself. The shell's may be adb's own, of a
// phone that adb reaches over the network; what else the shell sends, the relay's direct connections among it, is not.
func (l *Lease) aroundProxy(r adb.Socket) bool {
	addr := r.Remote.Addr().Unmap()
	if r.UID == uidShell && l.adbOverNetwork() && r.Local.Port() == l.adbPort() || r.Remote.Port() == 0 || !addr.IsValid() || addr.IsLoopback() || addr.IsUnspecified() || addr.IsLinkLocalUnicast() || addr.IsMulticast() {
		return false
	}
	udp := r.Proto == "udp" || r.Proto == "udp6"
	return udp || r.State == adb.TCPEstablished || r.State == adb.TCPSynSent
}

// stop reads the counters again and says what moved. The error is a fault of the phone; counters that the phone does
// not give are no fault, but they are said, and then nothing about this window can be called clean.
func (b *bypass) stop(ctx context.Context, out *leak.Counters) error {
	b.look(ctx)
	b.stopped()
	b.done.Wait()
	after, err := b.lease.device.Traffic(ctx)
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
	out.Deltas = b.deltas(after)
	var names map[string][]string
	if len(b.sockets) > 0 && b.lease.Resolve == "" {
		names = b.lease.reachedNames()
	}
	for k := range b.sockets {
		s := leak.Sock{UID: k.uid, Apps: b.lease.packages(k.uid), Proto: k.proto, Addr: k.addr, Port: k.port, Host: b.lease.Names[k.addr]}
		if s.Host == "" {
			s.Names = names[k.addr]
		}
		out.Sockets = append(out.Sockets, s)
	}
	slices.SortFunc(out.Sockets, func(x, y leak.Sock) int {
		return cmp.Or(cmp.Compare(x.UID, y.UID), cmp.Compare(x.Proto, y.Proto), cmp.Compare(x.Addr, y.Addr), cmp.Compare(x.Port, y.Port))
	})
	return nil
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
func (b *bypass) deltas(after adb.Traffic) []leak.Delta {
	out := []leak.Delta{}
	for uid, now := range after {
		was := b.before[uid]
		if now.TX < was.TX || now.RX < was.RX {
			was = adb.Bytes{}
		}
		if tx, rx := now.TX-was.TX, now.RX-was.RX; (tx != 0 || rx != 0) && (uid != uidShell || !b.lease.adbOverNetwork()) {
			out = append(out, leak.Delta{UID: uid, Apps: b.lease.packages(uid), TX: tx, RX: rx})
		}
	}
	slices.SortFunc(out, func(x, y leak.Delta) int { return cmp.Compare(x.UID, y.UID) })
	return out
}

// adbOverNetwork says whether adb's own bytes are among the shell's: on a real phone that is not on a cable. The adb
// daemon of a virtual phone is in none of its tables and counters.
func (l *Lease) adbOverNetwork() bool { return l.profile.Kind == profile.USB && l.Address != "" }

// adbPort is the port of the phone that adb reaches; 0 if it is on a cable.
func (l *Lease) adbPort() uint16 {
	at, err := netip.ParseAddrPort(l.Address)
	if err != nil {
		return 0
	}
	return at.Port()
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

// packages names the apps of a uid, never nil.
func (l *Lease) packages(uid int) []string {
	if apps := l.apps[uid]; apps != nil {
		return apps
	}
	return []string{}
}
