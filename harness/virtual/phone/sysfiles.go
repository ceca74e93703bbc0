package phone

import (
	"io/fs"
	"path"
	"strings"
)

// The methods here are the phone's own: they put files where the shell could not.

func (f *Files) mkdir(p string, mode fs.FileMode, uid uint32) *node {
	n := f.root
	for name := range strings.SplitSeq(strings.Trim(p, "/"), "/") {
		next := n.entries[name]
		if next == nil {
			next = &node{name: name, mode: fs.ModeDir | 0o755, mtime: f.now(), entries: map[string]*node{}}
			n.entries[name] = next
		}
		n = next
	}
	n.mode, n.uid = fs.ModeDir|mode, uid
	return n
}

func (f *Files) put(p string, child *node) {
	f.mu.Lock()
	defer f.mu.Unlock()
	dir := f.root
	if d := path.Dir(p); d != "/" {
		var errno error
		n, _, e := f.walk(d, true)
		if e != 0 {
			errno = e
		}
		if errno != nil {
			n = f.mkdir(d, 0o755, RootUID)
		}
		dir = n
	}
	child.name, child.mtime = path.Base(p), f.now()
	dir.entries[child.name] = child
}

// Install puts a file of the system's at a path.
func (f *Files) Install(p string, data []byte, mode fs.FileMode) {
	f.put(p, &node{mode: mode, data: data})
}

// Live puts a file whose contents are computed at each reading, as those of /proc are. read is called without a lock.
func (f *Files) Live(p string, read func() []byte) {
	f.put(p, &node{mode: 0o444, live: read})
}

// Link puts a symbolic link.
func (f *Files) Link(p, target string) {
	f.put(p, &node{mode: fs.ModeSymlink | 0o777, link: target})
}
