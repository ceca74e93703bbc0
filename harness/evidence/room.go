package evidence

import (
	"fmt"
	"path/filepath"

	"golang.org/x/sys/unix"

	"github.com/telltale-farm/telltale/assertions/leak"
)

// Room that the evidence of a run is given. Attempts on virtual phones leave 44 to 83 KiB (measured, seven runs); their
// screenshots are small. What is given for a real phone is an allowance: two screenshots, two trees, a log, what apps sent.
const (
	roomVirtual = 256 << 10 // for an attempt
	roomReal    = 6 << 20
	leastFactor = 8 // attempts of each phone, below which a run is not begun
)

// NoRoom says that a run was not begun, since the disk has no room for what it would record.
type NoRoom struct {
	Dir         string
	Free, Least int64 // bytes
}

func (e *NoRoom) Error() string {
	return fmt.Sprintf("%s are free on the disk of %s, and the evidence of this run wants at least %s: free some, or name a folder on another disk with --out", size(e.Free), e.Dir, size(e.Least))
}

// CheckRoom looks before a run is begun whether the disk of a folder has room for its evidence. A *NoRoom says that a few
// attempts would fill it: what is recorded after that is lost, and all of it inconclusive. A warning says that the whole
// plan may not fit; films are not counted.
func CheckRoom(dir string, in Inputs) (warning string, err error) {
	free := in.Free
	if free == nil {
		free = freeBytes
	}
	least, most, err := wants(in)
	if err != nil {
		return "", err
	}
	has, err := free(dir)
	if err != nil {
		return "", fmt.Errorf("asking for the room on the disk of %s: %w", dir, err)
	}
	switch {
	case has < least:
		return "", &NoRoom{Dir: dir, Free: has, Least: least}
	case has < most:
		return fmt.Sprintf("%s are free on the disk of %s; the evidence of all that is planned may need up to %s, films not counted: what finds no room is inconclusive", size(has), dir, size(most)), nil
	}
	return "", nil
}

// wants is the room below which a run is not begun, and the room for all that is planned.
func wants(in Inputs) (least, most int64, err error) {
	plan, err := leak.ParsePlan(in.Plan)
	if err != nil {
		return 0, 0, err
	}
	repeat := map[string]int{}
	for _, p := range in.Policy.Phones {
		repeat[p.ID] = p.Repeat
	}
	seen := map[string]bool{}
	for _, c := range plan.Cells {
		one := int64(roomReal)
		if c.Kind == "virtual" {
			one = roomVirtual
		}
		if !seen[c.Phone] {
			seen[c.Phone] = true
			least += leastFactor * one
		}
		most += one * int64(max(1, repeat[c.Phone], 2*c.Trials))
	}
	return least, max(least, most), nil
}

// freeBytes is what a user may still write to the disk of a folder, or of the nearest folder above it that is there.
func freeBytes(dir string) (int64, error) {
	for {
		var s unix.Statfs_t
		err := unix.Statfs(dir, &s)
		if err == nil {
			return int64(s.Bavail) * int64(s.Bsize), nil
		}
		above := filepath.Dir(dir)
		if err != unix.ENOENT || above == dir {
			return 0, err
		}
		dir = above
	}
}

func size(n int64) string {
	if n >= 1<<30 {
		return fmt.Sprintf("%.1f GiB", float64(n)/(1<<30))
	}
	return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
}
