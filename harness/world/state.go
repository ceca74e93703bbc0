package world

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// StateDir is the state directory as an absolute path: the one that is named, else $XDG_STATE_HOME/telltale, else
// ~/.local/state/telltale. It makes nothing.
func StateDir(named string) (string, error) {
	if named != "" {
		return filepath.Abs(named)
	}
	if base := os.Getenv("XDG_STATE_HOME"); filepath.IsAbs(base) {
		return filepath.Join(base, "telltale"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", errors.New("there is no home directory to keep state in; name a folder with --state DIR")
	}
	return filepath.Join(home, ".local", "state", "telltale"), nil
}

// The scratch folder of a run.
const (
	scratchPrefix = "run-"
	sweptPrefix   = "swept-"
	lifelineName  = "lifeline"
)

// sweep removes the scratch folders of runs that were killed: those whose lifeline nobody holds any more. An orphaned
// worker may still be at its end, and write there by name: so a folder loses its name first.
func sweep(ctx context.Context, state string) error {
	entries, err := os.ReadDir(state)
	if err != nil {
		return err
	}
	var errs []error
	for _, e := range entries {
		dir := filepath.Join(state, e.Name())
		switch {
		case !e.IsDir():
			continue
		case strings.HasPrefix(e.Name(), scratchPrefix) && abandoned(ctx, filepath.Join(dir, lifelineName)):
			swept := filepath.Join(state, sweptPrefix+e.Name())
			if err := os.Rename(dir, swept); err != nil {
				if !errors.Is(err, fs.ErrNotExist) { // another run was faster
					errs = append(errs, err)
				}
				continue
			}
			dir = swept
		case !strings.HasPrefix(e.Name(), sweptPrefix):
			continue
		}
		errs = append(errs, os.RemoveAll(dir))
	}
	return errors.Join(errs...)
}

// lostAtOnce is how long a lifeline whose holder is dead may take to say so.
const lostAtOnce = 100 * time.Millisecond

// abandoned says whether a lifeline has no holder. One that is not there may be about to be made, and stays.
func abandoned(ctx context.Context, lifeline string) bool {
	lost := make(chan struct{})
	release, err := HoldLifeline(lifeline, func() { close(lost) })
	if err != nil {
		return false
	}
	wait := time.NewTimer(lostAtOnce)
	defer wait.Stop()
	select {
	case <-lost:
		return true
	case <-wait.C:
	case <-ctx.Done():
	}
	release()
	return false
}
