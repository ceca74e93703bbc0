package adb

import (
	"context"
)

// Reboot restarts the phone. It returns when the phone has taken the order; wait for the state to leave "device" and to
// come back. Everything but what lies on its storage is lost: reverse tunnels, running apps, a CA that was mounted.
func (d *Device) Reboot(ctx context.Context) error {
	const op = "rebooting"
	c := Command{Kind: "reboot", Argv: []string{"reboot"}}
	ctx, end, err := d.begin(ctx, c, op)
	if err != nil {
		return err
	}
	if _, dry := d.answered(c); !dry {
		err = d.reboot(ctx, op)
	}
	end(&Command{Err: err})
	return err
}

func (d *Device) reboot(ctx context.Context, op string) error {
	k, err := d.open(ctx, op, "reboot:")
	if err != nil {
		return err
	}
	defer k.Close()
	_, err = k.rest(4 << 10)
	if CodeOf(err) == ServerGone { // the link dropped: that is the point
		return nil
	}
	return err
}
