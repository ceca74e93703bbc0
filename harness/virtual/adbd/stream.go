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

// stream is one adb stream as a net.Conn. We have at most one WRTE in flight: the next waits for the host's OKAY. The
// host gets an OKAY for each WRTE once the consumer took all its bytes, which is the back-pressure. ADB cannot close
// one direction alone: Close ends both, as on a phone.
type stream struct {
	l      *link
	local  uint32
	remote atomic.Uint32 // 0 until the host's OKAY, for streams that we opened
	addr   [2]net.Addr   // local, remote

	in     inbox         // what the host sent and nobody took
	token  chan struct{} // present while no WRTE of ours is in flight
	opened chan struct{} // closed by the host's OKAY, for streams that we opened

	gone    chan struct{} // the host closed the stream, or the link ended
	goneErr error         // what Read then says: io.EOF or ECONNRESET; set before gone is closed
	closed  chan struct{} // we closed it
	once    sync.Once     // closes closed
	live    context.Context
	hangup  context.CancelFunc // ends live: the stream is in no table any more

	rmu  sync.Mutex
	rest []byte // what Read has not yet handed out of the current WRTE
	used int    // what it has
	wmu  sync.Mutex
	read *deadline
	writ *deadline
}

func newStream(l *link, local, remote uint32) *stream {
	st := &stream{
		l: l, local: local,
		in: inbox{more: make(chan struct{}, 1)}, token: make(chan struct{}, 1), opened: make(chan struct{}),
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
	st.used += n
	if st.rest = st.rest[n:]; len(st.rest) == 0 {
		st.l.buffered.Add(-st.in.consumed(st.used))
		st.rest, st.used = nil, 0
		st.ack()
	}
	return n, nil
}

// next waits for the host's next WRTE.
func (st *stream) next() error {
	for {
		over := isClosed(st.gone) // looked at first: what came before the end is still in the inbox
		if st.rest = st.in.take(); st.rest != nil {
			return nil
		}
		switch {
		case over && st.goneErr == io.EOF:
			return io.EOF
		case over:
			return st.opError("read", st.goneErr)
		}
		select {
		case <-st.in.more:
		case <-st.gone:
		case <-st.closed:
			return st.opError("read", net.ErrClosed)
		case <-st.read.wait():
			return st.opError("read", os.ErrDeadlineExceeded)
		}
	}
}

// ack tells the host that one WRTE was consumed.
func (st *stream) ack() {
	if !isClosed(st.gone) {
		st.l.send(packet{cmd: cmdOKAY, arg0: st.local, arg1: st.remote.Load()})
	}
}

// deliver takes a WRTE from the read loop; it never waits for the consumer.
func (st *stream) deliver(data []byte) {
	switch {
	case isClosed(st.closed): // nobody will take it, and our CLSE is under way
	case len(data) == 0: // nothing to consume, so it is consumed
		st.ack()
	default:
		st.l.buffered.Add(st.in.put(data))
	}
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
