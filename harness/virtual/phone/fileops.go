package phone

import (
	"bytes"
	"io/fs"
	"path"
	"slices"
	"strings"
	"syscall"
	"time"
)

// Stat describes a file; a link at the end is followed only if follow is set.
func (f *Files) Stat(p string, follow bool) (FileInfo, error) {
	f.mu.RLock()
	defer f.mu.RUnlock()
	n, real, errno := f.walk(p, follow)
	if errno == 0 && !readable(path.Dir(real)) && real != "/" && !readable(real) {
		errno = syscall.EACCES
	}
	if errno != 0 {
		return FileInfo{}, pathError("stat", p, errno)
	}
	return n.info(real), nil
}

// ReadDir lists a directory, sorted by name.
func (f *Files) ReadDir(p string) ([]FileInfo, error) {
	f.mu.RLock()
	defer f.mu.RUnlock()
	n, real, errno := f.walk(p, true)
	switch {
	case errno != 0:
	case !n.mode.IsDir():
		errno = syscall.ENOTDIR
	case !readable(real):
		errno = syscall.EACCES
	}
	if errno != 0 {
		return nil, pathError("open", p, errno)
	}
	var out []FileInfo
	for _, c := range n.children() {
		out = append(out, c.info(path.Join(real, c.name)))
	}
	return out, nil
}

// Read returns a file's bytes. The slice is the caller's.
func (f *Files) Read(p string) ([]byte, error) {
	f.mu.RLock()
	n, real, errno := f.walk(p, true)
	switch {
	case errno != 0:
	case n.mode.IsDir():
		errno = syscall.EISDIR
	case !readable(real), slices.Contains(f.hidden, real):
		errno = syscall.EACCES
	}
	if errno != 0 {
		f.mu.RUnlock()
		return nil, pathError("open", p, errno)
	}
	live, data := n.live, bytes.Clone(n.data)
	f.mu.RUnlock()
	if live != nil {
		return live(), nil // outside the lock: it may look at the rest of the phone
	}
	return data, nil
}

// Write replaces or, with add, extends a file as the shell may. A file that is new gets the mode.
func (f *Files) Write(p string, data []byte, mode fs.FileMode, add bool) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	n, real, errno := f.walk(p, true)
	switch {
	case errno == syscall.ENOENT:
		return f.create(p, data, mode)
	case errno != 0:
		return pathError("open", p, errno)
	case n.mode.IsDir():
		return pathError("open", p, syscall.EISDIR)
	case !Writable(real):
		return pathError("open", p, denied(real))
	}
	grown := int64(len(data))
	if !add {
		grown -= int64(len(n.data))
	}
	if f.used+grown > f.capacity && grown > 0 {
		return pathError("write", p, syscall.ENOSPC)
	}
	f.used += grown
	if add {
		n.data = append(n.data, data...)
	} else {
		n.data = bytes.Clone(data)
	}
	n.mtime = f.now()
	return nil
}

func (f *Files) create(p string, data []byte, mode fs.FileMode) error {
	parent, real, errno := f.walk(path.Dir(path.Clean("/"+p)), true)
	if errno != 0 {
		return pathError("open", p, errno)
	}
	name := path.Base(path.Clean("/" + p))
	full := path.Join(real, name)
	switch {
	case !parent.mode.IsDir():
		return pathError("open", p, syscall.ENOTDIR)
	case !Writable(full):
		return pathError("open", p, denied(full))
	case len(name) > 255:
		return pathError("open", p, syscall.ENAMETOOLONG)
	case f.used+int64(len(data)) > f.capacity || f.count >= maxFiles:
		return pathError("write", p, syscall.ENOSPC)
	}
	parent.entries[name] = &node{name: name, mode: mode &^ fs.ModeType, uid: ShellUID, mtime: f.now(), data: bytes.Clone(data)}
	f.used += int64(len(data))
	f.count++
	return nil
}

// Mkdir makes a directory, and with parents also those above it, as mkdir -p does.
func (f *Files) Mkdir(p string, parents bool) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	p = path.Clean("/" + p)
	n, _, errno := f.walk(p, true)
	switch {
	case errno == 0 && parents && n.mode.IsDir():
		return nil
	case errno == 0:
		return pathError("mkdir", p, syscall.EEXIST)
	case errno != syscall.ENOENT:
		return pathError("mkdir", p, errno)
	}
	parent, real, errno := f.walk(path.Dir(p), true)
	if errno == syscall.ENOENT && parents {
		f.mu.Unlock()
		err := f.Mkdir(path.Dir(p), true)
		f.mu.Lock()
		if err != nil {
			return err
		}
		parent, real, errno = f.walk(path.Dir(p), true)
	}
	full := path.Join(real, path.Base(p))
	switch {
	case errno != 0:
		return pathError("mkdir", p, errno)
	case !parent.mode.IsDir():
		return pathError("mkdir", p, syscall.ENOTDIR)
	case !Writable(full):
		return pathError("mkdir", p, denied(full))
	case f.count >= maxFiles:
		return pathError("mkdir", p, syscall.ENOSPC)
	case parent.entries[path.Base(p)] != nil:
		return nil // another command made it while the lock was open
	}
	name := path.Base(p)
	parent.entries[name] = &node{name: name, mode: fs.ModeDir | 0o771, uid: ShellUID, mtime: f.now(), entries: map[string]*node{}}
	f.count++
	return nil
}

// Symlink makes a symbolic link where the shell may.
func (f *Files) Symlink(target, p string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	p = path.Clean("/" + p)
	parent, real, errno := f.walk(path.Dir(p), true)
	name := path.Base(p)
	switch {
	case errno != 0:
	case !parent.mode.IsDir():
		errno = syscall.ENOTDIR
	case !Writable(path.Join(real, name)):
		errno = denied(path.Join(real, name))
	case parent.entries[name] != nil:
		errno = syscall.EEXIST
	case f.count >= maxFiles:
		errno = syscall.ENOSPC
	case len(target) > maxPath:
		errno = syscall.ENAMETOOLONG
	}
	if errno != 0 {
		return pathError("symlink", p, errno)
	}
	parent.entries[name] = &node{name: name, mode: fs.ModeSymlink | 0o777, uid: ShellUID, mtime: f.now(), link: target}
	f.count++
	return nil
}

// Remove deletes a file, a link, an empty directory, or with all a whole tree.
func (f *Files) Remove(p string, all bool) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	p = path.Clean("/" + p)
	n, real, errno := f.walk(p, false)
	switch {
	case errno != 0:
	case !Writable(real):
		errno = denied(real)
	case n.mode.IsDir() && !all && len(n.entries) > 0:
		errno = syscall.ENOTEMPTY
	}
	if errno != 0 {
		return pathError("remove", p, errno)
	}
	parent, _, _ := f.walk(path.Dir(real), true)
	delete(parent.entries, n.name)
	f.forget(n)
	return nil
}

func (f *Files) forget(n *node) {
	f.used -= int64(len(n.data))
	f.count--
	for _, c := range n.entries {
		f.forget(c)
	}
}

// Rename moves a file or a directory; a file at the target is replaced.
func (f *Files) Rename(from, to string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	n, oldReal, errno := f.walk(from, false)
	if errno != 0 {
		return pathError("rename", from, errno)
	}
	to = path.Clean("/" + to)
	parent, real, errno := f.walk(path.Dir(to), true)
	newReal := path.Join(real, path.Base(to))
	old := (*node)(nil)
	if errno == 0 && parent.mode.IsDir() {
		old = parent.entries[path.Base(to)]
	}
	switch {
	case errno != 0:
		return pathError("rename", to, errno)
	case !parent.mode.IsDir():
		return pathError("rename", to, syscall.ENOTDIR)
	case !Writable(oldReal):
		return pathError("rename", from, denied(oldReal))
	case !Writable(newReal):
		return pathError("rename", to, denied(newReal))
	case newReal == oldReal:
		return nil
	case strings.HasPrefix(newReal, oldReal+"/"):
		return pathError("rename", to, syscall.EINVAL)
	case old != nil && old.mode.IsDir():
		return pathError("rename", to, syscall.EISDIR)
	}
	if old != nil {
		f.forget(old)
	}
	source, _, _ := f.walk(path.Dir(oldReal), true)
	delete(source.entries, n.name)
	n.name = path.Base(to)
	parent.entries[n.name] = n
	return nil
}

// Chmod sets permission bits.
func (f *Files) Chmod(p string, mode fs.FileMode) error {
	return f.change("chmod", p, func(n *node) { n.mode = n.mode&fs.ModeType | mode.Perm() })
}

// Chtimes sets the time of the last change.
func (f *Files) Chtimes(p string, mtime time.Time) error {
	return f.change("utimes", p, func(n *node) { n.mtime = mtime })
}

func (f *Files) change(op, p string, do func(*node)) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	n, real, errno := f.walk(p, true)
	if errno == 0 && !Writable(real) {
		errno = syscall.EPERM
	}
	if errno != 0 {
		return pathError(op, p, errno)
	}
	do(n)
	return nil
}
