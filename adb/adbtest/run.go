package adbtest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/telltale-farm/telltale/adb"
)

// Factory gives the suite a phone, and says what may be asked of it. Only Device is needed.
type Factory struct {
	// Kind of phone, for messages: virtual, usb.
	Kind string
	// Device gives a phone that is attached, awake and unlocked. It may give the same phone every time.
	Device func(t *testing.T) *adb.Device

	// Dial makes the phone connect to its own 127.0.0.1:port and send text; nil: nc of the phone does, and if it has
	// none, the data path of a reverse tunnel is not tested.
	Dial func(ctx context.Context, d *adb.Device, port int, text string) error
	// Proxy is the proxy in effect, as an app of the phone is told: "HOST:PORT", or empty. nil: only the settings are looked at.
	Proxy func(ctx context.Context, d *adb.Device) (string, error)

	// App is a package with a launcher activity whose first screen has nodes that react to a tap. Default: com.android.settings.
	App string
	// NoTap leaves out what needs the permission to inject input (MIUI's "USB debugging (Security settings)").
	NoTap bool
	// NoSettings leaves out what writes settings, the proxy included (the same permission).
	NoSettings bool
	// Reboot allows to reboot the phone, once, at the end.
	Reboot bool

	// Patience bounds each part of the suite, but for the reboot. Default: 1 minute.
	Patience time.Duration
	// Moment bounds how long the phone takes to follow a setting or to stop an app; a tap has half of it to show
	// something. Default: 10 s.
	Moment time.Duration
	// Large is the size of the largest transfer, in bytes. Default: 8 MiB.
	Large int
	// Clock is how far two readings of the clock's offset may differ. Default: 2 s.
	Clock time.Duration
}

// folder is where the suite writes on the phone.
const folder = "/data/local/tmp/telltale-conformance"

// lookEvery is the rest between two looks.
const lookEvery = 20 * time.Millisecond

// port is the phone's port that is reversed.
const port = 18099

// Run runs the suite. Its subtests may be selected by name: shell, files, reverse, settings, proxy, readers, screen,
// apps, reboot.
func Run(t *testing.T, f Factory) {
	if f.Device == nil {
		t.Fatal("adbtest: a Factory without Device")
	}
	if f.App == "" {
		f.App = "com.android.settings"
	}
	if f.Large == 0 {
		f.Large = 8 << 20
	}
	if f.Patience == 0 {
		f.Patience = time.Minute
	}
	if f.Moment == 0 {
		f.Moment = 10 * time.Second
	}
	if f.Clock == 0 {
		f.Clock = 2 * time.Second
	}
	for _, part := range []struct {
		name string
		run  func(*testing.T, suite)
		skip string
	}{
		{"shell", shell, ""},
		{"files", files, ""},
		{"reverse", reverse, ""},
		{"settings", settings, why(f.NoSettings, "it may not write settings")},
		{"proxy", proxy, why(f.NoSettings, "it may not write settings")},
		{"readers", readers, ""},
		{"screen", screen, ""},
		{"apps", apps, ""},
		{"taps", taps, why(f.NoTap, "it may not inject input")},
		{"reboot", reboot, why(!f.Reboot, "it may not be rebooted")},
	} {
		t.Run(part.name, func(t *testing.T) {
			if part.skip != "" {
				t.Skipf("this %s phone: %s", f.Kind, part.skip)
			}
			part.run(t, suite{f, f.Device(t)})
		})
	}
}

func why(skip bool, reason string) string {
	if skip {
		return reason
	}
	return ""
}

// suite is one part at work on one phone.
type suite struct {
	Factory
	d *adb.Device
}

func (s suite) within(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), s.Patience)
	t.Cleanup(cancel)
	return ctx
}

// soon looks until a look shows what is wanted, a look fails, or the phone had its time; between two looks it rests.
func (s suite) soon(ctx context.Context, look func() (wanted bool, err error)) error {
	ctx, cancel := context.WithTimeout(ctx, s.Moment)
	defer cancel()
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		if wanted, err := look(); wanted || err != nil {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// after is a context for putting things back when the test is over.
func (s suite) after() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), s.Patience)
}

// check fails the test unless ok, and says what was got.
func check(t *testing.T, what string, ok bool, got any, err error) {
	t.Helper()
	switch {
	case err != nil:
		t.Errorf("%s: %v", what, err)
	case !ok:
		t.Errorf("%s: got %s", what, brief(got))
	}
}

func brief(v any) string {
	s := fmt.Sprintf("%+v", v)
	if b, ok := v.([]byte); ok {
		s = fmt.Sprintf("%q", b)
	}
	if len(s) > 400 {
		return s[:400] + "..."
	}
	return s
}
