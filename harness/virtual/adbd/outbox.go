package adbd

import (
	"fmt"
	"io"
	"sync"
	"syscall"
)

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
