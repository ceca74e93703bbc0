package phone

import (
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Owners of files.
const (
	RootUID  = 0
	ShellUID = 2000
	MediaUID = 1023
)

const (
	maxFiles    = 20_000
	maxPath     = 1024
	maxLinks    = 16
	defaultDisk = 64 << 20 // bytes that the shell may store; a real phone has more, a test never needs it
)

// Files is the phone's file system as the shell user sees it, in memory. Paths are absolute. Errors are *fs.PathError
// around a syscall.Errno. The shell may write below /sdcard and /data/local/tmp; the rest is read-only or hidden.
type Files struct {
	now      func() time.Time
	mu       sync.RWMutex
	root     *node
	used     int64
	count    int
	capacity int64
	hidden   []string // files that may not be read, by their real path
}

type node struct {
	name    string
	mode    fs.FileMode
	uid     uint32
	mtime   time.Time
	data    []byte
	link    string
	live    func() []byte // contents computed at each reading: /proc
	entries map[string]*node
}

func newFiles(now func() time.Time) *Files {
	f := &Files{now: now, capacity: defaultDisk}
	f.root = &node{name: "/", mode: fs.ModeDir | 0o755, mtime: now(), entries: map[string]*node{}}
	for _, d := range []struct {
		path string
		mode fs.FileMode
		uid  uint32
	}{
		{"/data", 0o771, 1000}, {"/data/local", 0o751, RootUID}, {"/data/local/tmp", 0o771, ShellUID},
		{"/data/data", 0o771, 1000}, {"/data/misc", 0o1771, 1000},
		{"/storage", 0o751, RootUID}, {"/storage/emulated", 0o711, RootUID}, {"/storage/emulated/0", 0o771, MediaUID},
		{"/storage/emulated/0/Android", 0o771, MediaUID}, {"/storage/emulated/0/DCIM", 0o771, MediaUID},
		{"/storage/emulated/0/Download", 0o771, MediaUID}, {"/storage/emulated/0/Music", 0o771, MediaUID},
		{"/storage/emulated/0/Pictures", 0o771, MediaUID},
		{"/system", 0o755, RootUID}, {"/system/bin", 0o755, RootUID}, {"/system/etc", 0o755, RootUID},
		{"/proc", 0o555, RootUID}, {"/dev", 0o755, RootUID}, {"/sys", 0o755, RootUID}, {"/vendor", 0o755, RootUID},
	} {
		f.mkdir(d.path, d.mode, d.uid)
	}
	f.Link("/storage/self/primary", "/storage/emulated/0")
	f.Link("/sdcard", "/storage/self/primary")
	f.Link("/mnt/sdcard", "/storage/self/primary")
	f.used, f.count = 0, 0
	return f
}

// Clean makes a path of the shell absolute: dir is its working directory.
func Clean(dir, p string) string {
	if !strings.HasPrefix(p, "/") {
		p = dir + "/" + p
	}
	return path.Clean("/" + p)
}

func pathError(op, p string, errno syscall.Errno) error {
	return &fs.PathError{Op: op, Path: p, Err: errno}
}

// walk finds a node. Links in the middle are always followed, one at the end if follow is set. real is its path with
// every link resolved.
func (f *Files) walk(p string, follow bool) (n *node, real string, errno syscall.Errno) {
	if len(p) > maxPath {
		return nil, "", syscall.ENAMETOOLONG
	}
	n, real = f.root, "/"
	rest := strings.Split(strings.Trim(path.Clean("/"+p), "/"), "/")
	for links := 0; len(rest) > 0; {
		name := rest[0]
		rest = rest[1:]
		if name == "" {
			continue
		}
		if !n.mode.IsDir() {
			return nil, "", syscall.ENOTDIR
		}
		child := n.entries[name]
		if child == nil {
			return nil, "", syscall.ENOENT
		}
		if child.mode&fs.ModeSymlink != 0 && (follow || len(rest) > 0) {
			if links++; links > maxLinks {
				return nil, "", syscall.ELOOP
			}
			target := child.link
			if !strings.HasPrefix(target, "/") {
				target = real + "/" + target
			}
			rest = append(strings.Split(strings.Trim(path.Clean("/"+target), "/"), "/"), rest...)
			n, real = f.root, "/"
			continue
		}
		n, real = child, path.Join(real, name)
	}
	return n, real, 0
}

// Hidden from the shell by file modes and SELinux on a user build.
var hidden = []string{"/data/data", "/data/misc", "/data/system", "/data/user", "/data/app-private", "/storage/emulated"}

func readable(real string) bool {
	if real == "/data" || real == "/storage/emulated" {
		return false
	}
	for _, h := range hidden {
		if (real == h || strings.HasPrefix(real, h+"/")) && !strings.HasPrefix(real, "/storage/emulated/0") {
			return false
		}
	}
	return true
}

// Writable reports whether the shell may create, change or remove something at a path with links resolved.
func Writable(real string) bool {
	return strings.HasPrefix(real, "/storage/emulated/0/") || strings.HasPrefix(real, "/data/local/tmp/")
}

func denied(real string) syscall.Errno {
	for _, ro := range []string{"/system", "/vendor", "/apex", "/product"} {
		if real == ro || strings.HasPrefix(real, ro+"/") {
			return syscall.EROFS
		}
	}
	if strings.Count(real, "/") == 1 {
		return syscall.EROFS
	}
	return syscall.EACCES
}

// forbid makes files unreadable, and those of before readable again.
func (f *Files) forbid(paths []string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.hidden = paths
}

// Usage returns the bytes stored by the shell and apps, and the size of the disk.
func (f *Files) Usage() (used, capacity int64) {
	f.mu.RLock()
	defer f.mu.RUnlock()
	return f.used, f.capacity
}

// SetCapacity makes the disk larger or smaller: what is stored beyond it stays, but nothing more fits.
func (f *Files) SetCapacity(bytes int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.capacity = bytes
}

// children returns the entries of a directory sorted by name.
func (n *node) children() []*node {
	out := make([]*node, 0, len(n.entries))
	for _, c := range n.entries {
		out = append(out, c)
	}
	slices.SortFunc(out, func(a, b *node) int { return strings.Compare(a.name, b.name) })
	return out
}
