package adb

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"time"

	"github.com/electricbubble/gadb"
)

// File is an entry of a folder on the phone. Sizes are modulo 4 GiB: the protocol's first version has 32 bits for them.
type File struct {
	Name    string
	Mode    fs.FileMode
	Size    int64
	ModTime time.Time
}

// Push writes a file on the phone, over an old one of that name. It returns when the phone has said that it is written.
func (d *Device) Push(ctx context.Context, from io.Reader, path string, mode fs.FileMode) error {
	src := &source{r: from}
	return d.transfer(ctx, "push", path, func(g gadb.Device) (int64, error) {
		const regular = 0o100000 // S_IFREG, as adb itself sends
		err := g.Push(src, path, time.Now(), regular|mode.Perm())
		if src.err != nil {
			err = newFault(LocalFile, d.serial, "pushing "+describe([]string{path}), src.err)
		}
		return src.n, err
	})
}

// Pull copies a file of the phone. What was written is the whole file only if the error is nil.
func (d *Device) Pull(ctx context.Context, path string, to io.Writer) error {
	dst := &sink{w: to}
	return d.transfer(ctx, "pull", path, func(g gadb.Device) (int64, error) {
		err := g.Pull(path, dst)
		if dst.err != nil {
			err = newFault(LocalFile, d.serial, "pulling "+describe([]string{path}), dst.err)
		}
		return dst.n, err
	})
}

// List lists a folder of the phone, without "." and "..". Names are as the phone says: they hold no "/" and no NUL, but
// may hold anything else.
func (d *Device) List(ctx context.Context, path string) ([]File, error) {
	var out []File
	none := false
	err := d.transfer(ctx, "list", path, func(g gadb.Device) (int64, error) {
		list, err := g.List(path)
		if err != nil {
			return 0, err
		}
		none = len(list) == 0
		for _, e := range list {
			if e.Name == "." || e.Name == ".." {
				continue
			}
			if e.Name == "" || strings.ContainsAny(e.Name, "/\x00") {
				return 0, newFault(Malformed, d.serial, "listing "+describe([]string{path}), fmt.Errorf("file name %q", clip(e.Name)))
			}
			out = append(out, File{Name: e.Name, Mode: unixMode(uint32(e.Mode)), Size: int64(e.Size), ModTime: e.LastModified})
		}
		return 0, nil
	})
	if err == nil && none { // a missing folder looks like one without even "."
		var exit *ExitError
		if _, err = d.Shell(ctx, "test", "-d", path); errors.As(err, &exit) {
			err = newFault(NoFile, d.serial, "listing "+describe([]string{path}), fs.ErrNotExist)
		}
	}
	if err != nil {
		return nil, err
	}
	return out, nil
}

// transfer runs one gadb call behind a door.
func (d *Device) transfer(ctx context.Context, kind, path string, call func(gadb.Device) (int64, error)) error {
	op := kind + "ing " + describe([]string{path})
	if path == "" || len(path) > 1024 || strings.ContainsRune(path, 0) {
		return newFault(Usage, d.serial, op, errors.New("not a path"))
	}
	c := Command{Kind: kind, Argv: []string{kind, path}}
	ctx, end, err := d.begin(ctx, c, op)
	if err != nil {
		return err
	}
	var n int64
	if _, dry := d.answered(c); !dry {
		n, err = d.throughDoor(ctx, op, call)
	}
	end(&Command{BytesOut: n, Err: err})
	return err
}

// source hands on a reader such that the end comes alone: gadb drops bytes that come together with io.EOF.
type source struct {
	r   io.Reader
	n   int64
	end error // to be said at the next read
	err error // what failed, the end apart
}

func (s *source) Read(b []byte) (int, error) {
	if s.end != nil {
		return 0, s.end
	}
	n, err := s.r.Read(b)
	s.n += int64(n)
	if err != nil {
		s.end = err
		if err != io.EOF {
			s.err = err
		}
		if n == 0 {
			return 0, err
		}
	}
	return n, nil
}

// sink remembers that the computer's end failed.
type sink struct {
	w   io.Writer
	n   int64
	err error
}

func (s *sink) Write(b []byte) (int, error) {
	n, err := s.w.Write(b)
	s.n += int64(n)
	if err != nil {
		s.err = err
	}
	return n, err
}

// unixMode translates st_mode.
func unixMode(m uint32) fs.FileMode {
	mode := fs.FileMode(m & 0o777)
	switch m & 0o170000 {
	case 0o040000:
		mode |= fs.ModeDir
	case 0o120000:
		mode |= fs.ModeSymlink
	case 0o010000:
		mode |= fs.ModeNamedPipe
	case 0o140000:
		mode |= fs.ModeSocket
	case 0o020000:
		mode |= fs.ModeDevice | fs.ModeCharDevice
	case 0o060000:
		mode |= fs.ModeDevice
	case 0o100000:
	default:
		mode |= fs.ModeIrregular
	}
	return mode
}
