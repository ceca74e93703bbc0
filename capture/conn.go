package capture

import (
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/telltale-farm/telltale/capture/flow"
)

// phoneConn is one accepted connection: the bytes on the wire are counted here.
type phoneConn struct {
	net.Conn
	p      *Proxy
	id     int64
	start  int64
	up     atomic.Int64
	down   atomic.Int64
	active atomic.Int64 // us of the last byte either way
	pcap   *stream      // nil when no packets are asked for
	once   sync.Once
	err    error
}

func (c *phoneConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.up.Add(int64(n))
	c.pcap.data(true, b[:n])
	c.active.Store(c.p.rec.Now())
	return n, err
}

func (c *phoneConn) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	c.down.Add(int64(n))
	c.pcap.data(false, b[:n])
	c.active.Store(c.p.rec.Now())
	return n, err
}

func (c *phoneConn) Close() error {
	c.once.Do(func() {
		c.err = c.Conn.Close()
		c.pcap.end()
		c.p.gone(c)
	})
	return c.err
}

func (c *phoneConn) CloseWrite() error { return closeWrite(c.Conn) }

// prefixed is a connection whose first bytes were read already.
type prefixed struct {
	net.Conn
	first []byte
}

func (c *prefixed) Read(b []byte) (int, error) {
	if len(c.first) > 0 {
		n := copy(b, c.first)
		c.first = c.first[n:]
		return n, nil
	}
	return c.Conn.Read(b)
}

func (c *prefixed) CloseWrite() error { return closeWrite(c.Conn) }

// closeWrite says to the other side that no more comes.
func closeWrite(c net.Conn) error {
	if h, ok := c.(interface{ CloseWrite() error }); ok {
		return h.CloseWrite()
	}
	return errors.ErrUnsupported
}

// served is a connection that one of our HTTP servers reads requests from: the accepted one, or what is inside CONNECT.
type served struct {
	net.Conn
	p      *Proxy
	conn   *phoneConn
	tunnel *tunnel // nil for the outer connection
	scheme string
	gather *gather // below the TLS of Conn; nil without
	tap    tap
	sent   atomic.Int64 // us of the last byte from the phone
	closed chan struct{}
	once   sync.Once
}

func (p *Proxy) newServed(c net.Conn, pc *phoneConn, t *tunnel, scheme string) *served {
	return &served{Conn: c, p: p, conn: pc, tunnel: t, scheme: scheme,
		tap: tap{limit: p.limits.HeaderBytes + 8<<10}, closed: make(chan struct{})}
}

func (c *served) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if n > 0 {
		c.sent.Store(c.p.rec.Sent())
		c.tap.feed(b[:n])
	}
	if err != nil && err != io.EOF && c.tunnel != nil {
		c.tunnel.readError(err)
	}
	return n, err
}

func (c *served) Write(b []byte) (int, error) {
	if c.gather != nil && len(b) >= longWrite {
		return c.gather.send(c.Conn, b)
	}
	return c.Conn.Write(b)
}

// Close records what the phone sent and no request came of.
func (c *served) Close() error {
	err := c.Conn.Close()
	c.once.Do(func() {
		if b, total := c.tap.rest(); total > 0 {
			c.protocolError(b, total)
		}
		close(c.closed)
	})
	return err
}

func (c *served) CloseWrite() error { return closeWrite(c.Conn) }

// protocolError records bytes that broke HTTP before they became an exchange. They belong to when they were sent: a head that
// stopped is given up long after.
func (c *served) protocolError(b []byte, total int64) {
	rec := c.p.rec
	f := flow.Flow{Kind: flow.KindError, Conn: c.conn.id, Start: c.sent.Load(), Sent: c.sent.Load(), Proto: "HTTP/1.1",
		BytesUp: total, Error: "not a request that HTTP/1.1 allows", Fault: flow.FaultPhone}
	c.describe(&f)
	log := rec.NewLog(c.p.limits.RelayLog)
	_, _ = log.Write(b)
	body := log.Finish(true)
	if body != nil && total > body.Size {
		body.Size, body.Truncated = total, true
	}
	f.Request = &flow.Message{Body: body}
	rec.Begin(&f)
	rec.End(&f)
}

// describe fills in what a flow has from the connection it rides on.
func (c *served) describe(f *flow.Flow) {
	f.Conn = c.conn.id
	if t := c.tunnel; t != nil {
		f.Parent, f.Host, f.Port, f.TLS, f.Intercepted = t.seq(), t.name, t.port, t.tls, t.tls != nil
	}
}

// queue is a listener that hands out connections that were accepted elsewhere.
type queue struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func newQueue() *queue { return &queue{conns: make(chan net.Conn), done: make(chan struct{})} }

// push gives c to the server; it says false when the server has stopped.
func (q *queue) push(c net.Conn) bool {
	select {
	case q.conns <- c:
		return true
	case <-q.done:
		return false
	}
}

func (q *queue) Accept() (net.Conn, error) {
	select {
	case c := <-q.conns:
		return c, nil
	case <-q.done:
		return nil, net.ErrClosed
	}
}

func (q *queue) Close() error {
	q.once.Do(func() { close(q.done) })
	return nil
}

func (q *queue) Addr() net.Addr { return &net.TCPAddr{} }

// past is a deadline that ends every wait at once.
var past = time.Unix(1, 0)
