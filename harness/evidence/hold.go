package evidence

import (
	"errors"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// A folder that is being written is held by an flock on itself, which leaves no file behind and ends with its holder: a
// run that goes on cannot be resumed by another, and two processes never write one phone's files.

// errHeld says that another process writes a folder.
var errHeld = errors.New("another telltale process is writing it: wait for it, or end it")

// hold takes a folder, waiting for at most so long: a worker whose run was killed takes a moment to put its phone back.
func hold(dir string, most time.Duration) (*os.File, error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	limit := time.NewTimer(most)
	defer limit.Stop()
	for {
		err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if err == nil {
			return f, nil
		}
		if !errors.Is(err, unix.EWOULDBLOCK) && !errors.Is(err, unix.EINTR) {
			f.Close()
			return nil, err
		}
		select {
		case <-limit.C:
			f.Close()
			return nil, errHeld
		case <-tick.C:
		}
	}
}

// phoneHold is longer than a worker that lost its run may live.
const phoneHold = 20 * time.Second
