package adbd

import (
	"bytes"
	"io"
	"sync"
)

// maxLine is the longest line of a terminal in canonical mode, as Linux has it; more is dropped.
const maxLine = 4096

// tty is a small line discipline: it echoes, lets a line be edited (backspace, ^U), turns "\r" into "\n", ^D into
// end-of-file and ^C into an interrupt, and "\n" into "\r\n" on output.
type tty struct {
	screen     io.Writer // towards the client
	interrupts chan struct{}

	mu      sync.Mutex
	change  *sync.Cond
	line    []byte   // being typed
	lines   [][]byte // typed; an empty one is ^D
	ended   bool
	stopped bool
}

func newTTY(screen io.Writer) *tty {
	t := &tty{screen: screen, interrupts: make(chan struct{}, 1)}
	t.change = sync.NewCond(&t.mu)
	return t
}

// Read hands out typed lines, one at a time, as a terminal does.
func (t *tty) Read(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for len(t.lines) == 0 && !t.ended && !t.stopped {
		t.change.Wait()
	}
	if len(t.lines) == 0 || t.stopped {
		return 0, io.EOF
	}
	first := t.lines[0]
	if len(first) == 0 {
		t.lines = t.lines[1:]
		t.change.Broadcast()
		return 0, io.EOF
	}
	n := copy(p, first)
	if first = first[n:]; len(first) > 0 {
		t.lines[0] = first
	} else {
		t.lines = t.lines[1:]
	}
	t.change.Broadcast()
	return n, nil
}

func (t *tty) input(p []byte) {
	var echo []byte
	for _, b := range p {
		echo = append(echo, t.key(b)...)
	}
	if len(echo) > 0 {
		t.screen.Write(echo)
	}
}

// key takes one typed byte and returns its echo.
func (t *tty) key(b byte) []byte {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch b {
	case '\r', '\n':
		t.push(append(t.line, '\n'))
		return []byte("\r\n")
	case 0x03:
		t.line = nil
		select {
		case t.interrupts <- struct{}{}:
		default:
		}
		return []byte("^C\r\n")
	case 0x04:
		t.push(t.line)
		return nil
	case 0x08, 0x7f:
		if len(t.line) == 0 {
			return nil
		}
		t.line = t.line[:len(t.line)-1]
		return []byte("\b \b")
	case 0x15:
		erased := bytes.Repeat([]byte("\b \b"), len(t.line))
		t.line = nil
		return erased
	}
	if len(t.line) >= maxLine {
		return []byte{0x07}
	}
	t.line = append(t.line, b)
	if b < ' ' && b != '\t' {
		return []byte{'^', b + '@'}
	}
	return []byte{b}
}

// push queues a line; it waits while the reader is 16 lines behind. The caller holds t.mu.
func (t *tty) push(line []byte) {
	t.line = nil
	for len(t.lines) >= 16 && !t.stopped {
		t.change.Wait()
	}
	t.lines = append(t.lines, line)
	t.change.Broadcast()
}

// end is the client's end of input; a line without "\n" still counts.
func (t *tty) end() {
	t.mu.Lock()
	if len(t.line) > 0 {
		t.push(t.line)
	}
	t.mu.Unlock()
	t.set(&t.ended)
}

func (t *tty) stop() { t.set(&t.stopped) }

func (t *tty) set(flag *bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	*flag = true
	t.change.Broadcast()
}

// output is the terminal's output side.
func (t *tty) output() io.Writer { return ttyOutput{t.screen} }

type ttyOutput struct{ w io.Writer }

func (o ttyOutput) Write(p []byte) (int, error) {
	if _, err := o.w.Write(bytes.ReplaceAll(p, []byte("\n"), []byte("\r\n"))); err != nil {
		return 0, err
	}
	return len(p), nil
}
