package capture

import "syscall"

// openFiles gives the limit of open files of this process. Go raises the soft limit to the hard one at start.
func openFiles() int {
	var r syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &r); err != nil || r.Cur < 256 {
		return 256
	}
	return int(min(r.Cur, 1<<20))
}
