package harness

import (
	"context"
	"fmt"
	"regexp"
	"time"

	"github.com/telltale-farm/telltale/adb"
	"github.com/telltale-farm/telltale/assertions/leak"
)

// Unfit is a phone that answers and still cannot be driven: its state would spoil whatever was seen of it.
type Unfit struct {
	Class string // leak.FaultPhone or leak.FaultNetwork
	Code  leak.Code
	What  string
	Fix   string
}

func (u *Unfit) Error() string {
	if u.Fix == "" {
		return u.What
	}
	return u.What + ": " + u.Fix
}

// Bounds of what a phone may be like. Below batteryLow it is parked until batteryEnough: phones dim, throttle and switch
// off radios when they run out, which looks like apps that send nothing.
const (
	batteryLow    = 20   // per cent
	batteryEnough = 30   //
	batteryHot    = 45.0 // degrees Celsius
	batteryCool   = 42.0 //
	spaceLeast    = 8 << 20
	clockFarthest = 23 * time.Hour // our certificates begin a day before they are made
	clockJump     = 5 * time.Second
)

// fit looks at a phone before an attempt, outside of its window. A phone that runs out of battery or is hot is parked
// until it is not; what no waiting cures is an *Unfit.
func (l *Lease) fit(ctx context.Context) error {
	if err := l.park(ctx); err != nil {
		return err
	}
	space, err := l.device.Space(ctx, "/data")
	if err != nil && adb.CodeOf(err) != adb.Malformed {
		return err
	}
	if err == nil && space.Free < spaceLeast {
		return &Unfit{Class: leak.FaultPhone, Code: leak.CodeNotPerformed,
			What: fmt.Sprintf("its storage is full: %d MB of %d MB are free", space.Free>>20, space.Size>>20), Fix: "delete something from it"}
	}
	return l.online(ctx)
}

// online says whether the phone has a network that leads anywhere.
func (l *Lease) online(ctx context.Context) error {
	airplane, err := l.device.Setting(ctx, adb.Setting{Namespace: "global", Key: "airplane_mode_on"})
	if err != nil {
		return err
	}
	if airplane.Value == "1" {
		return &Unfit{Class: leak.FaultNetwork, Code: leak.CodeNotPerformed, What: "it is in airplane mode", Fix: "switch that off"}
	}
	res, err := l.device.Shell(ctx, "dumpsys", "connectivity")
	if err != nil {
		return err
	}
	if captive.Match(res.Stdout) {
		return &Unfit{Class: leak.FaultNetwork, Code: leak.CodeNotPerformed,
			What: "its network is behind a captive portal", Fix: "log in on the phone, or connect it to another network"}
	}
	return nil
}

// captive finds a network that Android takes for one with a login page. The first form is Android 6 to 10's
// NetworkAgentInfo, the second the capability that all releases list (AOSP; not seen on a real phone).
var captive = regexp.MustCompile(`lastCaptivePortalDetected\{true\}|Capabilities: [A-Z_&]*\bCAPTIVE_PORTAL\b`)

// park waits, outside of any attempt, until the phone is charged and cool enough, or gives up with the reason.
func (l *Lease) park(ctx context.Context) error {
	low, hot := batteryLow, batteryHot
	for said := false; ; {
		why, err := l.tired(ctx, low, hot)
		if err != nil || why == nil {
			return err
		}
		if l.parked >= l.bounds.Park {
			why.What += fmt.Sprintf("; it was parked for %s in vain", l.parked.Round(time.Second))
			return why
		}
		if !said {
			said = true
			l.say("parked: " + why.Error())
			l.note("parked", why.Error(), nil)
		}
		low, hot = batteryEnough, batteryCool // parked once, it rests until it is well above the limit
		wait := min(l.bounds.Look, l.bounds.Park-l.parked)
		l.parked += wait
		if err := pause(ctx, wait); err != nil {
			return err
		}
	}
}

// tired says why a phone has to rest; nil if it need not.
func (l *Lease) tired(ctx context.Context, low int, hot float64) (*Unfit, error) {
	b, err := l.device.Battery(ctx)
	if err != nil {
		return nil, err
	}
	if level := 100 * b.Level / b.Scale; level < low {
		fix := "it is charging: wait"
		if !b.Powered {
			fix = "it is not charging: give it power"
		}
		return &Unfit{Class: leak.FaultPhone, Code: leak.CodeDeviceLost, What: fmt.Sprintf("its battery is at %d %%, and it must have %d %%", level, low), Fix: fix}, nil
	}
	if b.Temperature >= hot {
		return tooHot(fmt.Sprintf("its battery is at %.1f °C", b.Temperature)), nil
	}
	t, err := l.device.Thermal(ctx)
	if adb.CodeOf(err) == adb.Malformed {
		return nil, nil // older than Android 10
	}
	if err == nil && t.Status >= adb.ThermalSevere {
		return tooHot(fmt.Sprintf("its thermal status is %d", t.Status)), nil
	}
	return nil, err
}

func tooHot(what string) *Unfit {
	return &Unfit{Class: leak.FaultPhone, Code: leak.CodeDeviceLost, What: "it is too hot: " + what, Fix: "let it cool down, away from sun and fast chargers"}
}

// moment is what must not change in a window.
type moment struct {
	boot  string
	clock time.Duration // the phone's time minus ours
}

// moment reads it. A clock so far off that our certificates are not valid yet, or not any more, is an *Unfit.
func (l *Lease) moment(ctx context.Context) (m moment, err error) {
	if m.boot, err = l.device.BootID(ctx); err != nil {
		return m, err
	}
	if m.clock, err = l.device.ClockOffset(ctx); err != nil {
		return m, err
	}
	if m.clock.Abs() > clockFarthest {
		return m, &Unfit{Class: leak.FaultPhone, Code: leak.CodeNotPerformed,
			What: fmt.Sprintf("its clock is off by %s, and no certificate of ours is valid there", m.clock.Round(time.Second)),
			Fix:  "switch on Settings > System > Date & time > Set time automatically"}
	}
	return m, nil
}

// passed compares two moments at the ends of a window.
func (l *Lease) passed(was, is moment) error {
	if was.boot != is.boot {
		return &Unfit{Class: leak.FaultPhone, Code: leak.CodeDeviceLost, What: "the phone rebooted"}
	}
	if jump := is.clock - was.clock; jump.Abs() > clockJump {
		l.note("clock", fmt.Sprintf("the phone's clock jumped by %s", jump.Round(time.Millisecond)), nil)
	}
	return nil
}

// sole refuses a serial that more than one phone has: what is asked of one would be done by another.
func (l *Lease) sole(ctx context.Context) error {
	phones, err := l.device.Server().Devices(ctx)
	if err != nil {
		return err
	}
	return soleSerial(phones, l.Serial)
}

func soleSerial(phones []adb.Listed, serial string) error {
	n := 0
	for _, p := range phones {
		if p.Serial == serial {
			n++
		}
	}
	switch {
	case serial == "????????????":
		return &Unfit{Class: leak.FaultPhone, Code: leak.CodeDeviceLost, What: "the phone's serial number cannot be read",
			Fix: "unplug it and plug it again; if it stays so, put it on the network (`adb tcpip 5555`, `adb connect ITS-ADDRESS:5555`) and use that as its serial"}
	case n > 1:
		return &Unfit{Class: leak.FaultPhone, Code: leak.CodeDeviceLost, What: fmt.Sprintf("%d phones have the serial %s", n, serial), Fix: "leave one of them plugged in"}
	}
	return nil
}
