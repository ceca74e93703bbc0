//go:build !linux

package adbd

import "os/exec"

func dieWithTest(*exec.Cmd) {}
