package harness

import (
	"context"
	"net"
	"sync"
)

// holding is the proxy's listener: it holds each connection's first byte back until its app is known, so that the row
// in the phone's tables is still there when it is looked for.
type holding struct {
	net.Listener
	ctx  context.Context
	who  *attributor
	mu   sync.Mutex
	held map[string]*held // by the address it came from
}

func newHolding(ctx context.Context, l net.Listener, who *attributor) *holding {
	return &holding{Listener: l, ctx: ctx, who: who, held: map[string]*held{}}
}

// Accept wraps a connection before the proxy sees it.
func (h *holding) Accept() (net.Conn, error) {
	c, err := h.Listener.Accept()
	if err != nil {
		return nil, err
	}
	k := &held{Conn: c, ready: make(chan struct{})}
	h.mu.Lock()
	h.held[c.RemoteAddr().String()] = k
	h.mu.Unlock()
	return k, nil
}

// attribute is what the proxy calls for each connection that it accepted and numbered. It does not block.
func (h *holding) attribute(conn int64, _, remote net.Addr) {
	h.mu.Lock()
	k := h.held[remote.String()]
	delete(h.held, remote.String())
	h.mu.Unlock()
	if k == nil {
		return
	}
	go func() {
		defer close(k.ready)
		h.who.attribute(h.ctx, conn)
	}()
}

// held is a connection whose first Read waits until its app is known, or will not be.
type held struct {
	net.Conn
	ready chan struct{}
}

func (k *held) Read(b []byte) (int, error) {
	<-k.ready
	return k.Conn.Read(b)
}

// CloseWrite is passed on, for relayed tunnels.
func (k *held) CloseWrite() error {
	if c, ok := k.Conn.(interface{ CloseWrite() error }); ok {
		return c.CloseWrite()
	}
	return nil
}
