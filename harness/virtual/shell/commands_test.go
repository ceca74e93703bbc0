package shell_test

import (
	"strings"
	"testing"
	"time"

	"github.com/telltale-farm/telltale/harness/virtual/personality"
	"github.com/telltale-farm/telltale/harness/virtual/phone"
)

// What commands print, and with which exit code. Lines run one after the other on one phone.
func TestCommands(t *testing.T) {
	r := newRig(t, personality.Leaky2020())
	for _, c := range []struct {
		line, out, errs string
		code            int
	}{
		{"getprop ro.product.model", "Redmi Note 8\n", "", 0},
		{"getprop no.such", "\n", "", 0},
		{"getprop no.such other", "other\n", "", 0},
		{"getprop | grep -c '^\\[ro.product.device\\]: \\[ginkgo\\]$'", "1\n", "", 0},
		{"setprop debug.a b; getprop debug.a", "b\n", "", 0},
		{"setprop ro.product.model x", "", "setprop: failed to set property 'ro.product.model' to 'x'\n", 1},

		{"settings get global http_proxy", "null\n", "", 0},
		{"settings put global http_proxy 127.0.0.1:18080", "", "", 0},
		{"settings get global http_proxy; settings get global global_http_proxy_port", "127.0.0.1:18080\n18080\n", "", 0},
		{"settings delete global http_proxy", "Deleted 1 rows\n", "", 0},
		{"settings delete global http_proxy", "Deleted 0 rows\n", "", 0},
		{"dumpsys connectivity | grep proxy", "Global proxy: [127.0.0.1] 18080\n", "", 0},
		{"settings put global http_proxy :0; dumpsys connectivity | grep proxy", "Global proxy: none\n", "", 0},
		{"settings --user 0 put system x 'a b'; settings get system x; settings list system", "a b\nx=a b\n", "", 0},
		{"settings get nowhere x", "", "Invalid namespace 'nowhere'\n", 255},
		{"settings get global", "", "Bad arguments\n", 255},

		{"wm size; wm density", "Physical size: 1080x2340\nPhysical density: 440\n", "", 0},
		{"cmd package list packages -U | grep -E 'analytics|browser'", "package:com.android.browser uid:10110\npackage:com.miui.analytics uid:10152\n", "", 0},
		{"pm list packages -3", "package:com.example.third\n", "", 0},
		{"pm list packages --show-versioncode com.android.browser", "package:com.android.browser versionCode:20200312\n", "", 0},
		{"pm path com.android.browser", "package:/system/app/browser/base.apk\n", "", 0},
		{"pm path com.no", "", "", 1},
		{"cmd package resolve-activity --brief -c android.intent.category.LAUNCHER com.android.browser | tail -n 1", "com.android.browser/.BrowserActivity\n", "", 0},
		{"cmd package resolve-activity --brief com.miui.analytics", "No activity found\n", "", 0},
		{"dumpsys package com.android.browser | grep -E 'versionName|userId' | sed 's/^ *//'", "userId=10110\nversionName=11.4.3-gn\n", "", 0},
		{"pm clear com.no", "Failed\n", "", 1},
		{"pm uninstall com.android.browser", "Failure [DELETE_FAILED_INTERNAL_ERROR]\n", "", 1},
		{"pm uninstall --user 0 com.android.browser; pm path com.android.browser; cmd package install-existing --user 0 com.android.browser; pm path com.android.browser",
			"Success\nPackage com.android.browser installed for user: 0\npackage:/system/app/browser/base.apk\n", "", 0},
		{"pm install-existing com.no", "", "android.content.pm.PackageManager$NameNotFoundException: Package com.no doesn't exist\n", 1},
		{"pm install /data/local/tmp/x.apk", "", "Failure [INSTALL_FAILED_INVALID_APK: a virtual phone runs no APK]\n", 1},

		{"id -u; whoami", "2000\nshell\n", "", 0},
		{"su -c id", "", "/system/bin/sh: su: inaccessible or not found\n", 127},
		{"pidof com.miui.home >/dev/null && echo runs", "runs\n", "", 0},
		{"pidof com.no", "", "", 1},
		{"kill $(pidof com.miui.home)", "", "", 1},
		{"ps -A | grep -c com.miui.home", "1\n", "", 0},
		{"uname -m", "aarch64\n", "", 0},
		{"cat /proc/sys/kernel/random/boot_id | wc -c", "37\n", "", 0},
		{"df /data | tail -n 1 | grep -c %", "1\n", "", 0},

		{"log -t T hello; logcat -d -s T", "", "", 0},
		{"logcat -c; log -t T -p w one; log -t U two; logcat -d -v raw T:W '*:S'", "--------- beginning of main\none\n", "", 0},
		{"logcat -d -v tag -b main -T 1", "--------- beginning of main\nI/U       : two\n", "", 0},

		{"mkdir -p /sdcard/a/b; touch /sdcard/a/b/c; ls /sdcard/a/b; stat -c '%a %s' /sdcard/a/b/c", "c\n660 0\n", "", 0},
		{"cp /sdcard/a/b/c /sdcard/d; mv /sdcard/d /sdcard/a/; find /sdcard/a -type f", "/sdcard/a/b/c\n/sdcard/a/d\n", "", 0},
		{"rm /sdcard/a", "", "rm: /sdcard/a: Is a directory\n", 1},
		{"rm -r /sdcard/a; ls -d /sdcard/a", "", "ls: /sdcard/a: No such file or directory\n", 1},
		{"rm -f /sdcard/none", "", "", 0},
		{"rm /sdcard/none", "", "rm: /sdcard/none: No such file or directory\n", 1},
		{"echo -n abc | sha256sum | cut -c 1-8", "ba7816bf\n", "", 0},
		{"echo -n abc | base64; echo YWJj | base64 -d", "YWJj\nabc", "", 0},
		{"printf 'a 1\\nb 2\\n' | grep -v a", "b 2\n", "", 0},
		{"printf 'a\\nb\\nc\\n' | grep -E 'a|c' | wc -l", "2\n", "", 0},
		{"printf 'a+b\\naab\\n' | grep 'a+b'", "a+b\n", "", 0},
		{"printf 'x=1;y=2\\n' | grep -o 'y=[0-9]'", "y=2\n", "", 0},
		{"echo nothing | grep -q some", "", "", 1},
		{"printf '1\\n2\\n3\\n' | tail -n +2; printf '1\\n2\\n3\\n' | tail -1", "2\n3\n3\n", "", 0},
		{"echo a-b-c | cut -d - -f 2-", "b-c\n", "", 0},
		{"echo a.b | sed 's/\\./X/g'; echo 'k=v' | sed -n 's/^k=\\(.*\\)$/\\1/p'", "aXb\nv\n", "", 0},
		{"date +%s | grep -cE '^[0-9]{10}$'; date +%s.%N | grep -cE '^[0-9]{10}\\.[0-9]{9}$'", "1\n1\n", "", 0},
		{"dumpsys nosuch", "", "Can't find service: nosuch\n", 0},
		{"cmd nosuch", "", "cmd: Can't find service: nosuch\n", 20},
	} {
		out, errs, code := r.run(t, c.line, "")
		if c.line == "log -t T hello; logcat -d -s T" {
			if !strings.Contains(out, " I T       : hello") {
				t.Errorf("%s: %q", c.line, out)
			}
			continue
		}
		if c.line == "kill $(pidof com.miui.home)" {
			if !strings.Contains(errs, "Operation not permitted") {
				t.Errorf("%s: %q", c.line, errs)
			}
			continue
		}
		if out != c.out || errs != c.errs || code != c.code {
			t.Errorf("%s\n  printed %q, stderr %q, exit %d\n  want    %q, stderr %q, exit %d", c.line, out, errs, code, c.out, c.errs, c.code)
		}
	}
}

func TestActivityManager(t *testing.T) {
	r := newRig(t, personality.Leaky2020())
	for _, c := range []struct {
		line string
		want []string
		code int
	}{
		{"am start -W -n com.android.browser/.BrowserActivity", []string{"Starting: Intent { cmp=com.android.browser/.BrowserActivity }", "Status: ok", "Activity: com.android.browser/.BrowserActivity", "TotalTime:", "Complete"}, 0},
		{"dumpsys window windows", []string{" u0 com.android.browser/com.android.browser.BrowserActivity}", "mFocusedApp=AppWindowToken{", " u0 com.android.browser/.BrowserActivity t"}, 0},
		{"dumpsys activity activities", []string{"mResumedActivity: ActivityRecord{"}, 0},
		{"am start -n com.android.browser/.No", []string{"Error type 3", "Error: Activity class {com.android.browser/com.android.browser.No} does not exist."}, 1},
		{"am start -a no.such.ACTION", []string{"Error: Activity not started, unable to resolve Intent { act=no.such.ACTION }"}, 1},
		{"am start -a android.settings.WIFI_SETTINGS", []string{"Starting: Intent { act=android.settings.WIFI_SETTINGS }"}, 0},
		{"dumpsys window windows | grep mCurrentFocus", []string{"com.android.settings/com.android.settings.Settings$WifiSettingsActivity}"}, 0},
		{"am start -W com.android.browser", []string{"Warning: Activity not started, its current task has been brought to the front"}, 0},
		{"am start", []string{"Error: No intent supplied"}, 255},
		{"am start -a", []string{`Error: Argument expected after "-a"`}, 255},
		{"am force-stop com.android.browser; pidof com.android.browser || echo gone", []string{"gone"}, 0},
		{"monkey -p com.android.browser -c android.intent.category.LAUNCHER 1", []string{"Events injected: 1"}, 0},
		{"monkey -p com.miui.analytics -c android.intent.category.LAUNCHER 1", []string{"** No activities found to run, monkey aborted."}, 252},
		{"input keyevent KEYCODE_HOME; dumpsys window windows | grep mCurrentFocus", []string{"com.miui.home/com.miui.home.launcher.Launcher}"}, 0},
		{"cmd statusbar expand-notifications; dumpsys window windows | grep mCurrentFocus", []string{"u0 StatusBar}"}, 0},
		{"cmd statusbar collapse; input keyevent 223; dumpsys power | grep mWakefulness=", []string{"mWakefulness=Asleep"}, 0},
		{"dumpsys window policy", []string{"mShowingLockscreen=true", "mIsShowing=true", "screenState=SCREEN_STATE_OFF"}, 0},
		{"uiautomator dump", []string{"ERROR: null root node returned by UiTestAutomationBridge."}, 0},
		{"input keyevent KEYCODE_WAKEUP; wm dismiss-keyguard; dumpsys window policy", []string{"mShowingLockscreen=false", "SCREEN_STATE_ON"}, 0},
		{"uiautomator dump && head -c 38 /sdcard/window_dump.xml", []string{"UI hierchary dumped to: /sdcard/window_dump.xml", "<?xml version='1.0' encoding='UTF-8' s"}, 0},
		{"screencap -p | head -c 4 | base64", []string{"iVBORw=="}, 0},
		{"screencap -p /sdcard/s.png; ls -l /sdcard/s.png", []string{"/sdcard/s.png"}, 0},
		{"dumpsys battery", []string{"  level: 82", "  USB powered: true", "  temperature: 295"}, 0},
		{"dumpsys battery set level 5; dumpsys battery; dumpsys battery reset", []string{"UPDATES STOPPED", "level: 5"}, 0},
		{"dumpsys thermalservice", []string{"Can't find service: thermalservice"}, 0},
	} {
		out, errs, code := r.run(t, c.line, "")
		for _, want := range c.want {
			if !strings.Contains(out+errs, want) {
				t.Errorf("%s: no %q in %q %q", c.line, want, out, errs)
			}
		}
		if code != c.code {
			t.Errorf("%s: exit %d, want %d (%q)", c.line, code, c.code, errs)
		}
	}
}

// The gate that MIUI keeps: with its switch off, three basic operations are denied and reading still works.
func TestWithoutTheSecuritySwitch(t *testing.T) {
	r := newRig(t, personality.Leaky2020())
	r.phone.Props.Force("persist.security.adbinput", "0")
	for _, c := range []struct {
		line, want string
		code       int
	}{
		{"input tap 1 1", "java.lang.SecurityException: Injecting to another application requires INJECT_EVENTS permission", 1},
		{"input keyevent 0", "INJECT_EVENTS", 1},
		{"settings put global http_proxy a:1", "java.lang.SecurityException: Permission denial: writing to settings requires:android.permission.WRITE_SECURE_SETTINGS", 255},
		{"settings delete global http_proxy", "Exception occurred while executing 'delete':", 255},
		{"pm clear com.android.browser", "CLEAR_APP_USER_DATA", 255},
		{"settings get global adb_enabled", "null", 0},
		{"uiautomator dump /dev/tty", "<hierarchy", 0},
		{"am start -n com.android.browser/.BrowserActivity", "Starting", 0},
	} {
		out, errs, code := r.run(t, c.line, "")
		if !strings.Contains(out+errs, c.want) || code != c.code {
			t.Errorf("%s: %q %q %d", c.line, out, errs, code)
		}
	}
	if _, _, ok := r.phone.Proxy.Effective(); ok {
		t.Error("a denied write changed the proxy")
	}
	r.phone.Props.Force("ro.build.version.sdk", "33")
	if _, errs, code := r.run(t, "input tap 1 1", ""); code != 255 || !strings.Contains(errs, "Exception occurred while executing 'tap':") {
		t.Errorf("%q %d", errs, code)
	}
}

func TestFaultsOfCommands(t *testing.T) {
	r := newRig(t, personality.Leaky2020())
	r.run(t, "uiautomator dump; am start -n com.android.browser/.BrowserActivity; logcat -c", "")
	before, _ := r.phone.Files.Read("/sdcard/window_dump.xml")
	r.phone.Faults.Set(phone.Faults{NoIdle: true, SilentTaps: true, Cut: map[string]int{"getprop": 5}})
	if out, errs, code := r.run(t, "uiautomator dump", ""); out != "" || errs != "ERROR: could not get idle state.\n" || code != 0 {
		t.Errorf("%q %q %d", out, errs, code)
	}
	if after, _ := r.phone.Files.Read("/sdcard/window_dump.xml"); string(after) != string(before) {
		t.Error("a dump that failed must leave the old file")
	}
	if out, errs, code := r.run(t, "input keyevent 3", ""); out+errs != "" || code != 0 {
		t.Errorf("a key that is dropped silently: %q %q %d", out, errs, code)
	}
	out, _, _ := r.run(t, "logcat -d; dumpsys window windows", "")
	if !strings.Contains(out, "InputDispatcher: Permission denied: injecting event from pid") || !strings.Contains(out, "mCurrentFocus=Window{") ||
		strings.Contains(out, "u0 com.miui.home/com.miui.home.launcher.Launcher}\n  mFocusedApp") {
		t.Errorf("%q", out)
	}
	if out, _, _ := r.run(t, "getprop ro.product.model", ""); out != "Redmi" {
		t.Errorf("cut output: %q", out)
	}
	r.phone.Faults.Set(phone.Faults{Hang: []string{"input"}, Slow: map[string]time.Duration{"getprop": time.Hour}, NullRoot: true})
	for line, want := range map[string]int{"timeout 0.05 input keyevent 3": 124, "timeout 0.05 getprop": 124, "timeout 5 settings list global": 0} {
		if _, _, code := r.run(t, line, ""); code != want {
			t.Errorf("%s: exit %d, want %d", line, code, want)
		}
	}
	if out, errs, _ := r.run(t, "uiautomator dump", ""); out != "" || errs != "ERROR: null root node returned by UiTestAutomationBridge.\n" {
		t.Errorf("%q %q", out, errs)
	}
}

func TestSettingsAreDataWhateverTheyHold(t *testing.T) {
	r := newRig(t, personality.Leaky2020())
	for _, v := range []string{"$(id)", "a'b", `a"b`, "a;b", "a&b", "*", "", " ", "-x", "ü", "a\\nb"} {
		quoted := "'" + strings.ReplaceAll(v, "'", `'\''`) + "'"
		if out, errs, code := r.run(t, "settings put system k "+quoted+" && settings get system k", ""); out != v+"\n" || code != 0 {
			t.Errorf("%q came back as %q %q %d", v, out, errs, code)
		}
	}
}
