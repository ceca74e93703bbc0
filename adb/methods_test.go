package adb

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const mapOf = "mAppUidStatsMap:\n  uid rxBytes rxPackets txBytes txPackets\n"

func TestTrafficStaysWithItsSource(t *testing.T) {
	answers := script{
		"shell,v2,raw:dumpsys netstats":                                         prints("UID stats:\n  [] uid=1 set=DEFAULT tag=0x0\n    st=1 rb=9 tb=9\n", "", 0),
		"shell,v2,raw:dumpsys connectivity trafficcontroller":                   prints("Unknown argument\n", "", 255),
		"shell,v2,raw:dumpsys netd trafficcontroller":                           prints("Can't find service: netd\n", "", 0),
		"shell,v2,raw:dumpsys netstats --poll && dumpsys netstats --uid --full": prints("Forced poll\nUID stats:\n  [] uid=1 set=DEFAULT tag=0x0\n    st=1 rb=1 tb=2\n", "", 0),
	}
	f := startFake(t, v2(answers))
	d := f.device(Options{})
	for range 2 {
		got, err := d.Traffic(t.Context())
		if diff := cmp.Diff(Traffic{1: {1, 2}}, got); diff != "" || err != nil {
			t.Fatalf("%v, (-want +got):\n%s", err, diff)
		}
	}
	if n := len(f.requests()); n != 1+4+1 { // the features; four sources; then only the one that answered
		t.Errorf("%d requests: %q", n, f.requests())
	}
}

func TestTrafficNowhere(t *testing.T) {
	f := startFake(t, v2(script{"shell,v2,raw:*": prints("Permission Denial: can't dump NetworkStats\n", "", 0)}))
	_, err := f.device(Options{}).Traffic(t.Context())
	if !errors.Is(err, Malformed) || !strings.Contains(err.Error(), "netstats: ") {
		t.Errorf("error %v", err)
	}
	f = startFake(t, v2(script{"shell,v2,raw:*": func(c *fakeConn) { c.okay() }}))
	if _, err := f.device(Options{}).Traffic(t.Context()); !errors.Is(err, NoExit) {
		t.Errorf("a link that drops: %v", err)
	}
}

func TestSocketsOfAllTables(t *testing.T) {
	const head = "  sl  local_address rem_address   st\n"
	row := "   0: 0100007F:D2F1 0100007F:46A0 01 0:0 0:0 0 10077 0 1 1\n"
	line := func(protos string) string {
		return "shell,v2,raw:for p in " + protos + `; do echo "== $p"; cat /proc/net/$p || exit 9; done`
	}
	f := startFake(t, v2(script{
		line("tcp tcp6"): prints("== tcp\n"+head+row+"== tcp6\n"+head, "", 0),
		line("udp"):      prints("== udp\n", "cat: /proc/net/udp: Permission denied\n", 9),
		line("udp6"):     prints("== udp6\n", "", 0),
	}))
	d := f.device(Options{})
	rows, err := d.Sockets(t.Context(), "tcp", "tcp6")
	if err != nil || len(rows) != 1 || rows[0].UID != 10077 || rows[0].Proto != "tcp" {
		t.Errorf("%+v, %v", rows, err)
	}
	if _, err := d.Sockets(t.Context(), "udp"); !errors.Is(err, Denied) {
		t.Errorf("a forbidden table: %v", err)
	}
	if _, err := d.Sockets(t.Context(), "udp6"); !errors.Is(err, Malformed) {
		t.Errorf("a table without columns: %v", err)
	}
	if _, err := d.Sockets(t.Context(), "tcp; reboot"); !errors.Is(err, Usage) {
		t.Errorf("no table: %v", err)
	}
}

func TestPackagesOfOldPhones(t *testing.T) {
	f := startFake(t, v2(script{
		"shell,v2,raw:'cmd' 'package' 'list' 'packages' '-U' '--show-versioncode'": prints("", "Error: Unknown option: --show-versioncode\n", 1),
		"shell,v2,raw:'pm' 'list' 'packages' '-U'":                                 prints("package:a.b uid:10001\n", "", 0),
		"shell,v2,raw:dumpsys package packages | *":                                prints("", "", 1),
	}))
	got, err := f.device(Options{}).Packages(t.Context())
	if diff := cmp.Diff([]Package{{Name: "a.b", UID: 10001}}, got); diff != "" || err != nil {
		t.Errorf("%v, (-want +got):\n%s", err, diff)
	}
}

func TestStartActivity(t *testing.T) {
	f := startFake(t, v2(script{
		"shell,v2,raw:'am' 'start' '-W' '-n' 'a/.B'": prints("Starting: Intent { cmp=a/.B }\n", "Error type 3\nError: Activity class {a/a.B} does not exist.\n", 1),
		"shell,v2,raw:'am' 'start' '-W' '-n' 'c/.D'": prints("Starting: Intent { cmp=c/.D }\nStatus: ok\nActivity: c/.D\nComplete\n", "", 0),
		"shell,v2,raw:'am' 'start' '-W' '-n' 'e/.F'": prints("", "/system/bin/sh: am: inaccessible or not found\n", 127),
		"shell,v2,raw:'am' 'start' '-W' '-n' 'g/.H'": func(c *fakeConn) { c.okay(); c.packet(packetStdout, "Starting: Intent { }\nStatus: ok\n") },
	}))
	d, ctx := f.device(Options{}), t.Context()
	if s, err := d.StartActivity(ctx, "-n", "a/.B"); err != nil || s.OK() || s.Error != "Activity class {a/a.B} does not exist." {
		t.Errorf("%+v, %v", s, err)
	}
	if s, err := d.StartActivity(ctx, "-n", "c/.D"); err != nil || !s.OK() || s.Activity != "c/.D" {
		t.Errorf("%+v, %v", s, err)
	}
	var exit *ExitError
	if s, err := d.StartActivity(ctx, "-n", "e/.F"); !errors.As(err, &exit) {
		t.Errorf("%+v, %v", s, err)
	}
	if s, err := d.StartActivity(ctx, "-n", "g/.H"); !errors.Is(err, NoExit) || s.OK() {
		t.Errorf("%+v, %v", s, err)
	}
}

// Of an activity that draws nothing itself, am start -W may wait for ever (fenix issue 2134, appium issue 12962).
func TestStartActivityThatIsNeverDrawn(t *testing.T) {
	t.Parallel()
	f := startFake(t, v2(script{
		"shell,v2,raw:'am' 'start' '-W' '-n' 'a/.B'": func(c *fakeConn) { c.okay(); c.packet(packetStdout, "Starting: Intent { cmp=a/.B }\n"); hangs(c) },
		"shell,v2,raw:'am' 'start' '-W' '-n' 'c/.D'": func(c *fakeConn) { c.okay(); hangs(c) },
	}))
	if s, err := f.device(Options{Limits: Limits{Start: 3 * time.Second}}).StartActivity(t.Context(), "-n", "a/.B"); err != nil || !s.OK() {
		t.Errorf("%+v, %v", s, err)
	}
	if s, err := f.device(Options{Limits: Limits{Start: 50 * time.Millisecond}}).StartActivity(t.Context(), "-n", "c/.D"); !errors.Is(err, Timeout) || s.OK() {
		t.Errorf("am itself hangs: %+v, %v", s, err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if s, err := f.device(Options{}).StartActivity(ctx, "-n", "a/.B"); !errors.Is(err, Timeout) || s.OK() {
		t.Errorf("the caller's own time is over: %+v, %v", s, err)
	}
}

func TestSmallMethods(t *testing.T) {
	const resolve = "shell,v2,raw:'cmd' 'package' 'resolve-activity' '--brief' '-c' 'android.intent.category.LAUNCHER' "
	f := startFake(t, v2(script{
		resolve + "'com.miui.home'":                            prints(string(sample(t, "dumpsys/resolve_activity_brief.txt")), "", 0),
		resolve + "'none'":                                     prints("No activity found\n", "", 0),
		resolve + "'other'":                                    prints("android/com.android.internal.app.ResolverActivity\n", "", 0),
		"shell,v2,raw:'dumpsys' 'window' 'displays'":           prints("WINDOW MANAGER DISPLAY CONTENTS\n", "", 0),
		"shell,v2,raw:'dumpsys' 'window' 'windows'":            prints("  mCurrentFocus=Window{1f u0 a.b/a.b.C}\n", "", 0),
		"shell,v2,raw:'cat' '/proc/sys/kernel/random/boot_id'": prints("", "cat: Permission denied\n", 1),
		"shell,v2,raw:'getprop' 'ro.boottime.init'":            prints("123456789\n", "", 0),
		"exec:'screencap' '-p'":                                streams("Error: secure window\n"),
	}))
	d, ctx := f.device(Options{}), t.Context()
	if c, err := d.ResolveLauncher(ctx, "com.miui.home"); c != "com.miui.home/.launcher.Launcher" || err != nil {
		t.Errorf("%q, %v", c, err)
	}
	for _, pkg := range []string{"none", "other"} {
		if c, err := d.ResolveLauncher(ctx, pkg); !errors.Is(err, NoActivity) {
			t.Errorf("%q, %v", c, err)
		}
	}
	if fo, err := d.Focus(ctx); err != nil || fo.Package != "a.b" || fo.Activity != "a.b.C" {
		t.Errorf("focus on Android 9: %+v, %v", fo, err)
	}
	if id, err := d.BootID(ctx); id != "init-123456789" || err != nil {
		t.Errorf("%q, %v", id, err)
	}
	if _, err := d.Screencap(ctx); !errors.Is(err, NoScreen) {
		t.Errorf("a screenshot that is none: %v", err)
	}
}

func TestPNG(t *testing.T) {
	const png = "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x04\x38\x00\x00\x09\x24\x08\x06\x00\x00\x00xxxx\x00\x00\x00\x00IEND\xaeB`\x82"
	b, size, err := ParsePNG([]byte("[Warning] Multiple displays were found\n" + png))
	if err != nil || string(b) != png || size != (Size{1080, 2340}) {
		t.Errorf("%v, %v", size, err)
	}
	for name, bad := range map[string]string{"nothing": "", "cut": png[:len(png)-1], "a text": "Error", "no pixels": strings.Replace(png, "\x04\x38", "\x00\x00", 1)} {
		if _, size, err := ParsePNG([]byte(bad)); err == nil {
			t.Errorf("%s: %v", name, size)
		}
	}
}

func TestFaultTexts(t *testing.T) {
	for code, text := range codes {
		if text.says == "" || text.class == "" {
			t.Errorf("%s says nothing", code)
		}
		err := newFault(code, "7c2d9a10", "doing x", errors.New("cause"))
		if got := err.Error(); !strings.HasPrefix(got, "doing x on 7c2d9a10: "+text.says+": cause") || !strings.HasSuffix(got, text.fix) {
			t.Errorf("%s: %s", code, got)
		}
	}
	if got := newFault(Offline, strings.Repeat("s", 9999), strings.Repeat("o", 9999), errors.New(strings.Repeat("e", 9999))).Error(); len(got) > 2000 {
		t.Errorf("a text of %d bytes", len(got))
	}
	if ClassOf(nil) != "" || ClassOf(errors.New("x")) != ClassHarness || ClassOf(&ExitError{}) != ClassPhone || CodeOf(&ExitError{}) != "" {
		t.Error("classes")
	}
}
