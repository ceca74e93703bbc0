package adbd

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

const (
	readBuffer = 64 << 10
	smallWrite = 16 << 10         // up to here header and data are sent by one write of a copy
	sendLimit  = 60 * time.Second // an adb server that reads nothing for so long has lost its phone
)

// link is one connection of an adb server: its own streams, its own reverse table. Both end with it.
type link struct {
	s    *Server
	id   uint64
	conn net.Conn
	in   *bufio.Reader

	ctx    context.Context // ends with the link
	cancel context.CancelFunc
	hangs  atomic.Bool // takes commands and never answers

	wmu  sync.Mutex // one packet at a time
	wbuf []byte

	hostMax   atomic.Uint32 // largest payload for the host
	checksums atomic.Bool   // the host wants byte sums
	buffered  atomic.Int64

	mu      sync.Mutex
	online  bool
	token   []byte // waits to be signed
	tries   int
	pending *Key
	streams map[uint32]*stream
	lastID  uint32

	rmu     sync.RWMutex // write: changing the reverse table; read: from lookup until the OPEN is sent
	reverse map[int]string
}

func newLink(s *Server, conn net.Conn, id uint64) *link {
	l := &link{
		s: s, id: id, conn: conn, in: bufio.NewReaderSize(conn, readBuffer),
		streams: map[uint32]*stream{}, reverse: map[int]string{},
	}
	l.hostMax.Store(minMaxData)
	l.ctx, l.cancel = context.WithCancel(s.power)
	return l
}

// run reads the link until it ends.
func (l *link) run() {
	unhook := context.AfterFunc(l.ctx, func() { l.conn.Close() })
	err := l.readAll()
	dropped := l.ctx.Err() != nil // by us
	unhook()
	l.s.forget(l)
	l.cancel()
	l.conn.Close()
	l.dropStreams(syscall.ECONNRESET)
	l.endReverses()
	if err != nil && !dropped && !errors.Is(err, io.EOF) {
		l.s.logf("adb link from %s: %v", l.conn.RemoteAddr(), err)
	}
}

func (l *link) readAll() error {
	for {
		p, err := readPacket(l.in, l.s.cnxnMax)
		if err != nil {
			return err
		}
		if !l.s.gate.wait(l.ctx) {
			return l.ctx.Err()
		}
		if err := l.dispatch(p); err != nil {
			return err
		}
	}
}

// send writes one packet, after any Freeze; false = the link is lost. It may block while the host does not read.
func (l *link) send(p packet) bool {
	if !l.s.gate.wait(l.ctx) {
		return false
	}
	l.wmu.Lock()
	defer l.wmu.Unlock()
	h := p.header(l.checksums.Load() || p.cmd == cmdCNXN || p.cmd == cmdAUTH)
	l.conn.SetWriteDeadline(time.Now().Add(sendLimit))
	var err error
	if len(p.data) <= smallWrite {
		l.wbuf = append(append(l.wbuf[:0], h[:]...), p.data...)
		_, err = l.conn.Write(l.wbuf)
	} else {
		_, err = (&net.Buffers{h[:], p.data}).WriteTo(l.conn)
	}
	if err != nil {
		l.conn.Close() // the read loop ends the link
		return false
	}
	return true
}

func (l *link) dispatch(p packet) error {
	switch p.cmd {
	case cmdCNXN:
		return l.hello(p)
	case cmdAUTH:
		return l.authenticate(p)
	}
	l.mu.Lock()
	online, st := l.online, l.streams[p.arg1]
	l.mu.Unlock()
	if !online {
		return nil // as Android: ignored until the link is authorised
	}
	switch p.cmd {
	case cmdOPEN:
		l.open(p.arg0, p.data)
	case cmdOKAY:
		l.okay(st, p)
	case cmdWRTE:
		if st == nil || st.remote.Load() != p.arg0 {
			return nil
		}
		st.deliver(p.data)
		if n := l.buffered.Load(); n > l.s.opts.Limits.Buffered {
			return fmt.Errorf("%d bytes that nobody reads, limit %d", n, l.s.opts.Limits.Buffered)
		}
	case cmdCLSE:
		if st != nil && (p.arg0 == 0 || st.remote.Load() == p.arg0) {
			l.remoteClosed(st)
		}
	}
	return nil
}

func (l *link) okay(st *stream, p packet) {
	if st == nil {
		// late, for a stream that we gave up: else the host keeps its socket open for ever
		l.send(packet{cmd: cmdCLSE, arg0: p.arg1, arg1: p.arg0})
		return
	}
	if st.remote.CompareAndSwap(0, p.arg0) {
		st.acked()
		close(st.opened)
		if st.live.Err() != nil { // given up just now, maybe before remote was known: see abandon
			l.send(packet{cmd: cmdCLSE, arg0: st.local, arg1: p.arg0})
		}
		return
	}
	if st.remote.Load() == p.arg0 {
		st.acked()
	}
}

// remoteClosed ends a stream by the host's CLSE and answers it once.
func (l *link) remoteClosed(st *stream) {
	if !l.drop(st) {
		return
	}
	if remote := st.remote.Load(); remote != 0 {
		l.send(packet{cmd: cmdCLSE, arg0: st.local, arg1: remote})
	}
	st.end(io.EOF)
}

// finish ends a stream from our side; tell sends CLSE, whose answer will find no stream and be ignored.
func (l *link) finish(st *stream, tell bool) {
	if l.drop(st) && tell {
		l.send(packet{cmd: cmdCLSE, arg0: st.local, arg1: st.remote.Load()})
	}
}

// abandon gives up a stream that we opened and that the host may have just accepted.
func (l *link) abandon(st *stream) {
	if l.drop(st) {
		if remote := st.remote.Load(); remote != 0 {
			l.send(packet{cmd: cmdCLSE, arg0: st.local, arg1: remote})
		}
	}
}

// drop takes a stream out of the table; false = somebody else did.
func (l *link) drop(st *stream) bool {
	l.mu.Lock()
	_, ok := l.streams[st.local]
	delete(l.streams, st.local)
	l.mu.Unlock()
	if ok {
		st.hangup()
		l.s.ports.release(st)
		l.buffered.Add(-st.in.drop())
	}
	return ok
}

// end marks a stream as gone, once, after it was dropped.
func (st *stream) end(err error) {
	st.goneErr = err
	close(st.gone)
}

func (l *link) dropStreams(err error) {
	l.mu.Lock()
	all := make([]*stream, 0, len(l.streams))
	for _, st := range l.streams {
		all = append(all, st)
	}
	l.mu.Unlock()
	for _, st := range all {
		if l.drop(st) {
			st.end(err)
		}
	}
}

// add makes a stream, nil if there are too many. If we open it, remote is 0 and dial is the address that the phone's
// program dialled.
func (l *link) add(remote uint32, dial net.Addr) *stream {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.streams) >= l.s.opts.Limits.Streams || l.ctx.Err() != nil {
		return nil
	}
	for l.lastID++; l.lastID == 0 || l.streams[l.lastID] != nil; l.lastID++ {
	}
	st := newStream(l, l.lastID, remote)
	if dial != nil {
		st.addr = [2]net.Addr{&net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: l.s.ports.take(st)}, dial}
	}
	l.streams[st.local] = st
	return st
}

// forget takes an ended link off the list.
func (s *Server) forget(l *link) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.links = slices.DeleteFunc(s.links, func(o *link) bool { return o == l })
}
