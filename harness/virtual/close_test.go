package virtual

import (
	"bytes"
	"context"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/telltale-farm/telltale/harness/virtual/internet"
	"github.com/telltale-farm/telltale/harness/virtual/personality"
	"github.com/telltale-farm/telltale/harness/virtual/shell"
)

// A phone that is closed in the middle of everything leaves nothing running.
func TestCloseLeavesNothingRunning(t *testing.T) {
	before := runtime.NumGoroutine()
	for round := range 3 {
		web, err := internet.Start(internet.Options{})
		if err != nil {
			t.Fatal(err)
		}
		busy := personality.Leaky2020()
		busy.Noise = append(busy.Noise, personality.Noise{App: "com.miui.analytics", URL: "https://duckduckgo.com/", Every: time.Millisecond})
		busy.Leaks = append(busy.Leaks, personality.Leak{App: "com.miui.analytics", On: []personality.Trigger{personality.OnBeat}, URL: personality.OneTrackURL,
			Encoding: "onetrack", Every: time.Millisecond})
		p, err := New(Options{Personality: busy, Internet: web, RootPEM: web.RootPEM()})
		if err != nil {
			t.Fatal(err)
		}
		if err := p.Listen(t.Context(), "127.0.0.1:0"); err != nil {
			t.Fatal(err)
		}
		sh(t, p, "am start -a android.intent.action.VIEW -d https://duckduckgo.com/ com.android.browser; (sleep 60) >/dev/null 2>&1 & setsid sleep 60 >/dev/null &")
		done := make(chan int, 1)
		ctx, cancel := context.WithCancel(context.Background())
		go func() {
			done <- p.shell.Run(ctx, shell.Command{Line: "logcat | cat", Stdin: strings.NewReader(""), Stdout: &bytes.Buffer{}, Stderr: &bytes.Buffer{}})
		}()
		if round == 1 {
			p.adb.Reboot("")
		}
		cancel()
		<-done
		if err := p.Close(); err != nil {
			t.Error(err)
		}
		if err := web.Close(); err != nil {
			t.Error(err)
		}
	}
	for end := time.Now().Add(time.Minute); runtime.NumGoroutine() > before; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			buf := make([]byte, 1<<20)
			t.Fatalf("%d goroutines before, %d after\n%s", before, runtime.NumGoroutine(), buf[:runtime.Stack(buf, true)])
		}
	}
}

func TestTwoPhonesShareNoIdentifier(t *testing.T) {
	web := newInternet(t)
	seen := map[string]string{}
	for _, name := range []string{"a", "b", "c"} {
		p, err := New(Options{Personality: personality.Leaky2020(), Name: name, Internet: web, RootPEM: web.RootPEM()})
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		again, err := New(Options{Personality: personality.Leaky2020(), Name: "other", Seed: name, Internet: web, RootPEM: web.RootPEM()})
		if err != nil {
			t.Fatal(err)
		}
		defer again.Close()
		for _, line := range []string{"getprop ro.serialno", "settings get secure android_id", "cat /sys/class/net/wlan0/address", "cat /proc/sys/kernel/random/boot_id"} {
			value := sh(t, p, line)
			if other, taken := seen[value]; taken || len(value) < 8 {
				t.Errorf("%s of %s: %q, also of %s", line, name, value, other)
			}
			seen[value] = name
			if got := sh(t, again, line); got != value {
				t.Errorf("%s: the same seed gave %q and %q", line, value, got)
			}
		}
	}
}

func TestAirplaneModeHasNoInternet(t *testing.T) {
	p := newPhone(t, personality.Clean())
	sh(t, p, "settings put global airplane_mode_on 1; am start -a android.intent.action.VIEW -d https://www.google.com/ com.android.chrome")
	tapID(t, p, "com.android.chrome:id/terms_accept")
	until(t, p, "uiautomator dump /dev/tty", "No internet")
	if out := sh(t, p, "dumpsys connectivity"); !strings.Contains(out, "Active default network: none") {
		t.Errorf("%q", out)
	}
}

func TestOptionsThatCannotWork(t *testing.T) {
	unsound := personality.Clean()
	unsound.Apps = nil
	for name, o := range map[string]Options{
		"no personality": {}, "unsound personality": {Personality: unsound}, "no certificate": {Personality: personality.Clean(), RootPEM: []byte("x")},
	} {
		if p, err := New(o); err == nil {
			p.Close()
			t.Errorf("%s: accepted", name)
		}
	}
}
