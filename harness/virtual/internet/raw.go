package internet

import (
	"context"
	"net"
	"sync/atomic"
	"time"
)

// raw runs a protocol that is not HTTP, and closes the connection.
func (i *Internet) raw(h *Host, serve func(context.Context, net.Conn), c net.Conn) {
	m := &metered{Conn: c, limits: i.options.Limits}
	defer func() {
		_ = c.Close()
		i.ledger.count(h.Name, 0, m.read.Load())
	}()
	i.ledger.count(h.Name, 1, 0)
	serve(i.ctx, m)
}

// metered bounds what a raw protocol takes in bytes and in silence.
type metered struct {
	net.Conn
	limits Limits
	read   atomic.Int64
}

// Read reads within the limits.
func (m *metered) Read(b []byte) (int, error) {
	left := m.limits.Body - m.read.Load()
	if left <= 0 {
		return 0, net.ErrClosed
	}
	_ = m.Conn.SetReadDeadline(time.Now().Add(m.limits.Idle))
	n, err := m.Conn.Read(b[:min(int64(len(b)), left)])
	m.read.Add(int64(n))
	return n, err
}

// Write writes within the limits.
func (m *metered) Write(b []byte) (int, error) {
	_ = m.Conn.SetWriteDeadline(time.Now().Add(m.limits.Idle))
	return m.Conn.Write(b)
}
