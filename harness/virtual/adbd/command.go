package adbd

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
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
	fault := l.s.faults.take(c.Line)
	ok := l.accept(remote, func(st *stream) {
		defer l.s.commands.Add(-1)
		l.serveCommand(st, c, fault)
	})
	if !ok {
		l.s.commands.Add(-1)
	}
	return ok
}

// serveCommand runs one command on a stream and closes it.
func (l *link) serveCommand(st *stream, c Command, fault *fault) {
	defer st.Close()
	power, running := l.s.powerUp()
	if power == nil {
		return
	}
	defer running.Done()
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

// powerUp counts a command of this power-up; nil if the phone is off.
func (s *Server) powerUp() (context.Context, *sync.WaitGroup) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.up || s.closed {
		return nil, nil
	}
	s.running.Add(1)
	return s.power, s.running
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

const outboxSize = 256 << 10

// outbox collects a command's output, so that many small writes make few packets, and sends it while the command
// goes on. It holds at most outboxSize bytes.
type outbox struct {
	st     *stream
	framed bool // shell v2 packets
	fault  *fault

	mu      sync.Mutex
	change  *sync.Cond
	buf     []byte
	err     error // why nothing can be written any more
	closing bool
	left    int64 // output bytes until the fault
	done    chan struct{}
}

func newOutbox(st *stream, framed bool, f *fault) *outbox {
	o := &outbox{st: st, framed: framed, fault: f, left: -1, done: make(chan struct{})}
	o.change = sync.NewCond(&o.mu)
	if f != nil {
		o.left = max(f.After, 0)
		o.strikeAtZero()
	}
	return o
}

func (o *outbox) strikeAtZero() {
	if o.left == 0 {
		o.err, o.closing = syscall.EPIPE, true
	}
}

func (o *outbox) writer(id byte) io.Writer { return outboxWriter{o, id} }

type outboxWriter struct {
	o  *outbox
	id byte
}

func (w outboxWriter) Write(p []byte) (int, error) { return w.o.write(w.id, p) }

func (o *outbox) write(id byte, p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	n := 0
	for n < len(p) {
		if o.err != nil {
			return n, o.err
		}
		room := outboxSize - v2Header - len(o.buf)
		if room <= 0 {
			o.change.Wait()
			continue
		}
		k := min(room, len(p)-n)
		if o.left >= 0 {
			k = int(min(int64(k), o.left))
			o.left -= int64(k)
			o.strikeAtZero()
		}
		if o.framed {
			o.buf = appendV2(o.buf, id, p[n:n+k])
		} else {
			o.buf = append(o.buf, p[n:n+k]...)
		}
		n += k
		o.change.Broadcast()
	}
	return n, nil
}

// pump sends until finish, a fault or the end of the stream.
func (o *outbox) pump() {
	defer close(o.done)
	var spare []byte
	for {
		o.mu.Lock()
		for len(o.buf) == 0 && !o.closing {
			o.change.Wait()
		}
		chunk := o.buf
		o.buf = spare[:0]
		o.change.Broadcast()
		o.mu.Unlock()
		if len(chunk) == 0 {
			break
		}
		if _, err := o.st.Write(chunk); err != nil {
			o.mu.Lock()
			o.err, o.closing, o.buf = syscall.EPIPE, true, nil
			o.change.Broadcast()
			o.mu.Unlock()
			break
		}
		spare = chunk
	}
	if o.fault != nil {
		o.st.drained()
		o.fault.act(o.st)
	}
}

// finish sends the exit code (shell v2) after all output, unless a fault takes its place.
func (o *outbox) finish(code int) {
	o.mu.Lock()
	if o.framed && o.fault == nil && o.err == nil {
		o.buf = appendV2(o.buf, v2Exit, []byte{byte(code)})
	}
	if o.err == nil {
		o.err = fmt.Errorf("writing after the command ended: %w", syscall.EPIPE)
	}
	o.closing = true
	o.change.Broadcast()
	o.mu.Unlock()
	<-o.done
}
