package capture

import (
	"errors"
	"net"
	"net/http"
	"sync"
	"time"
)

// Relay says how connections of the relay on the phone are taken (see [Proxy.ServeRelay]).
type Relay struct {
	Token []byte                      // what the relay was started with; a connection without it is closed
	App   func(conn int64, peer Peer) // told of every connection before a byte of it is read; must not block
	Beat  time.Duration               // how often the relay is told that we live; default 2 s
}

// RelayAccepted is the byte that answers a header: the relay learns from it that somebody reads at the far end of the
// tunnel, and may still connect directly without it. RelayBeat tells the relay's own connection that we live, RelayEnd
// that it is to end.
const (
	RelayAccepted = 0x06
	RelayBeat     = 0x16
	RelayEnd      = 0x04
)

const headerTime = 10 * time.Second // for a relay's header to come

// ServeRelay is [Proxy.Serve] for connections that the relay on the phone made: each begins with a header that says
// whose it is. Connections without it, or with another token, are closed and leave no flow.
func (p *Proxy) ServeRelay(l net.Listener, r *Relay) error {
	if r == nil || len(r.Token) == 0 || r.App == nil {
		return errors.New("serving a relay: no token, or nobody to tell whose a connection is")
	}
	p.start.Do(func() { go func() { _ = p.inner.Serve(p.queue) }() })
	rl := &relayListener{Listener: l, p: p, relay: r, queue: newQueue(), conns: map[net.Conn]bool{}}
	var working sync.WaitGroup
	working.Go(func() { rl.accept(&working) })
	err := p.outer.Serve(&listener{Listener: rl, p: p})
	_ = rl.Close()
	working.Wait()
	if errors.Is(err, net.ErrClosed) && p.stopping() {
		return http.ErrServerClosed
	}
	return err
}

// RelayAlive says whether a relay holds its own connection to us.
func (p *Proxy) RelayAlive() bool { return p.beats.Load() > 0 }

// EndRelay tells every relay that is connected to end. It does not wait for that.
func (p *Proxy) EndRelay() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.endRelay != nil {
		close(p.endRelay)
		p.endRelay = nil
	}
}

// relayListener reads the header of each connection, and hands on those that carry an app's bytes.
type relayListener struct {
	net.Listener
	p     *Proxy
	relay *Relay
	queue *queue

	mu     sync.Mutex
	closed bool
	conns  map[net.Conn]bool // whose header has not come, and the relay's own
}

// attributed is a connection of which the relay said whose it is.
type attributed struct {
	net.Conn
	peer Peer
	tell func(conn int64, peer Peer)
}

func (c *attributed) CloseWrite() error { return closeWrite(c.Conn) }

func (l *relayListener) accept(working *sync.WaitGroup) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			_ = l.Close()
			return
		}
		if l.hold(c) {
			working.Go(func() { l.greet(c) })
		}
	}
}

// hold notes a connection so that Close ends it too.
func (l *relayListener) hold(c net.Conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed || len(l.conns) >= l.p.limits.Conns {
		_ = c.Close()
		return false
	}
	l.conns[c] = true
	return true
}

func (l *relayListener) release(c net.Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.conns, c)
}

func (l *relayListener) greet(c net.Conn) {
	defer l.release(c)
	_ = c.SetDeadline(time.Now().Add(headerTime))
	h, err := readProxyHeader(c)
	if err == nil && !h.from(l.relay.Token) {
		err = errors.New("a PROXY header without our token")
	}
	if err == nil {
		_, err = c.Write([]byte{RelayAccepted})
	}
	if err != nil {
		l.p.log.Debug("refusing a relayed connection", "error", err)
		_ = c.Close()
		return
	}
	_ = c.SetDeadline(time.Time{})
	if h.local {
		l.beat(c)
		return
	}
	if !l.queue.push(&attributed{Conn: c, peer: h.peer, tell: l.relay.App}) {
		_ = c.Close()
	}
}

// beat keeps telling the relay that we live, until it goes or we do.
func (l *relayListener) beat(c net.Conn) {
	defer c.Close()
	p := l.p
	p.mu.Lock()
	if p.endRelay == nil {
		p.endRelay = make(chan struct{})
	}
	end := p.endRelay
	p.mu.Unlock()
	p.beats.Add(1)
	defer p.beats.Add(-1)
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		_, _ = c.Read(make([]byte, 1)) // it says nothing more: whatever comes is its end
	}()
	every := l.relay.Beat
	if every <= 0 {
		every = 2 * time.Second
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		_ = c.SetWriteDeadline(time.Now().Add(headerTime))
		if _, err := c.Write([]byte{RelayBeat}); err != nil {
			return
		}
		select {
		case <-gone:
			return
		case <-end:
			_ = c.SetReadDeadline(time.Now().Add(headerTime))
			_, _ = c.Write([]byte{RelayEnd})
			<-gone // the relay closes: what it was told has arrived
			return
		case <-tick.C:
		}
	}
}

// Accept gives the next connection whose app is known.
func (l *relayListener) Accept() (net.Conn, error) { return l.queue.Accept() }

func (l *relayListener) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil
	}
	l.closed = true
	_ = l.queue.Close()
	for c := range l.conns {
		_ = c.Close()
	}
	return l.Listener.Close()
}
