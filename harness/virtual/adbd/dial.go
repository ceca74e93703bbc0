package adbd

import (
	"context"
	"fmt"
	"net"
	"os"
	"sync"
	"syscall"
)

// DialReverse connects to a reversed port of the phone, as a program on it connects to 127.0.0.1:port, without a
// socket: the stream is opened on the newest live link that maps the port. Without a mapping, and when nothing
// listens on the host, the error wraps ECONNREFUSED. The connection has deadlines but no half-close: adb has none.
func (s *Server) DialReverse(ctx context.Context, port int) (net.Conn, error) {
	addr := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port}
	fail := func(err error) (net.Conn, error) {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Addr: addr, Err: err}
	}
	if !s.gate.wait(ctx) {
		return fail(context.Cause(ctx))
	}
	if s.faults.deafened() {
		return fail(refusedError())
	}
	st, err := s.openReverse(port, addr)
	if err != nil {
		return fail(err)
	}
	select {
	case <-st.opened:
		return st, nil
	case <-st.gone:
		if isClosed(st.opened) {
			return st, nil // accepted, then closed at once
		}
		return fail(refusedError())
	case <-ctx.Done():
		st.l.abandon(st)
		return fail(fmt.Errorf("waiting for the host: %w", context.Cause(ctx)))
	}
}

func refusedError() error { return os.NewSyscallError("connect", syscall.ECONNREFUSED) }

// openReverse sends OPEN with the exact target of the link's table. Asking an adb server for anything else ends the
// server and every phone's link, so the table cannot change between the lookup and the OPEN.
func (s *Server) openReverse(port int, addr net.Addr) (*stream, error) {
	links := s.live()
	for i := len(links) - 1; i >= 0; i-- {
		st, err := links[i].openMapped(port, addr)
		if st != nil || err != nil {
			return st, err
		}
	}
	return nil, refusedError()
}

func (l *link) openMapped(port int, addr net.Addr) (*stream, error) {
	l.rmu.RLock()
	defer l.rmu.RUnlock()
	target, ok := l.reverse[port]
	if !ok || !l.isOnline() {
		return nil, nil
	}
	st := l.add(0, addr)
	if st == nil {
		return nil, os.NewSyscallError("connect", syscall.EAGAIN)
	}
	if !l.send(packet{cmd: cmdOPEN, arg0: st.local, data: append([]byte(target), 0)}) {
		l.finish(st, false)
		return nil, os.NewSyscallError("connect", syscall.ECONNRESET)
	}
	return st, nil
}

func (l *link) isOnline() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.online && l.ctx.Err() == nil
}

// portPool numbers the phone's ends of reversed connections, so that each live one has a port of its own.
type portPool struct {
	mu   sync.Mutex
	next int
	used map[int]*stream
}

// take gives st a port; 0 if none is left.
func (p *portPool) take(st *stream) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.used == nil {
		p.used = map[int]*stream{}
	}
	const n = lastFreePort - firstFreePort + 1
	if len(p.used) >= n {
		return 0
	}
	for {
		p.next++
		port := firstFreePort + p.next%n
		if p.used[port] == nil {
			p.used[port] = st
			return port
		}
	}
}

// release gives back the port of a stream that had one.
func (p *portPool) release(st *stream) {
	a, ok := st.addr[0].(*net.TCPAddr)
	if !ok {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.used[a.Port] == st {
		delete(p.used, a.Port)
	}
}

// realPort is a real listener for a reversed port.
type realPort struct{ l net.Listener }

// listenReal opens the real listener of a port if there is none.
func (s *Server) listenReal(port int) error {
	if !s.opts.RealListeners {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || s.real[port] != nil {
		return nil
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	s.real[port] = &realPort{l}
	s.wg.Go(func() { s.acceptReal(l, port) })
	return nil
}

// closeReal closes the real listener of a port that was removed by name. A lost link keeps it, so that the address
// is the same when the port is reversed again; meanwhile its connections are reset.
func (s *Server) closeReal(port int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r := s.real[port]; r != nil {
		r.l.Close()
		delete(s.real, port)
	}
}

func (s *Server) acceptReal(l net.Listener, port int) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		s.spawn(func() {
			st, err := s.DialReverse(s.ctx, port)
			if err != nil {
				reset(conn)
				return
			}
			s.splice(st, conn)
		})
	}
}
