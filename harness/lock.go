package harness

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Lock is the exclusive right to drive one phone, by serial, among all processes of this computer that share a state
// directory. It is an flock, so the kernel gives it back however its holder dies.
type Lock struct{ file *os.File }

// lockEvery is how often a busy lock is tried again.
const lockEvery = 50 * time.Millisecond

// LockPhone takes the lock of a serial, waiting for it as long as the context allows.
func LockPhone(ctx context.Context, state, serial string) (*Lock, error) {
	tick := time.NewTicker(lockEvery)
	defer tick.Stop()
	for {
		lock, err := tryLock(state, serial)
		if !errors.Is(err, errLocked) {
			return lock, err
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("locking %s: another telltale process drives this phone (wait for it, or end it): %w", serial, ctx.Err())
		case <-tick.C:
		}
	}
}

var errLocked = errors.New("another process holds the lock")

// tryLock takes the lock if nobody has it.
func tryLock(state, serial string) (*Lock, error) {
	dir := filepath.Join(state, "locks")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("locking %s: %w", serial, err)
	}
	f, err := os.OpenFile(filepath.Join(dir, fileName(serial)+".lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("locking %s: %w", serial, err)
	}
	err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if err == nil {
		return &Lock{file: f}, nil
	}
	f.Close()
	if errors.Is(err, unix.EWOULDBLOCK) || errors.Is(err, unix.EINTR) {
		return nil, errLocked
	}
	return nil, fmt.Errorf("locking %s: %w", serial, err)
}

// Unlock gives the phone back.
func (l *Lock) Unlock() error { return l.file.Close() }

// fileName turns a serial, which may hold a colon or anything else, into a file name of our own: letters, digits, dot
// and dash stay, everything else becomes its code in hex between underscores, so that two serials never share a name.
func fileName(serial string) string {
	var b strings.Builder
	for i := 0; i < len(serial); i++ {
		c := serial[i]
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-', c == '.' && i > 0:
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "_%02x_", c)
		}
	}
	return b.String()
}
