package shell

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"syscall"

	"mvdan.cc/sh/v3/interp"
	"mvdan.cc/sh/v3/syntax"

	"github.com/telltale-farm/telltale/harness/virtual/phone"
)

// exec is called for every command that is neither a function nor a builtin.
func (s *session) exec(ctx context.Context, args []string) error {
	hc := interp.HandlerCtx(ctx)
	c := &call{ctx: ctx, sh: s.sh, s: s, name: args[0], args: args[1:], dir: hc.Dir, in: hc.Stdin, out: hc.Stdout, err: hc.Stderr}
	if c.in == nil {
		c.in = s.in
	}
	if c.in == nil {
		c.in = bytes.NewReader(nil)
	}
	code := s.run(c)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if code == 0 {
		return nil
	}
	return interp.ExitStatus(uint8(code))
}

// run runs one command as the phone does, its faults included.
func (s *session) run(c *call) int {
	name := c.name
	if dir, base := path.Split(name); dir == "/system/bin/" || dir == "/system/xbin/" || dir == "/bin/" {
		name = base
	} else if strings.Contains(name, "/") {
		return s.runFile(c)
	}
	f := s.sh.table[name]
	if f == nil {
		return c.fail(127, "/system/bin/sh: %s: inaccessible or not found", c.name)
	}
	c.name = name
	faults := s.sh.phone.Faults.Get()
	if slices.Contains(faults.Hang, name) {
		<-c.ctx.Done()
		return hangup
	}
	if d := faults.Slow[name]; d > 0 && !wait(c.ctx, d) {
		return hangup
	}
	if n, ok := faults.Cut[name]; ok {
		c.out = &cutter{c.out, n}
	}
	return f(c)
}

// cutter lets only the first bytes of a command's output through.
type cutter struct {
	w    io.Writer
	left int
}

func (t *cutter) Write(p []byte) (int, error) {
	n := min(t.left, len(p))
	t.left -= n
	if _, err := t.w.Write(p[:n]); err != nil {
		return 0, err
	}
	return len(p), nil
}

// runFile runs a file of the phone: a script, or a binary if there is something that can.
func (s *session) runFile(c *call) int {
	name := c.path(c.name)
	info, err := s.sh.phone.Files.Stat(name, true)
	switch {
	case err != nil:
		return c.fail(127, "/system/bin/sh: %s: inaccessible or not found", c.name)
	case info.IsDir(), info.Mode()&0o111 == 0, strings.HasPrefix(info.Real, "/storage/"):
		return c.fail(126, "/system/bin/sh: %s: can't execute: Permission denied", c.name)
	}
	data, err := s.sh.phone.Files.Read(name)
	if err != nil {
		return c.fail(126, "/system/bin/sh: %s: %s", c.name, reason(err))
	}
	if bytes.HasPrefix(data, []byte("\x7fELF")) {
		return s.runBinary(c, name, data)
	}
	n := s.child(c, path.Base(name))
	defer n.close()
	return n.script(string(data), c.name, c.args)
}

func (s *session) runBinary(c *call, name string, data []byte) int {
	if s.sh.program != nil {
		ctx, cancel := context.WithCancel(c.ctx)
		defer cancel()
		row := s.sh.phone.Processes.Start(phone.ShellUID, s.pid, path.Base(name), strings.Join(append([]string{c.name}, c.args...), " "), cancel)
		defer s.sh.phone.Processes.Exit(row.PID)
		if code, ok := s.sh.program(ctx, Exec{name, c.args, data, c.in, c.out, c.err}); ok {
			return code
		}
	}
	return c.fail(126, "/system/bin/sh: %s: not executable: 64-bit ELF file", c.name)
}

// printed writes a script out again.
func printed(file *syntax.File) string {
	var b strings.Builder
	if err := syntax.NewPrinter().Print(&b, file); err != nil {
		return ""
	}
	return b.String()
}

// reason is the words for an error of the file system, as strerror gives them.
func reason(err error) string {
	var errno syscall.Errno
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		err = pathErr.Err
	}
	if !errors.As(err, &errno) {
		return "I/O error"
	}
	switch errno {
	case syscall.ENOENT:
		return "No such file or directory"
	case syscall.EACCES:
		return "Permission denied"
	case syscall.EPERM:
		return "Operation not permitted"
	case syscall.EROFS:
		return "Read-only file system"
	case syscall.ENOSPC:
		return "No space left on device"
	case syscall.EEXIST:
		return "File exists"
	case syscall.EISDIR:
		return "Is a directory"
	case syscall.ENOTDIR:
		return "Not a directory"
	case syscall.ENOTEMPTY:
		return "Directory not empty"
	case syscall.ENAMETOOLONG:
		return "File name too long"
	case syscall.ELOOP:
		return "Too many symbolic links encountered"
	case syscall.EINVAL:
		return "Invalid argument"
	}
	return errno.Error()
}
