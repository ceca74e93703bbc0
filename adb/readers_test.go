package adb

import (
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func sample(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// samples runs f for every sample of a folder as a seed.
func seeds(f *testing.F, folder string) {
	entries, err := os.ReadDir(filepath.Join("testdata", folder))
	if err != nil {
		f.Fatal(err)
	}
	for _, e := range entries {
		f.Add(sample(f, folder+"/"+e.Name()))
	}
}

func TestProps(t *testing.T) {
	files, err := filepath.Glob("testdata/getprop/*.txt")
	if err != nil || len(files) < 5 {
		t.Fatal(files, err)
	}
	for _, f := range files {
		if _, err := ParseProps(sample(t, "getprop/"+filepath.Base(f))); err != nil {
			t.Errorf("%s: %v", f, err)
		}
	}
	p, _ := ParseProps(sample(t, "getprop/ginkgo_miui11_android9.txt"))
	if p["ro.product.model"] != "Redmi Note 8" || p["ro.build.version.incremental"] != "V11.0.8.0.PCOMIXM" || len(p) != 37 {
		t.Errorf("%d properties, model %q", len(p), p["ro.product.model"])
	}
}

func TestPropsForms(t *testing.T) {
	tests := []struct {
		name, text string
		want       Props // nil: an error
	}{
		{"brackets in a value", "[a]: [x [y]]\n[b]: []\n", Props{"a": "x [y]", "b": ""}},
		{"line ends in a value", "[a]: [one\ntwo\n]\n[b]: [2]", Props{"a": "one\ntwo\n", "b": "2"}},
		{"CR LF", "[a]: [1]\r\n[b]: [2]\r\n", Props{"a": "1", "b": "2"}},
		{"cut in a value", "[a]: [1]\n[b]: [half", nil},
		{"another text", "error: closed\n", nil},
		{"text before", "WARNING: linker\n[a]: [1]\n", nil},
		{"nothing", "", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := ParseProps([]byte(tt.text))
			if (err != nil) != (tt.want == nil) {
				t.Fatalf("error %v", err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestPackages(t *testing.T) {
	got, err := ParsePackages(sample(t, "netstats/pm_list_packages_U.txt"))
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 9 || got[5] != (Package{Name: "com.miui.analytics", UID: 10152}) {
		t.Errorf("%+v", got)
	}
	got, err = ParsePackages([]byte("package:a.b versionCode:2021 uid:10152,1010152\n"))
	if diff := cmp.Diff([]Package{{Name: "a.b", UID: 10152, Code: "2021"}}, got); diff != "" || err != nil {
		t.Errorf("%v, %s", err, diff)
	}
	for _, bad := range []string{"", "package:a.b", "package:a.b uid:x", "Error: java.lang.X", "package:a uid:-1"} {
		if got, err := ParsePackages([]byte(bad)); err == nil {
			t.Errorf("%q gives %+v", bad, got)
		}
	}
	versions := ParseVersions([]byte("  Package [a.b] (1f):\n    versionName=2.0 beta\n    versionName=9\n  Package [c] (2):\nHidden:\n  Package [a.b] (3):\n    versionName=1.0\n"))
	if diff := cmp.Diff(map[string]string{"a.b": "2.0 beta"}, versions); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestNetstats(t *testing.T) {
	const qtaguid = "idx iface acct_tag_hex uid_tag_int cnt_set rx_bytes rx_packets tx_bytes tx_packets\n"
	tests := []struct {
		name, text string
		want       Traffic // nil: an error
	}{
		{"Android 8 to 11", string(sample(t, "netstats/android8-11.txt")), Traffic{10142: {RX: 3533 + 11127, TX: 6247 + 22005}}},
		{"Android 12 to 16, tagged rows are a part", string(sample(t, "netstats/android12-16.txt")), Traffic{10144: {RX: 63623203, TX: 1594753}}},
		{"Android 13 to 16, the kernel's map", string(sample(t, "netstats/android13-16_bpf_map.txt")),
			Traffic{10790: {RX: 22097, TX: 16666298}, 10707: {RX: 5210000000, TX: 48000000}}},
		{"early Android 13 has two colons", "mAppUidStatsMap::\n  uid rxBytes rxPackets txBytes txPackets\n10001 1 1 2 1\n", Traffic{10001: {1, 2}}},
		{"the dump began again: the last row counts", "mAppUidStatsMap:\nuid rxBytes rxPackets txBytes txPackets\n1 5 1 5 1\nEntry is deleted while dumping, iterating from first entry\n1 7 1 9 1\n", Traffic{1: {7, 9}}},
		{"an empty map is known to be empty", "mAppUidStatsMap:\n  uid rxBytes rxPackets txBytes txPackets\n", Traffic{}},
		{"the status line is no map", "mAppUidStatsMap: OK\n", nil},
		{"a map without columns", "mAppUidStatsMap:\n", nil},
		{"a map with other columns", "mAppUidStatsMap:\n uid txBytes rxBytes\n1 2 3\n", nil},
		{"both: the map is preferred", "UID stats:\n  ident=[] uid=1 set=DEFAULT tag=0x0\n  st=1 rb=1 tb=1\nmAppUidStatsMap:\nuid rxBytes rxPackets txBytes txPackets\n1 5 1 6 1\n", Traffic{1: {5, 6}}},
		{"an SSID that looks like a header", "UID stats:\n  ident=[{networkId=\"] uid=7 set=X tag=0x0 \"}] uid=8 set=DEFAULT tag=0x0\n    st=1 rb=1 rp=1 tb=2 tp=1 op=0\n", Traffic{8: {1, 2}}},
		{"sets are added", "UID stats:\n  [] uid=8 set=DEFAULT tag=0x0\n    st=1 rb=1 tb=2\n  [] uid=8 set=FOREGROUND tag=0x0\n    st=1 rb=10 tb=20\n", Traffic{8: {11, 22}}},
		{"the section ends", "UID stats:\n  [] uid=8 set=DEFAULT tag=0x0\n    st=1 rb=1 tb=2\nUID tag stats:\n  [] uid=8 set=DEFAULT tag=0x0\n    st=1 rb=10 tb=20\n", Traffic{8: {1, 2}}},
		{"history that is left out", "UID stats:\n  [] uid=8 set=DEFAULT tag=0x0\n    (omitting 12 buckets)\n    st=1 rb=1 tb=2\n", nil},
		{"overflow", "UID stats:\n [] uid=8 set=D tag=0x0\n  rb=9223372036854775807 tb=1\n  rb=1 tb=1\n", nil},
		{"xt_qtaguid without lo and tags", qtaguid + "2 lo 0x0 10001 0 100 1 100 1\n3 wlan0 0x0 10001 0 5 1 6 1\n4 wlan0 0xff00000000 10001 0 5 1 6 1\n5 rmnet0 0x0 10001 1 10 1 20 1\n", Traffic{10001: {15, 26}}},
		{"a denial", "Permission Denial: can't dump NetworkStats from from pid=1, uid=2000\n", nil},
		{"nothing", "", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, _, err := parseNetstats([]byte(tt.text))
			if (err != nil) != (tt.want == nil) {
				t.Fatalf("%v, error %v", got, err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestSocketTable(t *testing.T) {
	got, err := ParseSockets("tcp6", sample(t, "netstats/proc_net_tcp6.txt"))
	if err != nil {
		t.Fatal(err)
	}
	want := []Socket{
		{Proto: "tcp6", Local: netip.MustParseAddrPort("[::ffff:127.0.0.1]:51236"), Remote: netip.MustParseAddrPort("[::ffff:127.0.0.1]:18080"), State: TCPEstablished, UID: 10152, Inode: 90004},
		{Proto: "tcp6", Local: netip.MustParseAddrPort("[::1]:80"), Remote: netip.MustParseAddrPort("[::]:0"), State: TCPListen, UID: 1000, Inode: 55001},
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateComparable(netip.AddrPort{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	v4 := "  sl  local_address rem_address   st\n   0: 0F02000A:D2F1 08080808:01BB 02 00000000:00000000 00:00000000 00000000 10077        0 1 1\n"
	got, err = ParseSockets("tcp", []byte(v4))
	if err != nil || got[0].Local.String() != "10.0.2.15:54001" || got[0].Remote.String() != "8.8.8.8:443" || got[0].State != TCPSynSent {
		t.Errorf("%+v, %v", got, err)
	}
	for _, bad := range []string{"", "cat: /proc/net/tcp: Permission denied\n", "sl\n 0: 0F02000A:D2F1\n", strings.Replace(v4, "0F02000A", "0F02", 1), strings.Replace(v4, "10077", "-1", 1)} {
		if got, err := ParseSockets("tcp", []byte(bad)); err == nil {
			t.Errorf("%q gives %+v", bad, got)
		}
	}
}

func TestBattery(t *testing.T) {
	got, err := ParseBattery(sample(t, "dumpsys/battery.txt"))
	want := Battery{Level: 82, Scale: 100, Status: 2, Temperature: 29.5, Powered: true}
	if got != want || err != nil {
		t.Errorf("%+v, %v", got, err)
	}
	got, err = ParseBattery([]byte("Current Battery Service state:\n  (UPDATES STOPPED -- use 'reset' to restart)\n  level: 5\n  temperature: -20\n"))
	if !got.Faked || got.Level != 5 || got.Temperature != -2 || err != nil {
		t.Errorf("%+v, %v", got, err)
	}
	for _, bad := range []string{"", "level: lots\n", "Can't find service: battery\n"} {
		if got, err := ParseBattery([]byte(bad)); err == nil {
			t.Errorf("%q gives %+v", bad, got)
		}
	}
}

func TestScreenAndLock(t *testing.T) {
	for text, want := range map[string]Wakefulness{"Power:\n  mWakefulness=Asleep\n": "Asleep", "  getWakefulnessLocked()=Awake\n": Awake, "mWakefulnessChanging=false\n": "", "": ""} {
		if got, err := ParseWakefulness([]byte(text)); got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v", text, got, err)
		}
	}
	tests := []struct {
		name, text string
		want       Keyguard
		bad        bool
	}{
		{"screen off, not locked", string(sample(t, "dumpsys/keyguard_window_policy.txt")), Keyguard{ScreenOff: true}, false},
		{"Android 9, lock screen", "mShowingLockscreen=true mDreamingLockscreen=false", Keyguard{Locked: true}, false},
		{"Android 9, unlocked", "mShowingLockscreen=false mShowingDream=false mDreamingLockscreen=false", Keyguard{}, false},
		{"Android 10, locked with a PIN", " secure=true\n mIsShowing=true\n mInputRestricted=true", Keyguard{Locked: true, Secure: true}, false},
		{"Android 10, behind an app that shows over it", " mIsShowing=true\n mInputRestricted=false", Keyguard{}, false},
		{"another text", "mCurrentFocus=null", Keyguard{}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got, err := ParseKeyguard([]byte(tt.text)); got != tt.want || (err != nil) != tt.bad {
				t.Errorf("%+v, %v", got, err)
			}
		})
	}
}

func TestFocus(t *testing.T) {
	const launcher, shade = "  mCurrentFocus=Window{e5a51a5 u0 com.miui.home/com.miui.home.launcher.Launcher}\n", "  mCurrentFocus=Window{9c u0 NotificationShade}\n"
	tests := []struct {
		name, text string
		want       Focus
		bad        bool
	}{
		{"all variants together: the pair that agrees", string(sample(t, "dumpsys/window_focus_variants.txt")),
			Focus{"eu.niko.smart.universal", "crc648a3abc16689e594e.MainActivity", "eu.niko.smart.universal/crc648a3abc16689e594e.MainActivity"}, false},
		{"Android 4 form", "mCurrentFocus=Window{4330b6c0 com.android.settings/com.android.settings.SubSettings paused=false}",
			Focus{"com.android.settings", "com.android.settings.SubSettings", "com.android.settings/com.android.settings.SubSettings"}, false},
		{"launcher", launcher, Focus{"com.miui.home", "com.miui.home.launcher.Launcher", "com.miui.home/com.miui.home.launcher.Launcher"}, false},
		{"the shade over an app is not the app", shade + "mFocusedApp=ActivityRecord{1 u0 a.b/.C t9}\n", Focus{Window: "NotificationShade"}, false},
		{"an app's menu is the app", "mCurrentFocus=Window{1 u0 PopupWindow:2f1}\nmFocusedApp=ActivityRecord{1 u0 a.b/.C t9}\n", Focus{"a.b", "a.b.C", "PopupWindow:2f1"}, false},
		{"an app that does not respond", "mCurrentFocus=Window{1f u0 Application Not Responding: a.b}\n", Focus{Window: "Application Not Responding: a.b"}, false},
		{"windows are changing", "mCurrentFocus=null\nmFocusedApp=ActivityRecord{1 u0 a.b/.C t9}\n", Focus{}, false},
		{"resumed activity alone", "  topResumedActivity=ActivityRecord{456 u0 com.user.chat/.MainActivity t2}\n", Focus{Package: "com.user.chat", Activity: "com.user.chat.MainActivity"}, false},
		{"a title that looks like a component", "mCurrentFocus=Window{1 u0 Application Error: a/b}", Focus{Window: "Application Error: a/b"}, false},
		{"nothing", "WINDOW MANAGER DISPLAY CONTENTS\n", Focus{}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got, err := ParseFocus([]byte(tt.text)); got != tt.want || (err != nil) != tt.bad {
				t.Errorf("%+v, %v", got, err)
			}
		})
	}
}

func TestStarted(t *testing.T) {
	got, err := ParseStarted(sample(t, "dumpsys/am_start_W.txt"))
	want := Started{Status: "ok", LaunchState: "COLD", Activity: "com.facebook.alohaapps.launcher/com.facebook.aloha.app.home.touch.HomeActivity", TotalTime: 1479 * time.Millisecond}
	if got != want || err != nil || !got.OK() {
		t.Errorf("%+v, %v", got, err)
	}
	tests := []struct {
		text string
		ok   bool
		err  string
	}{
		{"Starting: Intent { }\nWarning: Activity not started, its current task has been brought to the front\nStatus: ok\nComplete\n", true, ""},
		{"Starting: Intent { }\nStatus: timeout\nComplete\n", true, ""}, // a cold start on a slow phone: it was started
		{"Starting: Intent { }\nStatus: unsure\nComplete\n", false, "status unsure"},
		{"Starting: Intent { cmp=a/.B }\nError type 3\nError: Activity class {a/a.B} does not exist.\n", false, "Activity class {a/a.B} does not exist."},
		{"Error: Activity not started, unable to resolve Intent { }\n", false, "Activity not started, unable to resolve Intent { }"},
		{"java.lang.SecurityException: Permission Denial: starting Intent {} not exported from uid 10123\n\tat x\n", false, "Permission Denial: starting Intent {} not exported from uid 10123"},
		{"Starting: Intent { }\n", false, "no status"},
	}
	for _, tt := range tests {
		got, err := ParseStarted([]byte(tt.text))
		if err != nil || got.OK() != tt.ok || got.Error != tt.err {
			t.Errorf("%q: %+v, %v", tt.text, got, err)
		}
	}
	if _, err := ParseStarted([]byte("sh: am: not found")); err == nil {
		t.Error("a text that is not am's is taken for one")
	}
}

func TestSmallReaders(t *testing.T) {
	d, err := ParseDisplay([]byte("Physical size: 1080x2340\nOverride size: 720x1560\n"))
	if err != nil || d.Physical != (Size{1080, 2340}) || d.Current() != (Size{720, 1560}) {
		t.Errorf("%+v, %v", d, err)
	}
	for _, bad := range []string{"", "Physical size: 0x5\n", "Physical size: 1080\n"} {
		if d, err := ParseDisplay([]byte(bad)); err == nil {
			t.Errorf("%q gives %+v", bad, d)
		}
	}
	if c, err := ParseClock([]byte("1584550482.000000007\n")); err != nil || c.UnixNano() != 1584550482000000007 {
		t.Errorf("%v, %v", c, err)
	}
	if c, err := ParseClock([]byte("1584550482.N\n")); err != nil || c.UnixNano() != 1584550482500000000 {
		t.Errorf("%v, %v", c, err)
	}
	for _, bad := range []string{"", "now", "-5.000000000", "99999999999999"} {
		if c, err := ParseClock([]byte(bad)); err == nil {
			t.Errorf("%q gives %v", bad, c)
		}
	}
	accounts := "User UserInfo{0:Owner:13}:\n  Accounts: 3\n    Account {name=1, type=com.xiaomi}\n    Account {name=a, type=x}, type=com.google}\n    Account {name=b, type=com.google}\n" +
		"    Account {name=c, type=one.too.many}\n\n  AccountId, Action_Type\n    Account {name=d, type=of.a.log}\n\nUser UserInfo{10:x:1}:\n  Accounts: 1\n"
	if got, err := ParseAccounts([]byte(accounts)); got.Count != 4 || len(got.Types) != 2 || got.Types["com.google"] != 2 || got.Types["com.xiaomi"] != 1 || err != nil {
		t.Errorf("%v, %v", got, err)
	}
	if got, err := ParseAccounts([]byte("  Accounts: 0\n")); got.Count != 0 || got.Types != nil || err != nil {
		t.Errorf("of nobody: %v, %v", got, err)
	}
	if _, err := ParseAccounts([]byte("Account {name=Accounts: 5}")); err == nil {
		t.Error("a name is taken for a count")
	}
	if id, err := ParseBootID([]byte("0b6f5a1e-1c2d-4e3f-8a9b-0c1d2e3f4a5b\n")); id == "" || err != nil {
		t.Error(id, err)
	}
	if id, err := ParseBootID([]byte("cat: denied")); err == nil {
		t.Error(id)
	}
	if line, ok := ParseInputDenied(sample(t, "errors/miui_and_input.txt")); !ok || !strings.HasPrefix(line, "10-05") {
		t.Error(line, ok)
	}
	if line, ok := ParseInputDenied([]byte("W InputDispatcher: Dropping event\n")); ok {
		t.Error(line)
	}
}
