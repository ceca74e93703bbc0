package harness

import (
	"context"
	"fmt"
	"os"

	"github.com/telltale-farm/telltale/adb"
)

// pin is the phone's PIN, from the environment variable that devices.yaml names; empty if it names none. It goes nowhere
// but to the lock screen: not into evidence, journals, errors or progress lines.
func (d *Driver) pin() (string, error) {
	if d.Phone.PINEnv == "" {
		return "", nil
	}
	pin := os.Getenv(d.Phone.PINEnv)
	if pin == "" {
		return "", fmt.Errorf("the environment variable %s, which is to hold the PIN of %s, is not set", d.Phone.PINEnv, d.Phone.ID)
	}
	return pin, nil
}

// screenSettings keep the screen on while power is connected, and upright: points are given in hundredths of it.
var screenSettings = [...]struct {
	setting adb.Setting
	value   string
}{
	{adb.Setting{Namespace: "global", Key: "stay_on_while_plugged_in"}, "7"}, // AC, USB and wireless
	{adb.Setting{Namespace: "system", Key: "accelerometer_rotation"}, "0"},
	{adb.Setting{Namespace: "system", Key: "user_rotation"}, "0"},
}

// screenOn wakes and unlocks the phone, and has it stay so while the lease lasts.
func (l *Lease) screenOn(ctx context.Context) error {
	if err := l.unlock(ctx); err != nil {
		return err
	}
	for _, s := range screenSettings {
		if err := l.change(ctx, s.setting, s.value); err != nil {
			return err
		}
	}
	return nil
}

// unlock wakes the phone, and takes its lock screen away.
func (l *Lease) unlock(ctx context.Context) error {
	pin, err := l.driver.pin()
	if err != nil {
		return err
	}
	return l.driver.Screen.Unlock(ctx, pin)
}
