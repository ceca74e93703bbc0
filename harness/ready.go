package harness

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/telltale-farm/telltale/adb"
)

// xiaomi says whether a system has Xiaomi's switch for input by adb. HyperOS names itself, MIUI does.
func xiaomi(props adb.Props) bool {
	return props["ro.mi.os.version.name"] != "" || props["ro.mi.os.version.incremental"] != "" || props["ro.miui.ui.version.name"] != ""
}

// inputSwitch is a fault of the phone unless Xiaomi's switch stands on 1.
func inputSwitch(serial, value string) error {
	if value == "1" {
		return nil
	}
	return &adb.Fault{
		Class: adb.ClassPhone, Code: adb.Denied, Phone: serial, Op: "asking whether adb may tap and change settings",
		Err: fmt.Errorf("persist.security.adbinput is %q: Xiaomi's system denies it", value),
	}
}

// inputAllowed is a fault of the phone where Xiaomi's switch, as it reads, denies input. A system without the switch, as that
// of a tablet or a later one, is asked by a key that means nothing (KEYCODE_UNKNOWN).
func (l *Lease) inputAllowed(ctx context.Context, value string) error {
	if value != "" {
		return inputSwitch(l.Serial, value)
	}
	err := l.device.Key(ctx, 0)
	if adb.CodeOf(err) == adb.Denied {
		return inputSwitch(l.Serial, value)
	}
	return err
}

// ready asks again, before each attempt, for what a phone can lose while a run lasts: who gives it its network back
// if we die, and Xiaomi's switch, which flips back by itself.
func (l *Lease) ready(ctx context.Context) error {
	if err := l.guard.keep(ctx); err != nil {
		return err
	}
	if err := l.unlock(ctx); err != nil {
		return err
	}
	if !l.xiaomi {
		return nil
	}
	res, err := l.device.Shell(ctx, "getprop", "persist.security.adbinput")
	if err != nil {
		return err
	}
	return l.inputAllowed(ctx, strings.TrimSpace(string(res.Stdout)))
}

// dropped looks into the phone's log for touches that it dropped since an attempt began, without an error to whoever sent
// them: then an action that did not happen is no outcome but a fault. It is nil if there were none.
func (l *Lease) dropped(ctx context.Context, began time.Time, outcome error) error {
	if err := l.device.InputDenied(ctx, began.Add(l.offset)); adb.CodeOf(err) == adb.Denied {
		return fmt.Errorf("%w (%s)", err, outcome)
	}
	return nil
}

// logTime is a time as logcat takes it: seconds since 1970.
func logTime(t time.Time) string { return fmt.Sprintf("%d.%03d", t.Unix(), t.Nanosecond()/1e6) }

// phoneTime is the phone's clock now.
func (l *Lease) phoneTime(ctx context.Context) (time.Time, error) {
	off, err := l.device.ClockOffset(ctx)
	return time.Now().Add(off), err
}
