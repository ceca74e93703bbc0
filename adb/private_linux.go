package adb

import (
	"os/exec"
	"syscall"
)

// dieWithUs makes the kernel end the server when we die, and keeps the terminal's Ctrl-C from it: it must outlive us
// until the phones' settings are put back.
func dieWithUs(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
}
