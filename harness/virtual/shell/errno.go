package shell

import "syscall"

const (
	errIsDir   = syscall.EISDIR
	errInvalid = syscall.EINVAL
)
