package adbd

import (
	"context"
	"io"
	"slices"
	"strings"
	"sync/atomic"
)

// parseCommand reads `shell,ARGS:LINE` and `exec:LINE`. As on Android, a line without "pty" or "raw" runs raw and no
// line at all gets a PTY; unknown arguments are ignored.
func (s *Server) parseCommand(name, line string) (Command, bool) {
	if name == "exec" {
		return Command{Line: line, Exec: true, Term: "dumb"}, line != ""
	}
	c := Command{Line: line, PTY: line == "", Term: "dumb"}
	args := strings.Split(name, ",")[1:]
	for _, arg := range args {
		switch {
		case arg == "v2":
			c.V2 = true
		case arg == "pty":
			c.PTY = true
		case arg == "raw":
			c.PTY = false
		case strings.HasPrefix(arg, "TERM="):
			c.Term = strings.TrimPrefix(arg, "TERM=")
		}
	}
	return c, !c.V2 || slices.Contains(s.features, "shell_v2")
}

// startCommand accepts a command, unless too many run.
func (l *link) startCommand(remote uint32, c Command) bool {
	if l.s.commands.Add(1) > int64(l.s.opts.Limits.Commands) {
		l.s.commands.Add(-1)
		return false
	}
	struck := l.s.faults.take(c.Line)
	if struck == nil && l.hangs.Load() {
		struck = &fault{Fault: Fault{Kind: Hang}, struck: make(chan struct{})}
	}
	ok := l.accept(remote, func(st *stream) { l.serveCommand(st, c, struck) })
	if !ok {
		l.s.commands.Add(-1)
	}
	return ok
}

// serveCommand runs one command on a stream and closes it.
func (l *link) serveCommand(st *stream, c Command, fault *fault) {
	defer st.Close()
	power, done := l.s.powerUp()
	defer done()
	if fault != nil && fault.Kind == Hang {
		fault.strike()
		select {
		case <-st.live.Done():
		case <-power.Done():
		}
		return
	}
	ctx := power
	if c.V2 {
		ctx = st.live
	}
	out := newOutbox(st, c.V2, fault)
	l.s.wg.Go(out.pump)
	c.Window = func() (int, int) { return 0, 0 }
	unblock := wire(st, &c, out)
	code := l.s.opts.Device.Run(ctx, c)
	unblock()
	out.finish(code)
}

// powerUp makes a Reboot wait for a command until done is called. If the phone is off, power has ended already.
func (s *Server) powerUp() (power context.Context, done func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.up {
		return s.power, func() { s.commands.Add(-1) }
	}
	running := s.running
	running.Add(1)
	return s.power, func() {
		s.commands.Add(-1)
		running.Done()
	}
}

// wire connects a command's streams. The returned function stops whoever feeds its stdin.
func wire(st *stream, c *Command, out *outbox) (unblock func()) {
	stdout, stderr := out.writer(v2Stdout), out.writer(v2Stderr)
	if !c.V2 {
		stderr = stdout
	}
	c.Stdout, c.Stderr = stdout, stderr
	if !c.V2 && !c.PTY {
		c.Stdin = hostInput{st}
		return func() {}
	}
	var rows, cols atomic.Int32
	c.Window = func() (int, int) { return int(rows.Load()), int(cols.Load()) }
	var sink inputSink
	if c.PTY {
		t := newTTY(stdout)
		c.Stdin, c.Stdout, c.Stderr, c.Interrupts = t, t.output(), t.output(), t.interrupts
		sink = t
	} else {
		r, w := io.Pipe()
		c.Stdin, sink = r, pipeSink{r, w}
	}
	feed := func() { io.Copy(sinkWriter{sink}, st) }
	if c.V2 {
		feed = func() {
			demux(st, sink, func(r, c int) { rows.Store(int32(r)); cols.Store(int32(c)) })
		}
	}
	st.l.s.wg.Go(func() {
		feed()
		sink.end()
		// What the command left unread must not hold up the host's CLSE or its later packets.
		io.Copy(io.Discard, st)
	})
	return sink.stop
}

// inputSink is where a command's stdin goes.
type inputSink interface {
	input(p []byte) // blocks until taken or stopped
	end()           // no more input
	stop()          // nobody reads any more
}

type pipeSink struct {
	r *io.PipeReader
	w *io.PipeWriter
}

func (s pipeSink) input(p []byte) { s.w.Write(p) }
func (s pipeSink) end()           { s.w.Close() }
func (s pipeSink) stop()          { s.r.Close() }

type sinkWriter struct{ inputSink }

func (w sinkWriter) Write(p []byte) (int, error) {
	w.input(p)
	return len(p), nil
}

// hostInput is a stream as stdin: whatever ends it is the end of the input.
type hostInput struct{ st *stream }

func (h hostInput) Read(p []byte) (int, error) {
	n, err := h.st.Read(p)
	if err != nil {
		err = io.EOF
	}
	return n, err
}
