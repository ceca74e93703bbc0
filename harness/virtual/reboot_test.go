package virtual

import (
	"strings"
	"testing"
	"time"

	"github.com/telltale-farm/telltale/harness/virtual/personality"
)

// What a reboot keeps and what it loses.
func TestReboot(t *testing.T) {
	p := newPhone(t, personality.Leaky2020())
	if err := p.Listen(t.Context(), "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	sh(t, p, "settings put global http_proxy 127.0.0.1:18080; settings delete global http_proxy; echo kept > /sdcard/kept; log -t T gone")
	sh(t, p, "am start -n com.android.browser/.BrowserActivity")
	tapText(t, p, "Agree")
	boot := sh(t, p, "cat /proc/sys/kernel/random/boot_id")
	sh(t, p, "reboot")
	for end := time.Now().Add(time.Minute); sh(t, p, "cat /proc/sys/kernel/random/boot_id") == boot; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("it never rebooted")
		}
	}
	until(t, p, "dumpsys window windows", "com.miui.home.launcher.Launcher")
	for _, c := range []struct{ line, want string }{
		{"dumpsys connectivity | grep proxy", "Global proxy: [127.0.0.1] 18080\n"}, {"cat /sdcard/kept", "kept\n"},
		{"pidof com.android.browser || echo gone", "gone\n"}, {"logcat -d -s T | grep -c ' T '", "0\n"}, {"getprop sys.boot_completed", "1\n"},
		{"dumpsys activity activities | grep -c Hist", "1\n"},
	} {
		if got := sh(t, p, c.line); got != c.want {
			t.Errorf("%s: %q, want %q", c.line, got, c.want)
		}
	}
	sh(t, p, "am start -n com.android.browser/.BrowserActivity")
	if out := sh(t, p, "uiautomator dump /dev/tty"); strings.Contains(out, "Agree") {
		t.Error("an app's data are gone after a reboot")
	}
}
