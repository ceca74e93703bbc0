package harness

import (
	"context"
	"fmt"
	"time"

	"github.com/telltale-farm/telltale/adb"
)

// Bounds of a phone on a desk (syzkaller's and Tradefed's practice).
const (
	batteryLeast   = 20 // per cent; below it a phone may go off in the middle of a run
	batteryAlone   = 50 // per cent, of a phone that nothing charges
	batteryHottest = 45.0
	storageLeast   = 32 << 20 // bytes: dumps, the certificate, the relay
	clockMost      = 5 * time.Second
)

func battery() probe {
	return probe{
		id: "battery", name: "the battery lasts", needs: []string{"authorised"},
		try: func(ctx context.Context, x *examination) found {
			b, err := x.lease.device.Battery(ctx)
			if err != nil {
				return failed(err)
			}
			percent := b.Level * 100 / b.Scale
			detail := fmt.Sprintf("%d %%, charged: %v", percent, b.Powered)
			switch {
			case b.Faked:
				return no("somebody set its values by hand", "adb -s "+shellWord(x.lease.Serial)+" shell dumpsys battery reset")
			case percent < batteryLeast:
				return no(detail, fmt.Sprintf("charge it to %d %% or more", batteryLeast+10))
			case !b.Powered && percent < batteryAlone:
				return no(detail, "connect it to a port or hub that charges it")
			}
			return yes(detail)
		},
	}
}

func temperature() probe {
	return probe{
		id: "temperature", name: "it is not too hot", needs: []string{"authorised"},
		try: func(ctx context.Context, x *examination) found {
			b, err := x.lease.device.Battery(ctx)
			if err != nil {
				return failed(err)
			}
			detail := fmt.Sprintf("battery %.1f degrees Celsius", b.Temperature)
			t, err := x.lease.device.Thermal(ctx)
			if err != nil && adb.CodeOf(err) != adb.Malformed {
				return failed(err)
			}
			if err == nil {
				detail += fmt.Sprintf(", thermal status %d", t.Status)
			}
			if b.Temperature >= batteryHottest || t.Status >= adb.ThermalSevere {
				return no(detail, "let it cool: out of the sun, off the other phones, out of its case")
			}
			return yes(detail)
		},
	}
}

func storage() probe {
	return probe{
		id: "storage", name: "there is room on it", needs: []string{"authorised"},
		try: func(ctx context.Context, x *examination) found {
			s, err := x.lease.device.Space(ctx, "/data")
			if err != nil {
				return failed(err)
			}
			detail := fmt.Sprintf("%d MiB free of %d", s.Free>>20, s.Size>>20)
			if s.Free < storageLeast {
				return no(detail, fmt.Sprintf("delete files or apps until %d MiB are free", storageLeast>>20))
			}
			return yes(detail)
		},
	}
}

// clockSkew compares the clocks. Flows and the phone's log are laid side by side by them, and a certificate is not valid
// yet, or no longer, on a phone that lives on another day.
func clockSkew() probe {
	return probe{
		id: "clock", name: "its clock is ours", needs: []string{"authorised"},
		try: func(ctx context.Context, x *examination) found {
			off, err := x.lease.device.ClockOffset(ctx)
			if err != nil {
				return failed(err)
			}
			if off.Abs() > clockMost {
				return no(fmt.Sprintf("it is %s off", off.Round(time.Second)), "switch on Settings > Date & time > Set time automatically, with the phone on a network; check this computer's clock too")
			}
			return yes(fmt.Sprintf("%s off", off.Round(time.Millisecond)))
		},
	}
}
