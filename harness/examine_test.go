package harness_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/telltale-farm/telltale/harness"
	"github.com/telltale-farm/telltale/harness/evidence"
	"github.com/telltale-farm/telltale/harness/profile"
	"github.com/telltale-farm/telltale/harness/virtual/network"
	"github.com/telltale-farm/telltale/harness/virtual/personality"
	"github.com/telltale-farm/telltale/harness/virtual/phone"
)

// examine asks the rig's phone, and returns the checks by id.
func (r *rig) examine() map[string]harness.Check {
	r.t.Helper()
	dir, err := evidence.OpenPhone(r.t.TempDir(), phoneID)
	if err != nil {
		r.t.Fatal(err)
	}
	defer dir.Close()
	r.options.Dir = dir // a recording is made once
	checks, err := harness.Examine(r.t.Context(), r.options)
	if err != nil {
		r.t.Fatal(err)
	}
	out := map[string]harness.Check{}
	for _, c := range checks {
		if (c.Answer == harness.Yes) != (c.Fix == "") {
			r.t.Errorf("%s: the answer is %s, and the fix %q", c.ID, c.Answer, c.Fix)
		}
		if _, twice := out[c.ID]; twice {
			r.t.Errorf("two checks have the id %s", c.ID)
		}
		out[c.ID] = c
	}
	return out
}

// others says which of the checks that are not expected to fail do.
func notYes(checks map[string]harness.Check) []string {
	var out []string
	for id, c := range checks {
		if c.Answer != harness.Yes {
			out = append(out, id)
		}
	}
	slices.Sort(out)
	return out
}

// TestExamineDesk breaks one thing at a time on a phone that is in order, and looks that its check alone says so, with a
// fix. Before and after, every check says yes.
func TestExamineDesk(t *testing.T) {
	t.Parallel()
	who := personality.Leaky2020()
	who.Apps = append(who.Apps,
		personality.App{Package: "com.android.vending", Kind: personality.Service, UID: 10190, Version: "1", VersionCode: 1, TargetSDK: 28},
		personality.App{Package: "com.android.updater", Kind: personality.Service, UID: 10191, Version: "1", VersionCode: 1, TargetSDK: 28})
	r := newRig(t, who, "leaky-2020")
	r.options.Profile.Browsers = nil // they have a test of their own
	r.options.Patience = time.Minute
	s := r.phone.State()
	enable := func(pkg string, on bool) {
		p, ok := s.Packages.Find(pkg)
		if !ok {
			t.Fatalf("%s is not installed", pkg)
		}
		p.Disabled = !on
		s.Packages.Put(p)
	}
	enable("com.android.vending", false)
	enable("com.android.updater", false)
	global := func(key, value string) func() { return func() { s.Settings.Put(phone.Global, key, value) } }
	unset := func(key string) func() { return func() { s.Settings.Delete(phone.Global, key) } }
	faults := func(f phone.Faults) func() { return func() { s.Faults.Set(f) } }
	none := faults(phone.Faults{})
	battery := s.Power.Battery()
	charged := func(change func(*phone.Battery)) func() {
		return func() { b := battery; change(&b); s.Power.SetBattery(b) }
	}
	full := func() { s.Power.SetBattery(battery) }
	if got := notYes(r.examine()); len(got) > 0 {
		t.Fatalf("on a phone in order these are not yes: %q", got)
	}
	if c := r.examine()["conditions"]; !strings.Contains(c.Detail, "User Experience Program: on (secure upload_log_pref, sourced)") ||
		!strings.Contains(c.Detail, "Limit ad tracking: not set (secure limit_ad_tracking, unverified)") {
		t.Errorf("the switches of the phone: %+v", c)
	}
	for _, tt := range []struct {
		name     string
		undo, do func()
		id       string
		answer   harness.Answer
		fix      string   // part of it
		detail   string   // part of it
		takes    []string // other checks that need this one
	}{
		{"low battery", full, charged(func(b *phone.Battery) { b.Level = 15 }), "battery", harness.No, "charge it", "15 %", nil},
		{"half empty on no charger", full, charged(func(b *phone.Battery) { b.Level, b.USB = 45, false }), "battery", harness.No, "charges", "45 %", nil},
		{"a faked battery", full, charged(func(b *phone.Battery) { b.Updates = false }), "battery", harness.No, "dumpsys battery reset", "by hand", nil},
		{"a hot battery", full, charged(func(b *phone.Battery) { b.Temperature = 460 }), "temperature", harness.No, "cool", "46.0", nil},
		{"no room", func() { s.Files.SetCapacity(64 << 20) }, func() { s.Files.SetCapacity(8 << 20) }, "storage", harness.No, "delete", "8 MiB free", nil},
		{"a clock ahead", none, faults(phone.Faults{ClockOffset: time.Minute}), "clock", harness.No, "automatically", "1m0s", nil},
		{"a clock behind", none, faults(phone.Faults{ClockOffset: -time.Hour}), "clock", harness.No, "automatically", "-1h0m", nil},
		{"strict private DNS", unset("private_dns_mode"), global("private_dns_mode", "hostname"), "private-dns", harness.No, "Off or Automatic", "", nil},
		{"private DNS of another word", unset("private_dns_mode"), global("private_dns_mode", "new"), "private-dns", harness.Unknown, "Off or Automatic", "new", nil},
		{"private DNS when it can be had", unset("private_dns_mode"), global("private_dns_mode", "opportunistic"), "", "", "", "", nil},
		{"an account", func() { s.Account.Store(false) }, func() { s.Account.Store(true) }, "accounts", harness.Unknown, "for testing", "1 signed in", nil},
		{"system updates on", global("ota_disable_automatic_update", "1"), unset("ota_disable_automatic_update"), "system-updates", harness.No, "Automatic system updates", "", nil},
		{"an updater of its own", func() { enable("com.android.updater", false) }, func() { enable("com.android.updater", true) }, "system-updates", harness.Unknown, "Update settings", "com.android.updater", nil},
		{"a store", func() { enable("com.android.vending", false) }, func() { enable("com.android.vending", true) }, "app-updates", harness.Unknown, "pm disable-user", "com.android.vending", nil},
		{"socket tables forbidden", none, faults(phone.Faults{Forbidden: []string{"/proc/net/tcp6"}}), "sockets", harness.No, "no verdict", "", nil},
		{"no counters", none, faults(phone.Faults{Cut: map[string]int{"dumpsys": 0}}), "counters", harness.No, "no verdict", "", []string{"accounts", "battery", "lock-screen", "tap", "temperature"}},
		{"a log that says nothing", none, faults(phone.Faults{Cut: map[string]int{"logcat": 0}}), "log", harness.No, "touches that the phone drops", "is not in it", nil},
		{"a screen that never rests", none, faults(phone.Faults{NoIdle: true}), "screen-dump", harness.No, "pause videos", "idle", []string{"tap"}},
		{"no window", none, faults(phone.Faults{NullRoot: true}), "screen-dump", harness.No, "wake", "null root", []string{"tap"}},
		{"half a picture", none, faults(phone.Faults{Cut: map[string]int{"screencap": 500}}), "screenshot", harness.No, "", "cut off", nil},
		{"taps that are dropped without a word", none, faults(phone.Faults{SilentTaps: true}), "tap", harness.No, "Security settings", "Permission denied: injecting event", nil},
		{"a dialog over everything", none, faults(phone.Faults{Dialog: "Rate us", DialogButton: "Later"}), "tap", harness.Unknown, "look at", "", nil},
		{"a PIN that nobody told", func() { s.Power.SetPIN("") }, func() { s.Power.SetPIN("4711") }, "lock-screen", harness.No, "pin_env", "locked", []string{"tap"}},
		{"Xiaomi's switch is off", func() { s.Props.Force("persist.security.adbinput", "1") }, func() { s.Props.Force("persist.security.adbinput", "0") }, "input", harness.No, "USB debugging (Security settings)", "adbinput", []string{"lock-screen", "proxy", "tap"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.do()
			defer tt.undo()
			r.t, r.options.Patience = t, time.Minute
			if tt.id == "tap" || slices.Contains(tt.takes, "tap") { // what is waited for will not come
				r.options.Patience = 5 * time.Second
			}
			checks := r.examine()
			want := slices.Clone(tt.takes)
			if tt.id != "" {
				want = append(want, tt.id)
			}
			slices.Sort(want)
			want = slices.Compact(want)
			if got := notYes(checks); !slices.Equal(got, want) {
				t.Errorf("not yes: %q, want %q", got, want)
			}
			if c := checks[tt.id]; tt.id != "" && (c.Answer != tt.answer || !strings.Contains(c.Fix, tt.fix) || !strings.Contains(c.Detail, tt.detail)) {
				t.Errorf("%+v", c)
			}
		})
	}
	r.t, r.options.Patience = t, time.Minute
	if got := notYes(r.examine()); len(got) > 0 {
		t.Errorf("after all was mended these are not yes: %q", got)
	}
}

// An adb command of another version ends the server as soon as somebody uses it.
func TestExamineADBVersion(t *testing.T) {
	r := newRig(t, personality.Leaky2020(), "leaky-2020")
	r.options.Profile.Browsers = nil
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "adb"), []byte("#!/bin/sh\necho 'Android Debug Bridge version 1.0.32'\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
	c := r.examine()["adb-version"]
	if c.Answer != harness.No || !strings.Contains(c.Fix, dir) || !strings.Contains(c.Detail, "32") {
		t.Errorf("%+v", c)
	}
	t.Setenv("PATH", dir[:1]+"nowhere")
	if c := r.examine()["adb-version"]; c.Answer != harness.Unknown || !strings.Contains(c.Fix, "install") {
		t.Errorf("without an adb command: %+v", c)
	}
}

// Another phone than devices.yaml means, and one that is not there: nothing that needs it is tried.
func TestExamineWrongPhone(t *testing.T) {
	t.Parallel()
	r := newRig(t, personality.Leaky2020(), "leaky-2020")
	r.options.Profile.Browsers = nil
	r.options.Profile.Expect = map[string]string{"ro.product.device": "raphael"}
	checks := r.examine()
	if c := checks["identity"]; c.Answer != harness.No || !strings.Contains(c.Detail, "raphael") {
		t.Errorf("%+v", c)
	}
	if c := checks["proxy"]; c.Answer != harness.Unknown || c.Fix != "first see to: identity" {
		t.Errorf("%+v", c)
	}
	r.phone.Close()
	r.options.Patience = time.Second
	var told []string
	r.options.Progress = func(line string) { told = append(told, line) }
	checks = r.examine()
	if c := checks["authorised"]; c.Answer != harness.No || strings.Contains(c.Detail, c.Fix) {
		t.Errorf("%+v", c)
	}
	if len(told) == 0 || !strings.Contains(told[0], "waiting up to 1s") || !strings.Contains(told[0], r.options.Serial) {
		t.Errorf("whoever looks at doctor is not told what it waits for: %q", told)
	}
	if c := checks["battery"]; c.Answer != harness.Unknown || c.Fix != "first see to: authorised" {
		t.Errorf("%+v", c)
	}
}

// A PIN from the environment opens the lock.
func TestExamineWithPIN(t *testing.T) {
	r := newRig(t, personality.Leaky2020(), "leaky-2020")
	r.options.Profile.Browsers = nil
	r.options.Profile.PINEnv = "TELLTALE_TEST_PIN"
	r.phone.State().Power.SetPIN("4711")
	if c := r.examine()["lock-screen"]; c.Answer != harness.No || !strings.Contains(c.Detail, "TELLTALE_TEST_PIN") {
		t.Errorf("without the variable: %+v", c)
	}
	t.Setenv("TELLTALE_TEST_PIN", "4711")
	if c := r.examine()["lock-screen"]; c.Answer != harness.Yes || strings.Contains(c.Detail, "4711") {
		t.Errorf("with it: %+v", c)
	}
}

// TestExamineBrowsers: whether a browser uses the proxy and whether it believes us are two questions.
func TestExamineBrowsers(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		change func(*rig, *personality.Personality)
		want   map[string]harness.Answer
	}{
		{"in order", func(*rig, *personality.Personality) {}, map[string]harness.Answer{}},
		{"it believes the system's certificates alone", func(_ *rig, p *personality.Personality) { trustOf(p, network.TrustSystem) }, map[string]harness.Answer{"trusted:b": harness.No}},
		{"it is pinned", func(_ *rig, p *personality.Personality) { trustOf(p, network.TrustPinned) }, map[string]harness.Answer{"trusted:b": harness.No}},
		{"it is not installed", func(r *rig, p *personality.Personality) {
			p.Leaks, p.Noise = nil, nil
			p.Apps = slices.DeleteFunc(p.Apps, func(a personality.App) bool { return a.Kind == personality.Web })
		}, map[string]harness.Answer{"consent:b": harness.No, "proxied:b": harness.Unknown, "trusted:b": harness.Unknown, "private:b": harness.Unknown, "counters-loopback": harness.Unknown}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			who := personality.Leaky2020()
			tt.change(nil, &who)
			r := newRig(t, who, "leaky-2020")
			r.options.Profile.Browsers = []profile.Browser{{ID: "b", App: "com.android.browser", Search: "duckduckgo.com"}}
			r.options.Patience = 20 * time.Second // in some of the cases for what will not come
			for id, c := range r.examine() {
				want := tt.want[id]
				if want == "" {
					want = harness.Yes
				}
				if c.Answer != want {
					t.Errorf("%+v, want %s", c, want)
				}
			}
			if _, _, on := r.phone.State().Proxy.Effective(); on {
				t.Error("the phone still has our proxy")
			}
		})
	}
}

func trustOf(p *personality.Personality, trust network.Trust) {
	p.Apps = slices.Clone(p.Apps)
	for i := range p.Apps {
		if p.Apps[i].Kind == personality.Web {
			p.Apps[i].Trust = trust
		}
	}
}

// TestExaminePrivateTab: which way leads to a private tab differs by browser and release, and is found out.
func TestExaminePrivateTab(t *testing.T) {
	for _, tt := range []struct {
		name     string
		change   func(*personality.Browser)
		answer   harness.Answer
		detail   string
		patience time.Duration
	}{
		{"its intent works", func(*personality.Browser) {}, harness.Yes, "by its intent; ", time.Minute},
		{"its intent is switched off", func(b *personality.Browser) { b.PrivateAction = "" }, harness.Yes, "by its menu, its intent having opened none: ", 12 * time.Second},
		{"its menu was renamed too", func(b *personality.Browser) { b.PrivateAction, b.Style = "", personality.MIUI }, harness.No, "private tab", 3 * time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			who := personality.Clean()
			who.Apps = slices.Clone(who.Apps)
			i := slices.IndexFunc(who.Apps, func(a personality.App) bool { return a.Package == "com.android.chrome" })
			web := *who.Apps[i].Web
			tt.change(&web)
			who.Apps[i].Web = &web
			r := newRig(t, who, "clean")
			r.options.Profile.Browsers = []profile.Browser{{ID: "b", App: "com.android.chrome", Search: "www.google.com"}}
			r.attach()
			r.options.Patience = tt.patience
			if c := r.examine()["private:b"]; c.Answer != tt.answer || !strings.Contains(c.Detail, tt.detail) {
				t.Errorf("%+v", c)
			}
		})
	}
}

// A film is tried where devices.yaml wants films, and a phone that cannot make one is told.
func TestExamineFilm(t *testing.T) {
	t.Parallel()
	r := newRig(t, personality.Clean(), "clean")
	r.options.Profile.Browsers = nil
	if _, asked := r.examine()["video"]; asked {
		t.Error("it was filmed although nobody wants films")
	}
	r.options.Profile.Record.Video = true
	if c := r.examine()["video"]; c.Answer != harness.Yes {
		t.Errorf("%+v", c)
	}
	r.phone.State().Files.SetCapacity(1 << 10)
	if c := r.examine()["video"]; c.Answer != harness.No || !strings.Contains(c.Fix, "video: true") {
		t.Errorf("%+v", c)
	}
	if left := r.videos(); len(left) > 0 {
		t.Errorf("on the phone are %q", left)
	}
}

// What programs read of doctor: the names of the fields, and of the checks, stay.
func TestChecksAreStable(t *testing.T) {
	raw, err := json.Marshal(harness.Check{Phone: "p", ID: "battery", Name: "n", Answer: harness.No, Detail: "d", Fix: "f"})
	if err != nil || string(raw) != `{"phone":"p","check":"battery","name":"n","answer":"no","detail":"d","fix":"f"}` {
		t.Errorf("%s, %v", raw, err)
	}
	p := &profile.Phone{ID: "p", Kind: profile.USB, Serial: "s", Trust: "apex", Record: profile.Record{Video: true}, Browsers: []profile.Browser{{ID: "b", App: "com.android.chrome"}}}
	want := "adb-version authorised identity input battery temperature storage clock private-dns accounts conditions system-updates app-updates identifiers sockets counters log " +
		"lock-screen screen-dump screenshot tap video root proxy consent:b command-line:b proxied:b trusted:b private:b counters-loopback"
	if got := strings.Join(harness.ProbeIDs(harness.Options{Profile: p}), " "); got != want {
		t.Errorf("%s, want\n%s", got, want)
	}
}

// How an app is made to believe our certificate depends on whose certificates it believes.
func TestTrustFix(t *testing.T) {
	for _, tt := range []struct{ app, trust, want string }{
		{"org.mozilla.firefox", "user", "Use third party CA certificates"},
		{"com.duckduckgo.mobile.android", "user", "root the phone"},
		{"com.android.chrome", "user", "Install a certificate"},
		{"com.android.chrome", "user", "adb -s 7c2d9a10 push '/home/me/state of telltale/ca/ca.pem' /sdcard/Download/telltale-ca.crt"},
		{"com.android.chrome", "apex", "rooted"},
	} {
		if got := harness.CAFix(&profile.Phone{ID: "p", Kind: profile.USB, Trust: tt.trust}, tt.app); !strings.Contains(got, tt.want) {
			t.Errorf("%s, trust %s: %s", tt.app, tt.trust, got)
		}
	}
}
