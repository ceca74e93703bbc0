//go:build !linux

package adb

import "os/exec"

// dieWithUs does nothing: only Linux can end a child with its parent. A server left behind is idle and sees no USB.
func dieWithUs(*exec.Cmd) {}
