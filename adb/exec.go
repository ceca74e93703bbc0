package adb

import (
	"context"
	"slices"
)

// Exec runs one command and returns the bytes of its standard output as they are. The service has no exit status and
// no mark of its end: a dropped link looks like a short output, so the caller must check that the answer is whole.
func (d *Device) Exec(ctx context.Context, argv ...string) ([]byte, error) {
	op := "running " + describe(argv)
	line, err := commandLine(argv)
	if err != nil {
		return nil, newFault(Usage, d.serial, op, err)
	}
	c := Command{Kind: "exec", Argv: slices.Clone(argv)}
	ctx, end, err := d.begin(ctx, c, op)
	if err != nil {
		return nil, err
	}
	res, dry := d.answered(c)
	out := res.Stdout
	if !dry {
		out, err = d.exec(ctx, op, line)
	}
	end(&Command{BytesOut: int64(len(out)), Err: err})
	return out, err
}

func (d *Device) exec(ctx context.Context, op, line string) ([]byte, error) {
	k, err := d.open(ctx, op, "exec:"+line)
	if err != nil {
		return nil, err
	}
	defer k.Close()
	out, err := k.rest(d.limits.Output)
	if CodeOf(err) == ServerGone {
		err = newFault(NoExit, d.serial, op, err)
	}
	return out, err
}
