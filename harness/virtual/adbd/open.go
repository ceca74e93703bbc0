package adbd

import (
	"bytes"
	"io"
	"net"
	"slices"
	"strings"
)

// open answers the host's OPEN: OKAY and a service, or CLSE(0, id), which the client sees as "error: closed".
func (l *link) open(remote uint32, data []byte) {
	dest, ok := cString(data)
	if remote == 0 {
		return // nobody to answer
	}
	if !ok || l.s.faults.refuses(dest) || !l.start(remote, dest) {
		l.send(packet{cmd: cmdCLSE, arg1: remote})
	}
}

// start begins the service that dest names; false = refused, nothing was begun.
func (l *link) start(remote uint32, dest string) bool {
	name, arg, colon := strings.Cut(dest, ":")
	switch {
	case colon && (name == "exec" || name == "shell" || strings.HasPrefix(name, "shell,")):
		c, ok := l.s.parseCommand(name, arg)
		return ok && l.startCommand(remote, c)
	case dest == "sync:":
		return l.accept(remote, l.sync)
	case colon && name == "reverse":
		return l.accept(remote, func(st *stream) { l.reverseService(st, arg) })
	case colon && name == "reboot":
		return l.accept(remote, func(st *stream) {
			st.Close()
			l.s.Reboot(arg)
		})
	case colon && forwardable(name):
		return l.forward(remote, dest)
	}
	return false
}

// accept adds a stream, sends OKAY and runs the service, which owns the stream and closes it.
func (l *link) accept(remote uint32, service func(*stream)) bool {
	st := l.add(remote, nil)
	if st == nil {
		return false
	}
	l.send(packet{cmd: cmdOKAY, arg0: st.local, arg1: remote})
	return l.s.spawn(func() { service(st) })
}

func forwardable(kind string) bool {
	return slices.Contains([]string{"tcp", "localabstract", "localreserved", "localfilesystem", "dev"}, kind)
}

// forward joins the stream to a socket of the phone. OKAY waits until the phone has connected.
func (l *link) forward(remote uint32, target string) bool {
	if l.s.opts.Dial == nil {
		return false
	}
	st := l.add(remote, nil)
	if st == nil {
		return false
	}
	return l.s.spawn(func() {
		conn, err := l.s.opts.Dial(st.live, target)
		if err != nil {
			l.finish(st, false)
			l.send(packet{cmd: cmdCLSE, arg1: remote})
			return
		}
		l.send(packet{cmd: cmdOKAY, arg0: st.local, arg1: remote})
		l.s.splice(st, conn)
	})
}

// splice joins two connections until either direction ends, then closes both: ADB has no half-close.
func (s *Server) splice(a, b net.Conn) {
	done := make(chan struct{}, 2)
	copyTo := func(dst, src net.Conn) {
		io.Copy(dst, src)
		done <- struct{}{}
	}
	s.wg.Go(func() { copyTo(a, b) })
	s.wg.Go(func() { copyTo(b, a) })
	select {
	case <-done:
	case <-s.ctx.Done():
	}
	a.Close()
	b.Close()
}

// cString takes the NUL off a destination. A NUL inside (abb_exec) or none at the end of a text is odd but legal in
// old versions; the former names no service of ours.
func cString(data []byte) (string, bool) {
	data = bytes.TrimSuffix(data, []byte{0})
	return string(data), len(data) > 0 && bytes.IndexByte(data, 0) < 0
}
