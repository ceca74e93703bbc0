package adbd

import (
	"context"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// stream is one adb stream as a net.Conn. Each direction has at most one WRTE that is not yet acknowledged: ours
// waits for the host's OKAY before the next, and the host gets our OKAY once the consumer took all its bytes, which
// is the back-pressure. ADB cannot close one direction alone: Close ends both, as on a phone.
type stream struct {
	l      *link
	local  uint32
	remote atomic.Uint32 // 0 until the host's OKAY, for streams that we opened
	addr   [2]net.Addr   // local, remote

	inbox   chan []byte   // the host's unacknowledged WRTE, if not taken yet
	unacked atomic.Bool   // such a WRTE exists, in inbox or rest
	held    atomic.Int64  // its size, counted against Limits.Buffered
	token   chan struct{} // present while no WRTE of ours is in flight
	opened  chan struct{} // closed by the host's OKAY, for streams that we opened

	gone    chan struct{} // the host closed the stream, or the link ended
	goneErr error         // what Read then says: io.EOF or ECONNRESET; set before gone is closed
	closed  chan struct{} // we closed it
	once    sync.Once     // closes closed
	live    context.Context
	hangup  context.CancelFunc // ends live: the stream is in no table any more

	rmu  sync.Mutex
	rest []byte // what Read has not yet handed out of the current WRTE
	wmu  sync.Mutex
	read *deadline
	writ *deadline
}

func newStream(l *link, local, remote uint32) *stream {
	st := &stream{
		l: l, local: local,
		inbox: make(chan []byte, 1), token: make(chan struct{}, 1), opened: make(chan struct{}),
		gone: make(chan struct{}), closed: make(chan struct{}),
		read: newDeadline(), writ: newDeadline(),
		addr: [2]net.Addr{l.conn.LocalAddr(), l.conn.RemoteAddr()},
	}
	st.live, st.hangup = context.WithCancel(l.ctx)
	if remote != 0 {
		st.remote.Store(remote)
		st.token <- struct{}{}
	}
	return st
}

// Read hands out the host's bytes. After the host's CLSE it drains what came before, then says io.EOF; after a lost
// link it says ECONNRESET.
func (st *stream) Read(p []byte) (int, error) {
	st.rmu.Lock()
	defer st.rmu.Unlock()
	switch {
	case isClosed(st.closed):
		return 0, st.opError("read", net.ErrClosed)
	case isClosed(st.read.wait()):
		return 0, st.opError("read", os.ErrDeadlineExceeded)
	case len(p) == 0:
		return 0, nil
	}
	if len(st.rest) == 0 {
		if err := st.next(); err != nil {
			return 0, err
		}
	}
	n := copy(p, st.rest)
	if st.rest = st.rest[n:]; len(st.rest) == 0 {
		st.rest = nil
		st.ack()
	}
	return n, nil
}

// next waits for the host's next WRTE.
func (st *stream) next() error {
	select {
	case st.rest = <-st.inbox:
		return nil
	default:
	}
	select {
	case st.rest = <-st.inbox:
		return nil
	case <-st.closed:
		return st.opError("read", net.ErrClosed)
	case <-st.read.wait():
		return st.opError("read", os.ErrDeadlineExceeded)
	case <-st.gone:
	}
	select { // what came before the host closed
	case st.rest = <-st.inbox:
		return nil
	default:
	}
	if st.goneErr == io.EOF {
		return io.EOF
	}
	return st.opError("read", st.goneErr)
}

// ack tells the host that its WRTE was consumed.
func (st *stream) ack() {
	st.l.buffered.Add(-st.held.Swap(0))
	st.unacked.Store(false)
	if !isClosed(st.gone) {
		st.l.send(packet{cmd: cmdOKAY, arg0: st.local, arg1: st.remote.Load()})
	}
}

// deliver takes a WRTE from the read loop. It never blocks; false = the host broke the rule of one WRTE in flight.
func (st *stream) deliver(data []byte) bool {
	if isClosed(st.closed) {
		return true // closing: nobody will take it, and our CLSE is under way
	}
	if !st.unacked.CompareAndSwap(false, true) {
		return false
	}
	if len(data) == 0 { // nothing to consume, so it is consumed
		st.ack()
		return true
	}
	st.held.Store(int64(len(data)))
	st.l.buffered.Add(int64(len(data)))
	st.inbox <- data
	if isClosed(st.closed) { // closed since: who dropped the stream may have counted too early
		st.l.buffered.Add(-st.held.Swap(0))
	}
	return true
}

// acked takes the host's OKAY.
func (st *stream) acked() {
	select {
	case st.token <- struct{}{}:
	default: // an OKAY for nothing
	}
}

// Write sends p in packets of the link's maximum, each after the host's OKAY for the one before. It returns when the
// last one is sent, not acknowledged.
func (st *stream) Write(p []byte) (int, error) {
	st.wmu.Lock()
	defer st.wmu.Unlock()
	var n int
	for {
		switch {
		case isClosed(st.closed):
			return n, st.opError("write", net.ErrClosed)
		case isClosed(st.writ.wait()):
			return n, st.opError("write", os.ErrDeadlineExceeded)
		case isClosed(st.gone):
			return n, st.opError("write", st.broken())
		case n == len(p):
			return n, nil
		}
		select {
		case <-st.token:
		case <-st.closed:
			continue
		case <-st.gone:
			continue
		case <-st.writ.wait():
			continue
		}
		chunk := p[n:min(len(p), n+int(st.l.hostMax.Load()))]
		if !st.l.send(packet{cmd: cmdWRTE, arg0: st.local, arg1: st.remote.Load(), data: chunk}) {
			return n, st.opError("write", syscall.ECONNRESET)
		}
		n += len(chunk)
		if n == len(p) {
			return n, nil
		}
	}
}

func (st *stream) broken() error {
	if st.goneErr == io.EOF {
		return syscall.EPIPE
	}
	return syscall.ECONNRESET
}

// Close ends both directions. What was written still reaches the host: CLSE follows its last OKAY, in the background.
func (st *stream) Close() error {
	st.once.Do(func() {
		close(st.closed)
		select {
		case <-st.token:
			st.l.finish(st, true)
		default:
			st.l.s.spawn(func() {
				select {
				case <-st.token:
					st.l.finish(st, true)
				case <-st.gone:
					st.l.finish(st, false)
				}
			})
		}
	})
	return nil
}

// drained waits until the host has acknowledged everything written, or the stream is gone.
func (st *stream) drained() {
	select {
	case <-st.token:
		st.token <- struct{}{}
	case <-st.gone:
	}
}

func (st *stream) LocalAddr() net.Addr  { return st.addr[0] }
func (st *stream) RemoteAddr() net.Addr { return st.addr[1] }

func (st *stream) SetDeadline(t time.Time) error {
	st.read.set(t)
	st.writ.set(t)
	return nil
}

func (st *stream) SetReadDeadline(t time.Time) error  { st.read.set(t); return nil }
func (st *stream) SetWriteDeadline(t time.Time) error { st.writ.set(t); return nil }

func (st *stream) opError(op string, err error) error {
	if no, ok := err.(syscall.Errno); ok {
		err = os.NewSyscallError(op, no)
	}
	return &net.OpError{Op: op, Net: "tcp", Source: st.addr[0], Addr: st.addr[1], Err: err}
}
