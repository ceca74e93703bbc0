package network

import (
	"context"
	"net/netip"
	"sync"
	"time"
)

// uidShell is adbd's uid on a phone that is not rooted.
const uidShell = 2000

// Network is one phone's network stack. Its methods may be called from any goroutine.
type Network struct {
	options  Options
	table    *table
	counters *counters

	mu    sync.Mutex
	conns map[*Conn]struct{}
	dials map[*dialing]struct{}
	apps  map[*App]struct{} // those that connected since their last force-stop
}

// dialing is a connection in the making.
type dialing struct {
	uid    int
	cancel context.CancelFunc
}

// New returns a network with empty tables and counters.
func New(o Options) *Network {
	if o.Now == nil {
		o.Now = time.Now
	}
	if !o.Address.Is4() {
		o.Address = netip.AddrFrom4([4]byte{192, 168, 43, 57})
	}
	if o.SSID == "" {
		o.SSID = "AndroidWifi"
	}
	if o.TimeWait == 0 {
		o.TimeWait = time.Minute
	}
	return &Network{
		options: o, table: newTable(o.TimeWait, time.Now), counters: newCounters(),
		conns: map[*Conn]struct{}{}, dials: map[*dialing]struct{}{}, apps: map[*App]struct{}{},
	}
}

// Listen puts a listening socket of an app on the phone's loopback into the tables, such as adbd's for a reverse (uid
// 2000), until release is called. Connections to that port show the app's uid at their other end.
func (n *Network) Listen(uid, port int) (release func()) {
	s := n.table.open(socket{
		table: "tcp", state: listen, uid: uid,
		local:  netip.AddrPortFrom(loopback, uint16(port)),
		remote: netip.AddrPortFrom(netip.IPv4Unspecified(), 0),
	})
	return sync.OnceFunc(func() { n.table.close(s, false) })
}

// CloseApp closes every socket of an app and gives up its dials, as a force-stop does. Its clients stay usable.
func (n *Network) CloseApp(uid int) {
	n.closeWhere(func(owner int) bool { return owner == uid })
}

// CloseAll closes every socket of every app. Listening sockets stay.
func (n *Network) CloseAll() {
	n.closeWhere(func(int) bool { return true })
}

// Reboot closes every socket and empties tables and counters.
func (n *Network) Reboot() {
	n.CloseAll()
	n.table.reset()
	n.counters.reset()
}

func (n *Network) closeWhere(match func(uid int) bool) {
	n.mu.Lock()
	var conns []*Conn
	for d := range n.dials {
		if match(d.uid) {
			d.cancel()
		}
	}
	for c := range n.conns {
		if match(c.app.options.UID) {
			conns = append(conns, c)
		}
	}
	var apps []*App
	for a := range n.apps {
		if match(a.options.UID) {
			apps = append(apps, a)
			delete(n.apps, a)
		}
	}
	n.mu.Unlock()
	for _, c := range conns {
		_ = c.Close()
	}
	for _, a := range apps {
		a.transport.closeIdle()
	}
}

// begin registers a dial so that a force-stop can end it.
func (n *Network) begin(ctx context.Context, uid int) (context.Context, *dialing) {
	ctx, cancel := context.WithCancel(ctx)
	d := &dialing{uid: uid, cancel: cancel}
	n.mu.Lock()
	n.dials[d] = struct{}{}
	n.mu.Unlock()
	return ctx, d
}

func (n *Network) end(d *dialing) {
	n.mu.Lock()
	delete(n.dials, d)
	n.mu.Unlock()
	d.cancel()
}

// adopt makes a dialled connection the app's, unless the dial was given up meanwhile.
func (n *Network) adopt(ctx context.Context, c *Conn) error {
	n.mu.Lock()
	err := ctx.Err()
	if err == nil {
		n.conns[c] = struct{}{}
		n.apps[c.app] = struct{}{}
	}
	n.mu.Unlock()
	if err != nil {
		_ = c.Close()
	}
	return err
}

func (n *Network) forget(c *Conn) {
	n.mu.Lock()
	delete(n.conns, c)
	n.mu.Unlock()
}
