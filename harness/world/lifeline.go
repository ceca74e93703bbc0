package world

import (
	"fmt"
	"io"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// Lifeline is the parent's end of a named pipe: it stays open exactly as long as the parent lives. The kernel closes it
// however the parent dies, SIGKILL included, and every worker that holds on to the other end then stops driving.
type Lifeline struct {
	path string
	file *os.File
}

// OpenLifeline makes the pipe at a path and holds its writing end.
func OpenLifeline(path string) (*Lifeline, error) {
	made := path + ".new" // it gets its name only once it is held: a pipe of that name without a holder is a dead run's
	if err := unix.Mkfifo(made, 0o600); err != nil {
		return nil, fmt.Errorf("making the lifeline: %w", err)
	}
	// Read and write, so that the open does not wait for a worker. No worker may inherit this end.
	f, err := os.OpenFile(made, os.O_RDWR|syscall.O_CLOEXEC, 0)
	if err == nil {
		if err = os.Rename(made, path); err != nil {
			f.Close()
		}
	}
	if err != nil {
		os.Remove(made)
		return nil, fmt.Errorf("opening the lifeline: %w", err)
	}
	return &Lifeline{path: path, file: f}, nil
}

// Path is where workers find it.
func (l *Lifeline) Path() string { return l.path }

// Close lets go on purpose, which ends the workers like a death would.
func (l *Lifeline) Close() error {
	os.Remove(l.path)
	return l.file.Close()
}

// HoldLifeline is the worker's end: it calls lost once, from a goroutine of its own, when the parent is gone. It
// returns a function that lets go without calling lost.
func HoldLifeline(path string, lost func()) (release func(), err error) {
	// Non-blocking, so that the open returns although the parent may already be dead; the read then says so at once.
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK|syscall.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("holding the lifeline (has `telltale run` ended?): %w", err)
	}
	released := make(chan struct{})
	go func() {
		_, _ = io.Copy(io.Discard, f)
		select {
		case <-released:
		default:
			lost()
		}
	}()
	return func() { close(released); f.Close() }, nil
}
