package adb

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Space is how full the file system of a path is, in bytes.
type Space struct{ Size, Free int64 }

// Space asks how much room there is where a path of the phone lies.
func (d *Device) Space(ctx context.Context, path string) (Space, error) {
	return read(ctx, d, "asking for free space", func(b []byte) (Space, error) { return ParseSpace(b, path) }, "df", "-k", path)
}

// ParseSpace reads what `df -k` prints (toybox, Android 6 and later): of the file systems listed, the one that holds the
// path, else the only one.
func ParseSpace(text []byte, path string) (Space, error) {
	var best Space
	deepest, rows := -1, 0
	for line := range strings.Lines(string(text)) {
		f := strings.Fields(line)
		if len(f) < 6 || f[0] == "Filesystem" {
			continue
		}
		size, err1 := kilobytes(f[1])
		free, err2 := kilobytes(f[3])
		if err1 != nil || err2 != nil {
			return Space{}, fmt.Errorf("line %q", clip(line))
		}
		if rows++; rows > 1000 {
			return Space{}, errors.New("more than 1000 file systems")
		}
		at := f[len(f)-1]
		holds := at == "/" || path == at || strings.HasPrefix(path, at+"/")
		switch {
		case holds && len(at) > deepest:
			best, deepest = Space{size, free}, len(at)
		case rows == 1:
			best = Space{size, free}
		}
	}
	if rows == 0 || deepest < 0 && rows > 1 {
		return Space{}, errors.New("no file system: " + firstLines(string(text[:min(len(text), 500)])))
	}
	return best, nil
}

func kilobytes(s string) (int64, error) {
	n, err := strconv.ParseInt(s, 10, 48)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("size %q", clip(s))
	}
	return n << 10, nil
}
