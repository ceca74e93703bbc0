//go:build !linux

package chromium

import "os/exec"

// apart does nothing where groups differ.
func apart(*exec.Cmd) {}

// kill ends the process; its children end with their pipes.
func kill(cmd *exec.Cmd) { _ = cmd.Process.Kill() }
