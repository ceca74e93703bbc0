package phone

import (
	"io/fs"
	"time"
)

// FileInfo is what stat says of a file.
type FileInfo struct {
	name   string
	size   int64
	mode   fs.FileMode
	mtime  time.Time
	UID    uint32
	Target string // of a symbolic link
	Real   string // its path with every link resolved
}

// Name is the last part of the path.
func (i FileInfo) Name() string { return i.name }

// Size is in bytes; a directory has 4096, as on ext4 and f2fs.
func (i FileInfo) Size() int64 { return i.size }

// Mode holds type and permissions.
func (i FileInfo) Mode() fs.FileMode { return i.mode }

// ModTime is the last change.
func (i FileInfo) ModTime() time.Time { return i.mtime }

// IsDir reports a directory.
func (i FileInfo) IsDir() bool { return i.mode.IsDir() }

// Sys returns the FileInfo itself, which knows its owner.
func (i FileInfo) Sys() any { return i }

// Owner returns the user and group.
func (i FileInfo) Owner() (uid, gid uint32) { return i.UID, i.UID }

func (n *node) info(real string) FileInfo {
	i := FileInfo{name: n.name, size: int64(len(n.data)), mode: n.mode, mtime: n.mtime, UID: n.uid, Target: n.link, Real: real}
	switch {
	case n.mode.IsDir():
		i.size = 4096
	case n.mode&fs.ModeSymlink != 0:
		i.size = int64(len(n.link))
	case n.live != nil:
		i.size = 0
	}
	return i
}
