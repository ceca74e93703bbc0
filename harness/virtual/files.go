package virtual

import (
	"bytes"
	"io"
	"io/fs"
	"path"
	"syscall"
	"time"

	"github.com/telltale-farm/telltale/harness/virtual/adbd"
	"github.com/telltale-farm/telltale/harness/virtual/phone"
)

// files is the phone's file system as push, pull and ls see it.
type files struct{ f *phone.Files }

func (x files) Stat(p string, follow bool) (fs.FileInfo, error) {
	info, err := x.f.Stat(phone.Clean("/", p), follow)
	if err != nil {
		return nil, err
	}
	return info, nil
}

func (x files) ReadDir(p string) ([]fs.FileInfo, error) {
	infos, err := x.f.ReadDir(phone.Clean("/", p))
	if err != nil {
		return nil, err
	}
	out := make([]fs.FileInfo, len(infos))
	for i, info := range infos {
		out[i] = info
	}
	return out, nil
}

func (x files) Open(p string) (io.ReadCloser, error) {
	data, err := x.f.Read(phone.Clean("/", p))
	if err != nil {
		return nil, err
	}
	return io.NopCloser(bytes.NewReader(data)), nil
}

func (x files) Create(p string, mode fs.FileMode) (adbd.Upload, error) {
	p = phone.Clean("/", p)
	if err := x.f.Mkdir(path.Dir(p), true); err != nil {
		return nil, err
	}
	u := &upload{files: x.f, path: p, mode: mode}
	if mode&fs.ModeSymlink == 0 { // refuse at once where nothing may be written
		if err := x.f.Write(p, nil, mode.Perm(), true); err != nil {
			return nil, err
		}
	}
	return u, nil
}

// upload keeps a file that is being pushed until it is whole.
type upload struct {
	files *phone.Files
	path  string
	mode  fs.FileMode
	data  bytes.Buffer
}

func (u *upload) Write(b []byte) (int, error) {
	used, capacity := u.files.Usage()
	if used+int64(u.data.Len()+len(b)) > capacity {
		return 0, &fs.PathError{Op: "write", Path: u.path, Err: syscall.ENOSPC}
	}
	return u.data.Write(b)
}

func (u *upload) Commit(mtime time.Time) error {
	if u.mode&fs.ModeSymlink != 0 {
		_ = u.files.Remove(u.path, false)
		return u.files.Symlink(u.data.String(), u.path)
	}
	if err := u.files.Write(u.path, u.data.Bytes(), u.mode.Perm(), false); err != nil {
		return err
	}
	if err := u.files.Chmod(u.path, u.mode.Perm()); err != nil {
		return err
	}
	return u.files.Chtimes(u.path, mtime)
}

// Abort leaves what was there, as an empty or older file: adb says that the push failed.
func (u *upload) Abort() {}
