package network

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
)

// Conn is a socket of an app. While it is open its row stands in the tables, and what passes it is counted.
type Conn struct {
	net.Conn
	network *Network
	app     *App
	row     *socket
	peer    *socket // the other end, when it is on the phone too
	proxied bool
	counted bool // passes wlan0
	packet  bool // UDP
	ended   atomic.Bool
	once    sync.Once
	mu      sync.Mutex
	after   []func() // run once the socket is closed
	closed  bool
}

// Via says how an app's connection left the phone: "proxy" or "direct", empty for a connection of no network. It looks
// through TLS.
func Via(c net.Conn) string {
	switch s := socketOf(c); {
	case s == nil:
		return ""
	case s.proxied:
		return "proxy"
	}
	return "direct"
}

// socketOf finds the socket under TLS and the like, nil if there is none.
func socketOf(c net.Conn) *Conn {
	for {
		switch conn := c.(type) {
		case *Conn:
			return conn
		case interface{ NetConn() net.Conn }:
			c = conn.NetConn()
		default:
			return nil
		}
	}
}

// Closing has a function run when the socket is closed, at once if it is.
func (c *Conn) Closing(f func()) {
	c.mu.Lock()
	closed := c.closed
	if !closed {
		c.after = append(c.after, f)
	}
	c.mu.Unlock()
	if closed {
		f()
	}
}

// Via says how the connection left the phone, "proxy" or "direct".
func (c *Conn) Via() string { return Via(c) }

// header is what a packet costs beside its payload.
func (c *Conn) header() int {
	if c.packet {
		return udpHeader
	}
	return tcpHeader
}

// Read reads, and counts what came.
func (c *Conn) Read(b []byte) (int, error) {
	k, err := c.Conn.Read(b)
	if c.counted && k > 0 {
		c.network.counters.count(c.app.options.UID, c.app.options.Tag, received(k, c.header()))
	}
	if errors.Is(err, io.EOF) && !c.packet && c.ended.CompareAndSwap(false, true) {
		c.network.table.halfClosed(c.row)
	}
	return k, err
}

// Write writes, and counts what went.
func (c *Conn) Write(b []byte) (int, error) {
	k, err := c.Conn.Write(b)
	if c.counted && k > 0 {
		c.network.counters.count(c.app.options.UID, c.app.options.Tag, sent(k, c.header()))
	}
	return k, err
}

// CloseWrite sends a FIN, where the connection under it can.
func (c *Conn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return errors.ErrUnsupported
}

// Close closes the socket. The end that closes first goes to TIME_WAIT.
func (c *Conn) Close() error {
	err := net.ErrClosed
	c.once.Do(func() {
		err = c.Conn.Close()
		c.network.forget(c)
		passive := c.ended.Load()
		c.network.table.close(c.row, !c.packet && !passive)
		if c.peer != nil {
			c.network.table.close(c.peer, passive)
		}
		c.mu.Lock()
		after := c.after
		c.closed = true
		c.mu.Unlock()
		for _, f := range after {
			f()
		}
	})
	return err
}

// LocalAddr and RemoteAddr are the phone's view, the same as in its tables.
func (c *Conn) LocalAddr() net.Addr { return c.addr(c.row.local) }

// RemoteAddr is the address the app asked for, not the one on this computer that answers for it.
func (c *Conn) RemoteAddr() net.Addr { return c.addr(c.row.remote) }

func (c *Conn) addr(a netip.AddrPort) net.Addr {
	if c.packet {
		return net.UDPAddrFromAddrPort(a)
	}
	return net.TCPAddrFromAddrPort(a)
}
