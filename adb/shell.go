package adb

import (
	"context"
	"fmt"
	"slices"
)

// Result is what a command printed and how it ended.
type Result struct {
	Stdout []byte
	Stderr []byte // always empty on a phone without shell_v2 (Android 6 and older): there it is part of Stdout
	Exit   int
}

// Shell runs one command of the phone, without a shell's interpretation of its arguments and with an empty standard
// input. A status other than 0 is an [*ExitError] with the same result; everything else that goes wrong is a [*Fault],
// and then the result is only what had come so far.
func (d *Device) Shell(ctx context.Context, argv ...string) (Result, error) {
	return d.shell(ctx, argv, argv)
}

// shell runs argv and names it as shown in journal and errors, so that a secret can be left out.
func (d *Device) shell(ctx context.Context, argv, shown []string) (Result, error) {
	op := "running " + describe(shown)
	line, err := commandLine(argv)
	if err != nil {
		return Result{}, newFault(Usage, d.serial, op, err)
	}
	return d.run(ctx, Command{Kind: "shell", Argv: slices.Clone(shown)}, op, line)
}

// Script runs text in the phone's shell as it is: pipes, loops, redirections. Quote with [Quote] what comes from
// elsewhere. Errors are those of [Device.Shell]; the status of a pipe is that of its last command.
func (d *Device) Script(ctx context.Context, script string) (Result, error) {
	op := "running the script " + describe([]string{script})
	return d.run(ctx, Command{Kind: "script", Argv: []string{script}}, op, script)
}

func (d *Device) run(ctx context.Context, c Command, op, line string) (Result, error) {
	ctx, end, err := d.begin(ctx, c, op)
	if err != nil {
		return Result{}, err
	}
	res, dry := d.answered(c)
	if !dry {
		res, err = d.runLine(ctx, op, line)
	}
	done := Command{Exit: res.Exit, BytesOut: int64(len(res.Stdout) + len(res.Stderr)), Err: err}
	if err != nil {
		done.Exit = -1
	}
	end(&done)
	if err == nil && res.Exit != 0 {
		err = &ExitError{Phone: d.serial, Op: op, Result: res}
	}
	return res, err
}

func (d *Device) runLine(ctx context.Context, op, line string) (Result, error) {
	features, err := d.Features(ctx)
	if err != nil {
		return Result{}, err
	}
	if !slices.Contains(features, "shell_v2") {
		return d.runLegacy(ctx, op, line)
	}
	k, err := d.open(ctx, op, "shell,v2,raw:"+line)
	if err != nil {
		return Result{}, err
	}
	defer k.Close()
	return readShell(k, d.limits.Output)
}

// describe shortens a command for an error text.
func describe(argv []string) string {
	var t string
	for i, a := range argv {
		if i > 0 {
			t += " "
		}
		t += a
		if len(t) > 120 {
			t = t[:120] + "..."
			break
		}
	}
	return fmt.Sprintf("%q", t)
}
