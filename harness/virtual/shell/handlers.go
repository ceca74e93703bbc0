package shell

import (
	"bytes"
	"context"
	"io"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"syscall"

	"mvdan.cc/sh/v3/interp"

	"github.com/telltale-farm/telltale/harness/virtual/phone"
)

// statHandler answers tests such as [ -e ].
func (s *session) statHandler(_ context.Context, name string, follow bool) (fs.FileInfo, error) {
	info, err := s.sh.phone.Files.Stat(name, follow)
	if err != nil {
		return nil, err
	}
	return hostInfo{info}, nil
}

// hostInfo is a file with the system data that the interpreter expects of a Unix file.
type hostInfo struct{ phone.FileInfo }

func (i hostInfo) Sys() any { return &syscall.Stat_t{Uid: i.UID, Gid: i.UID} }

func (s *session) readDirHandler(_ context.Context, path string) ([]fs.DirEntry, error) {
	infos, err := s.sh.phone.Files.ReadDir(path)
	if err != nil {
		return nil, err
	}
	out := make([]fs.DirEntry, len(infos))
	for i, info := range infos {
		out[i] = fs.FileInfoToDirEntry(info)
	}
	return out, nil
}

func (s *session) accessHandler(_ context.Context, path string, mode interp.AccessMode) error {
	info, err := s.sh.phone.Files.Stat(path, true)
	if err != nil {
		return err
	}
	denied := &fs.PathError{Op: "access", Path: path, Err: syscall.EACCES}
	bits := info.Mode().Perm()
	switch {
	case mode&interp.AccessWrite != 0 && !(phone.Writable(info.Real) && bits&0o222 != 0),
		mode&interp.AccessRead != 0 && bits&0o444 == 0,
		mode&interp.AccessExec != 0 && bits&0o111 == 0:
		return denied
	}
	return nil
}

func (s *session) openHandler(ctx context.Context, path string, flag int, perm os.FileMode) (io.ReadWriteCloser, error) {
	name := phone.Clean(interp.HandlerCtx(ctx).Dir, path)
	return s.open(name, flag, perm)
}

// open opens a file of the phone for a redirection.
func (s *session) open(name string, flag int, perm os.FileMode) (io.ReadWriteCloser, error) {
	files := s.sh.phone.Files
	writing := flag&(os.O_WRONLY|os.O_RDWR) != 0
	switch name {
	case "/dev/null":
		return stream{bytes.NewReader(nil), io.Discard}, nil
	case "/dev/tty", "/dev/stdout", "/proc/self/fd/1":
		return stream{bytes.NewReader(nil), s.out}, nil
	case "/dev/stderr", "/proc/self/fd/2":
		return stream{bytes.NewReader(nil), s.err}, nil
	}
	if !writing {
		data, err := files.Read(name)
		if err != nil {
			return nil, err
		}
		return stream{bytes.NewReader(data), nil}, nil
	}
	if err := files.Write(name, nil, perm, flag&os.O_TRUNC == 0); err != nil {
		return nil, err
	}
	return stream{bytes.NewReader(nil), appender{files, name}}, nil
}

// stream is an open file.
type stream struct {
	io.Reader
	w io.Writer
}

func (s stream) Write(p []byte) (int, error) {
	if s.w == nil {
		return 0, syscall.EBADF
	}
	return s.w.Write(p)
}

func (s stream) Close() error { return nil }

// appender adds each write to a file, so that others see it at once.
type appender struct {
	files *phone.Files
	name  string
}

func (a appender) Write(p []byte) (int, error) {
	if err := a.files.Write(a.name, p, 0o644, true); err != nil {
		return 0, err
	}
	return len(p), nil
}

// callHandler runs before every command, builtins too: it replaces what the interpreter does otherwise than mksh, and
// what it would do on the host.
func (s *session) callHandler(ctx context.Context, args []string) ([]string, error) {
	switch args[0] {
	case "echo", "print", "kill", "type", "hash", "ulimit":
		return append([]string{"__" + args[0]}, args[1:]...), nil
	case "whence":
		return append([]string{"__type"}, args[1:]...), nil
	case "command", "builtin":
		return s.commandCall(ctx, args)
	case "eval":
		return s.evaluate(strings.Join(args[1:], " ")), nil
	case ".", "source":
		return s.sourceCall(ctx, args), nil
	case "pwd", "cd":
		kept := []string{args[0]}
		for i, a := range args[1:] {
			if a == "-P" || a == "-L" {
				continue
			}
			kept = append(kept, args[1+i:]...)
			break
		}
		return kept, nil
	case "wait":
		for _, a := range args[1:] {
			if pid, err := strconv.Atoi(a); err == nil && s.sh.phone.Processes.Has(pid) {
				return append([]string{"__wait"}, args[1:]...), nil
			}
		}
		return []string{"wait"}, nil
	case "trap":
		return trapCall(args), nil
	case "bind", "caller", "compgen", "complete", "compopt", "dirs", "disown", "enable", "fc", "help", "history", "jobs",
		"logout", "mapfile", "newgrp", "popd", "pushd", "readarray", "shopt", "suspend", "fg", "bg", "times", "umask":
		return append([]string{"__missing"}, args...), nil
	}
	return args, nil
}

func (s *session) commandCall(ctx context.Context, args []string) ([]string, error) {
	rest := args[1:]
	for len(rest) > 0 && strings.HasPrefix(rest[0], "-") {
		if strings.ContainsAny(rest[0], "vV") {
			return append([]string{"__which"}, rest[1:]...), nil
		}
		rest = rest[1:]
	}
	if len(rest) == 0 {
		return []string{"true"}, nil
	}
	return s.callHandler(ctx, rest)
}

// evaluate is eval with the text prepared like that of a script.
func (s *session) evaluate(text string) []string {
	file, err := parser().Parse(strings.NewReader(text), "")
	if err == nil {
		err = s.prepare(file)
	}
	if err != nil {
		return []string{"__complain", "/system/bin/sh: syntax error: " + err.Error()}
	}
	return []string{"eval", printed(file)}
}

func (s *session) sourceCall(ctx context.Context, args []string) []string {
	if len(args) < 2 {
		return []string{"__complain", "/system/bin/sh: .: missing argument"}
	}
	data, err := s.sh.phone.Files.Read(phone.Clean(interp.HandlerCtx(ctx).Dir, args[1]))
	if err != nil || len(data) > maxScript {
		return []string{"__complain", "/system/bin/sh: .: " + args[1] + ": " + reason(err)}
	}
	return s.evaluate(string(data))
}

// trapCall keeps the conditions that a script can meet here: its end and an error. Signals reach no script.
func trapCall(args []string) []string {
	if len(args) < 3 {
		return args
	}
	out := []string{"trap", args[1]}
	for _, cond := range args[2:] {
		switch cond {
		case "0", "EXIT":
			out = append(out, "EXIT")
		case "ERR":
			out = append(out, "ERR")
		}
	}
	if len(out) == 2 {
		return []string{"true"}
	}
	return out
}
