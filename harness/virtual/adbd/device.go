package adbd

import (
	"context"
	"io"
	"io/fs"
	"time"
)

// Device is the phone behind the wire. Its methods are called from many goroutines at once.
type Device interface {
	// Banner says who the phone is; it is asked once per link.
	Banner() Banner

	// Run runs one command and returns its exit code, of which the low 8 bits travel (shell v2 only).
	// ctx ends at a hang-up: for shell v2 when the client or the link goes away (Android sends SIGHUP), for shell v1
	// and exec only when the phone goes down. Run must return soon after ctx has ended, whatever it started.
	Run(ctx context.Context, c Command) int

	// FS is what push, pull and ls see.
	FS() FileSystem

	// Reboot is called when the phone has gone down, and the phone is up again when it returns. mode is "" or what
	// followed `reboot:` ("bootloader", "recovery", ...). ctx ends when the server is closed.
	Reboot(ctx context.Context, mode string)
}

// Banner is the phone's identity in CNXN, shown by `adb devices -l`. In values, ';', '=', ':' and control characters
// are dropped: the adb server would cut the banner there.
type Banner struct {
	Product string // ro.product.name, "begonia"
	Model   string // ro.product.model, "Redmi Note 8 Pro"
	Device  string // ro.product.device, "begonia"
}

// Command is one command as adb asked for it.
type Command struct {
	// Line is what the phone's shell gets, as /system/bin/sh -c would: unquoted, hostile. Empty = interactive shell.
	Line string
	// Exec: asked as `exec:` (exec-out, exec-in, install). Otherwise V2 tells `shell,v2:` from `shell:`.
	Exec bool
	V2   bool
	// PTY: a terminal is on the other side. Line editing, echo and "\n" to "\r\n" are done here, not by the Device.
	PTY  bool
	Term string // $TERM, "dumb" if the client sent none

	// Stdin ends with io.EOF when the client closes it. It is never nil and is unblocked when the client leaves.
	Stdin io.Reader
	// Stdout and Stderr may be used from several goroutines. Without shell v2, and on a PTY, they are one stream.
	// Writing blocks while the client does not read, and fails with syscall.EPIPE once it has gone.
	Stdout, Stderr io.Writer
	// Window is the size of the client's terminal, 0x0 if unknown. May be called at any time.
	Window func() (rows, cols int)
	// Interrupts gets a value when ^C is typed on a PTY. Nil without one.
	Interrupts <-chan struct{}
}

// FileSystem is the phone's files as the sync service needs them. Paths are what the client sent: absolute or not,
// with "..", NUL-free, at most 1024 bytes, hostile. Errors should wrap fs.ErrNotExist, fs.ErrPermission, fs.ErrExist
// or a syscall.Errno, which travel as Linux error numbers; any other travels as EIO.
type FileSystem interface {
	// Stat follows a last symbolic link only if follow is set. A FileInfo whose Sys() has a method
	// Owner() (uid, gid uint32) shows these owners; else they are 0.
	Stat(path string, follow bool) (fs.FileInfo, error)
	// ReadDir lists a directory without "." and "..", links not followed.
	ReadDir(path string) ([]fs.FileInfo, error)
	Open(path string) (io.ReadCloser, error)
	// Create begins a push and makes missing parent directories. mode carries the permission bits, and
	// fs.ModeSymlink when what will be written is the target of a symbolic link.
	Create(path string, mode fs.FileMode) (Upload, error)
}

// Upload is one file being pushed. Exactly one of Commit and Abort is called, after the last Write.
type Upload interface {
	io.Writer
	// Commit ends a complete push. mtime has whole seconds.
	Commit(mtime time.Time) error
	// Abort ends a push that the client broke off; a partial file may stay, as on a phone.
	Abort()
}
