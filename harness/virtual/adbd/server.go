package adbd

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Server is the ADB daemon of one virtual phone. Its methods may be called from any goroutine; none may be called by
// a Device's own methods unless it says so, because Close and Reboot wait for these.
type Server struct {
	opts     Options
	features []string
	cnxnMax  uint32
	logf     func(string, ...any)

	ctx  context.Context // ends at Close
	stop context.CancelFunc
	wg   sync.WaitGroup // every goroutine of this server

	mu          sync.Mutex // guards this block
	closed      bool
	addr        net.Addr // where the phone listens when it is up
	listener    net.Listener
	releasePort func()  // while the phone is off
	links       []*link // live ones, oldest first
	linkSeq     uint64
	keys        []Key
	up          bool               // powered
	power       context.Context    // ends when the phone goes down
	powerOff    context.CancelFunc // ends power
	running     *sync.WaitGroup    // commands of this power-up
	real        map[int]*realPort

	hookMu    sync.Mutex
	listening map[int]int // port of the phone -> links that reverse it

	faults    faults
	gate      gate
	commands  atomic.Int64
	rebooting atomic.Bool
	ports     portPool
}

// New makes a server that is powered on and does not listen yet. It panics without a Device, which is a mistake in
// the calling code.
func New(o Options) *Server {
	if o.Device == nil {
		panic("adbd: Options.Device is nil")
	}
	o.Limits = o.Limits.withDefaults()
	if o.Features == nil {
		o.Features = DefaultFeatures()
	}
	if o.MaxData == 0 {
		o.MaxData = defaultMaxData
	}
	s := &Server{
		opts:      o,
		features:  implemented(o.Features),
		cnxnMax:   min(max(o.MaxData, minMaxData), defaultMaxData),
		logf:      o.Logf,
		up:        true,
		listening: map[int]int{},

		releasePort: func() {},
		running:     new(sync.WaitGroup),
		real:        map[int]*realPort{},
	}
	if s.logf == nil {
		s.logf = func(string, ...any) {}
	}
	s.ctx, s.stop = context.WithCancel(context.Background())
	s.power, s.powerOff = context.WithCancel(s.ctx)
	for _, text := range o.Known {
		if k, err := parseKey(text); err == nil {
			s.remember(k)
		}
	}
	return s
}

// Listen serves on a TCP address, "127.0.0.1:0" say, in the background.
func (s *Server) Listen(ctx context.Context, addr string) error {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", addr)
	if err != nil {
		return fmt.Errorf("listening for adb on %s: %w", addr, err)
	}
	if err := s.own(l); err != nil {
		l.Close()
		return err
	}
	return nil
}

// Serve serves on l until Close, and then returns nil. It closes l. While the phone is off l is closed, and PowerOn
// listens on the same address again.
func (s *Server) Serve(l net.Listener) error {
	if err := s.own(l); err != nil {
		return err
	}
	<-s.ctx.Done()
	return nil
}

// own starts accepting on l.
func (s *Server) own(l net.Listener) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return net.ErrClosed
	}
	if s.addr != nil {
		return errors.New("adbd: the server listens already")
	}
	s.listener, s.addr = l, l.Addr()
	s.wg.Go(func() { s.accept(l) })
	return nil
}

// Addr is where the phone listens, nil before Listen or Serve.
func (s *Server) Addr() net.Addr {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.addr
}

// Close ends everything: the listener, all links and all commands. It returns when no goroutine of the server is left.
func (s *Server) Close() error {
	s.mu.Lock()
	first := !s.closed
	s.closed = true
	s.stop()
	if s.listener != nil && first {
		s.listener.Close()
		if !s.up {
			s.releasePort()
		}
	}
	for _, r := range s.real {
		r.l.Close()
	}
	s.mu.Unlock()
	s.wg.Wait()
	return nil
}

// spawn runs f in a goroutine that Close waits for; false = the server is closed, f does not run. Goroutines that
// Close waits for already may use s.wg.Go itself.
func (s *Server) spawn(f func()) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.wg.Go(f)
	}
	return !s.closed
}

// live returns the links, oldest first.
func (s *Server) live() []*link {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.links)
}

// acceptPause is the wait after a failed accept.
const acceptPause = 50 * time.Millisecond

// accept takes connections until l is closed.
func (s *Server) accept(l net.Listener) {
	for {
		conn, err := l.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil { // too many open files, say
			s.logf("accepting adb connections: %v", err)
			select {
			case <-s.ctx.Done():
				return
			case <-time.After(acceptPause):
				continue
			}
		}
		if !s.gate.wait(s.ctx) {
			conn.Close()
			return
		}
		if err := s.serve(conn); err != nil {
			s.logf("adb link from %s: %v", conn.RemoteAddr(), err)
			reset(conn)
		}
	}
}

// serve starts a link, or says why not.
func (s *Server) serve(conn net.Conn) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		return net.ErrClosed
	case !s.up:
		return errors.New("the phone is off")
	case len(s.links) >= s.opts.Limits.Links:
		return fmt.Errorf("more than %d links", s.opts.Limits.Links)
	}
	s.linkSeq++
	l := newLink(s, conn, s.linkSeq)
	s.links = append(s.links, l)
	s.wg.Go(l.run)
	return nil
}

// reset closes a connection so that the other side sees a reset, not an orderly end.
func reset(conn net.Conn) {
	if t, ok := conn.(*net.TCPConn); ok {
		t.SetLinger(0)
	}
	conn.Close()
}
