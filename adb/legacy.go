package adb

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"strconv"
)

// runLegacy runs a line on a phone without shell_v2 (Android 6 and older), where neither the end nor the status of a
// command is marked: the line is followed by an unguessable word and $?. Its output passes a terminal there, so line
// ends are CR LF; they are given back as LF, and standard error is part of the output.
func (d *Device) runLegacy(ctx context.Context, op, line string) (Result, error) {
	mark := "exit-" + rand.Text() + "-"
	k, err := d.open(ctx, op, "shell:("+line+"\n); echo "+mark+"$?")
	if err != nil {
		return Result{}, err
	}
	defer k.Close()
	out, err := k.rest(d.limits.Output + 1<<10)
	if err != nil {
		if CodeOf(err) == ServerGone {
			err = newFault(NoExit, d.serial, op, err)
		}
		return Result{Stdout: out}, err
	}
	res, err := parseLegacy(out, mark)
	if err != nil {
		return res, newFault(NoExit, d.serial, op, err)
	}
	return res, nil
}

func parseLegacy(out []byte, mark string) (Result, error) {
	at := bytes.LastIndex(out, []byte(mark))
	if at < 0 {
		return Result{Stdout: out}, fmt.Errorf("no mark behind %d bytes of output", len(out))
	}
	res := Result{Stdout: bytes.ReplaceAll(out[:at], []byte("\r\n"), []byte("\n"))}
	tail := bytes.TrimRight(out[at+len(mark):], "\r\n")
	code, err := strconv.ParseUint(string(tail), 10, 8)
	if err != nil {
		return res, fmt.Errorf("the mark is followed by %q", clip(string(tail)))
	}
	res.Exit = int(code)
	return res, nil
}
