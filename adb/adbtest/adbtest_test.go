package adbtest_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/telltale-farm/telltale/adb"
	"github.com/telltale-farm/telltale/adb/adbtest"
	"github.com/telltale-farm/telltale/harness/virtual"
	"github.com/telltale-farm/telltale/harness/virtual/personality"
	"github.com/telltale-farm/telltale/harness/virtual/phone"
)

// virtualPhone gives a phone behind a real adb server, and what an app of it sees.
func virtualPhone(t *testing.T, name string) (*virtual.Phone, adbtest.Factory) {
	t.Helper()
	if _, err := exec.LookPath("adb"); err != nil {
		t.Skip("adb is not installed")
	}
	kind, err := personality.ByName(name)
	if err != nil {
		t.Fatal(err)
	}
	p, err := virtual.New(virtual.Options{Personality: kind})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	if err := p.Listen(t.Context(), "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	server, err := adb.StartPrivate(t.Context(), adb.PrivateOptions{Home: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	serial := p.Addr().String()
	if err := server.Connect(t.Context(), serial); err != nil {
		t.Fatal(err)
	}
	if err := server.WaitState(t.Context(), serial, adb.StateDevice); err != nil {
		t.Fatal(err)
	}
	return p, adbtest.Factory{
		Kind:   "virtual",
		Device: func(*testing.T) *adb.Device { return server.Device(serial, adb.Options{}) },
		Dial: func(ctx context.Context, _ *adb.Device, port int, text string) error {
			c, err := p.ADB().DialReverse(ctx, port)
			if err != nil {
				return err
			}
			defer c.Close()
			_, err = fmt.Fprintln(c, text)
			return err
		},
		Proxy: func(context.Context, *adb.Device) (string, error) {
			host, port, ok := p.State().Proxy.Effective()
			if !ok {
				return "", nil
			}
			return net.JoinHostPort(host, strconv.Itoa(port)), nil
		},
	}
}

func TestVirtualPhonePasses(t *testing.T) {
	for _, name := range []string{"leaky-2020", "clean", "mi-10", "hyperos"} { // MIUI 11, Android One, MIUI 12.5 on Android 11, HyperOS
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, f := virtualPhone(t, name)
			f.Reboot = name != "mi-10"
			adbtest.Run(t, f)
		})
	}
}

// TestUSBPhonePasses asks the same of the phone whose serial is in PHONE_SERIAL, through the user's adb server. It taps in
// the settings app, sets and clears the proxy, and reboots nothing.
func TestUSBPhonePasses(t *testing.T) {
	serial := os.Getenv("PHONE_SERIAL")
	if serial == "" {
		t.Skip("PHONE_SERIAL names no phone")
	}
	server, err := adb.EnsureUserServer(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := server.WaitState(t.Context(), serial, adb.StateDevice); err != nil {
		t.Fatal(err)
	}
	adbtest.Run(t, adbtest.Factory{Kind: "usb", Device: func(*testing.T) *adb.Device { return server.Device(serial, adb.Options{}) }})
}

// broken are phones that the suite must not let pass, with the parts that must fail.
var broken = map[string]struct {
	faults phone.Faults
	lie    func(*adbtest.Factory)
	parts  []string
}{
	"drops-taps":      {phone.Faults{SilentTaps: true}, nil, []string{"taps"}},
	"cuts-files":      {phone.Faults{Cut: map[string]int{"cat": 100}}, nil, []string{"shell", "files"}},
	"cuts-properties": {phone.Faults{Cut: map[string]int{"getprop": 100}}, nil, []string{"readers"}},
	"cuts-pictures":   {phone.Faults{Cut: map[string]int{"screencap": 1000}}, nil, []string{"screen"}},
	"cuts-settings":   {phone.Faults{Cut: map[string]int{"settings": 2}}, nil, []string{"settings", "proxy"}},
	"cuts-counters":   {phone.Faults{Cut: map[string]int{"dumpsys": 20}}, nil, []string{"readers", "apps"}},
	"ignores-proxies": {phone.Faults{}, func(f *adbtest.Factory) {
		f.Proxy = func(context.Context, *adb.Device) (string, error) { return "", nil }
	}, []string{"proxy"}},
	"loses-the-tunnel": {phone.Faults{}, func(f *adbtest.Factory) {
		f.Dial = func(context.Context, *adb.Device, int, string) error { return net.ErrClosed }
	}, []string{"reverse"}},
}

// TestBrokenPhonesFail runs the suite against them, in a process of its own: a test cannot fail on purpose.
func TestBrokenPhonesFail(t *testing.T) {
	const env = "ADBTEST_BROKEN"
	if name := os.Getenv(env); name != "" {
		p, f := virtualPhone(t, "leaky-2020")
		p.State().Faults.Set(broken[name].faults)
		f.Patience = 6 * time.Second
		f.Moment = 600 * time.Millisecond // it is not going to
		if lie := broken[name].lie; lie != nil {
			lie(&f)
		}
		adbtest.Run(t, f)
		return
	}
	for name, b := range broken {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			only := "^TestBrokenPhonesFail$/^(" + strings.Join(b.parts, "|") + ")$"
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run="+only, "-test.v")
			cmd.Env = append(os.Environ(), env+"="+name)
			out, err := cmd.CombinedOutput()
			if err == nil {
				t.Fatalf("it passed:\n%s", out)
			}
			for _, part := range b.parts {
				if !strings.Contains(string(out), "--- FAIL: TestBrokenPhonesFail/"+part+" ") {
					t.Errorf("part %s did not fail:\n%s", part, out)
				}
			}
		})
	}
}
