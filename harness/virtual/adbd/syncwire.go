package adbd

import (
	"encoding/binary"
	"errors"
	"io/fs"
	"math"
	"strings"
	"syscall"
)

// Unix file types of st_mode, as Linux has them on every architecture.
const (
	modeFifo    = 0o010000
	modeChar    = 0o020000
	modeDir     = 0o040000
	modeBlock   = 0o060000
	modeRegular = 0o100000
	modeLink    = 0o120000
	modeSocket  = 0o140000
	modeType    = 0o170000
	modeSetuid  = 0o4000
	modeSetgid  = 0o2000
	modeSticky  = 0o1000
)

// unixMode is st_mode of a Go file mode.
func unixMode(m fs.FileMode) uint32 {
	bits := uint32(m.Perm())
	switch {
	case m&fs.ModeSymlink != 0:
		bits |= modeLink
	case m.IsDir():
		bits |= modeDir
	case m&fs.ModeNamedPipe != 0:
		bits |= modeFifo
	case m&fs.ModeSocket != 0:
		bits |= modeSocket
	case m&fs.ModeCharDevice != 0:
		bits |= modeChar
	case m&fs.ModeDevice != 0:
		bits |= modeBlock
	default:
		bits |= modeRegular
	}
	for _, f := range []struct {
		mode fs.FileMode
		bit  uint32
	}{{fs.ModeSetuid, modeSetuid}, {fs.ModeSetgid, modeSetgid}, {fs.ModeSticky, modeSticky}} {
		if m&f.mode != 0 {
			bits |= f.bit
		}
	}
	return bits
}

// goMode is the mode of a pushed file: permissions, and ModeSymlink for a link. Android ignores all else.
func goMode(bits uint32) fs.FileMode {
	mode := fs.FileMode(bits & 0o777)
	if bits&modeType == modeLink {
		mode |= fs.ModeSymlink
	}
	return mode
}

// errno is the Linux number that an error travels as.
func errno(err error) uint32 {
	var no syscall.Errno
	switch {
	case err == nil:
		return 0
	case errors.As(err, &no):
		return uint32(no)
	case errors.Is(err, fs.ErrNotExist):
		return uint32(syscall.ENOENT)
	case errors.Is(err, fs.ErrPermission):
		return uint32(syscall.EACCES)
	case errors.Is(err, fs.ErrExist):
		return uint32(syscall.EEXIST)
	}
	return uint32(syscall.EIO)
}

// errnoText is Android's wording: "No such file or directory".
func errnoText(err error) string {
	text := syscall.Errno(errno(err)).Error()
	return strings.ToUpper(text[:1]) + text[1:]
}

// named gives a FileInfo another name.
type named struct {
	fs.FileInfo
	name string
}

func (n named) Name() string { return n.name }

func owner(info fs.FileInfo) (uid, gid uint32) {
	if o, ok := info.Sys().(interface{ Owner() (uid, gid uint32) }); ok {
		return o.Owner()
	}
	return 0, 0
}

// encodeStat is the 16 bytes of STAT: id, mode, size, mtime. nil is "not there".
func encodeStat(info fs.FileInfo) []byte {
	return appendStat1([]byte("STAT"), info)
}

func appendStat1(b []byte, info fs.FileInfo) []byte {
	if info == nil {
		return append(b, make([]byte, 12)...)
	}
	b = binary.LittleEndian.AppendUint32(b, unixMode(info.Mode()))
	b = binary.LittleEndian.AppendUint32(b, uint32(min(max(info.Size(), 0), math.MaxUint32)))
	return binary.LittleEndian.AppendUint32(b, uint32(info.ModTime().Unix()))
}

// encodeStat2 is the 72 bytes of STA2 and LST2: id, error, dev, ino, mode, nlink, uid, gid, size, atime, mtime, ctime.
func encodeStat2(id string, info fs.FileInfo, err error) []byte {
	if err == nil && info == nil {
		err = fs.ErrNotExist
	}
	b := binary.LittleEndian.AppendUint32([]byte(id), errno(err))
	if err != nil {
		return append(b, make([]byte, 64)...)
	}
	uid, gid := owner(info)
	b = binary.LittleEndian.AppendUint64(b, 1)
	b = binary.LittleEndian.AppendUint64(b, 1)
	for _, v := range []uint32{unixMode(info.Mode()), 1, uid, gid} {
		b = binary.LittleEndian.AppendUint32(b, v)
	}
	mtime := uint64(info.ModTime().Unix())
	for _, v := range []uint64{uint64(info.Size()), mtime, mtime, mtime} {
		b = binary.LittleEndian.AppendUint64(b, v)
	}
	return b
}

// encodeEntry is one DENT (20 bytes + name) or DNT2 (76 bytes + name) of a listing.
func encodeEntry(info fs.FileInfo, v2 bool) []byte {
	var b []byte
	if v2 {
		b = encodeStat2("DNT2", info, nil)
	} else {
		b = appendStat1([]byte("DENT"), info)
	}
	name := info.Name()
	name = name[:min(len(name), 255)] // NAME_MAX
	b = binary.LittleEndian.AppendUint32(b, uint32(len(name)))
	return append(b, name...)
}

// encodeListEnd is DONE in the size of an entry without a name.
func encodeListEnd(v2 bool) []byte {
	size := 20
	if v2 {
		size = 76
	}
	return append([]byte("DONE"), make([]byte, size-4)...)
}
