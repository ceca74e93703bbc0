package internet

import (
	"context"
	"io"
	"net"
	"net/http"
	"sync"
)

// serveHTTP answers for the host that the request names; a name that is not there ends the connection.
func (i *Internet) serveHTTP(w http.ResponseWriter, r *http.Request) {
	name := r.Host
	if host, _, err := net.SplitHostPort(name); err == nil {
		name = host
	}
	h := i.names.lookup(name)
	if h == nil || h.Handler == nil {
		i.ledger.refuse(canonical(name), "host")
		panic(http.ErrAbortHandler) // net/http's way to cut a connection without an answer
	}
	body := &counted{ReadCloser: http.MaxBytesReader(w, r.Body, i.options.Limits.Body)}
	r.Body = body
	i.ledger.count(h.Name, 1, 0) // now: an upgraded connection may stay for long
	defer func() { i.ledger.count(h.Name, 0, body.n) }()
	r = r.WithContext(context.WithValue(r.Context(), meter{}, func(n int64) { i.ledger.count(h.Name, 0, n) }))
	h.Handler.ServeHTTP(w, r)
	_, _ = io.Copy(io.Discard, body)
}

// meter is the key of the function that counts what a handler reads after an upgrade.
type meter struct{}

type counted struct {
	io.ReadCloser
	n int64
}

func (c *counted) Read(b []byte) (int, error) {
	n, err := c.ReadCloser.Read(b)
	c.n += int64(n)
	return n, err
}

// handoff is the listener of the HTTP server: it accepts what the front door passes on.
type handoff struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func newHandoff() *handoff {
	return &handoff{conns: make(chan net.Conn), done: make(chan struct{})}
}

// pass gives a connection to the server; false when it is closed.
func (h *handoff) pass(ctx context.Context, c net.Conn) bool {
	select {
	case h.conns <- c:
		return true
	case <-h.done:
	case <-ctx.Done():
	}
	return false
}

// Accept waits for a connection.
func (h *handoff) Accept() (net.Conn, error) {
	select {
	case c := <-h.conns:
		return c, nil
	case <-h.done:
		return nil, net.ErrClosed
	}
}

// Close ends Accept.
func (h *handoff) Close() error {
	h.once.Do(func() { close(h.done) })
	return nil
}

// Addr is nobody's.
func (h *handoff) Addr() net.Addr { return &net.TCPAddr{} }
