package apps

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/telltale-farm/telltale/harness/virtual/personality"
	"github.com/telltale-farm/telltale/harness/virtual/phone"
	"github.com/telltale-farm/telltale/harness/virtual/screen"
)

func caFile(t *testing.T) []byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(7), Subject: pkix.Name{Organization: []string{"Test farm"}}, IsCA: true,
		BasicConstraintsValid: true, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

func TestACertificateIsInstalledByHandOnly(t *testing.T) {
	for _, c := range []struct {
		name string
		file []byte
		last string
		want int
	}{
		{"a CA", caFile(t), "OK", 1}, {"cancelled", caFile(t), "CANCEL", 0}, {"no certificate", []byte("hello"), "OK", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, quiet())
			if err := r.phone.Files.Write("/sdcard/Download/farm.crt", c.file, 0o644, false); err != nil {
				t.Fatal(err)
			}
			_ = r.phone.Files.Write("/sdcard/Download/notes.txt", nil, 0o644, false)
			r.start(t, Intent{Action: "android.settings.SECURITY_SETTINGS"})
			for _, step := range []string{"Install a certificate", "CA certificate", "Install anyway"} {
				r.tap(t, step)
			}
			if r.find("notes.txt") != nil {
				t.Error("the picker shows what is no certificate")
			}
			r.tap(t, "farm.crt")
			r.tap(t, c.last)
			if got := len(r.phone.Certs.All()); got != c.want {
				t.Fatalf("%d certificates installed, want %d", got, c.want)
			}
			r.start(t, Intent{Action: "com.android.settings.TRUSTED_CREDENTIALS_USER"})
			if (r.find("Test farm") != nil) != (c.want == 1) {
				t.Error("the list of credentials disagrees with the store")
			}
			if c.want == 1 {
				r.tap(t, "Test farm")
				r.tap(t, "REMOVE")
				if len(r.phone.Certs.All()) != 0 {
					t.Error("not removed")
				}
			}
		})
	}
}

func TestSettingsByTapAndByAction(t *testing.T) {
	r := newRig(t, quiet())
	for _, p := range settingsPages {
		for _, action := range p.actions {
			r.start(t, Intent{Action: action})
			if want := "com.android.settings/com.android.settings." + p.class; r.focus() != want {
				t.Errorf("%s: %s in front, want %s", action, r.focus(), want)
			}
			if r.find(p.title) == nil {
				t.Errorf("%s does not show its title", action)
			}
		}
	}
	r.Key(KeyHome)
	r.tap(t, "Settings")
	for range 30 {
		if r.find("Display") == nil {
			r.Key(KeyBack)
		}
	}
	r.start(t, Intent{Action: "android.settings.SETTINGS"})
	r.tap(t, "Display")
	if r.focus() != "com.android.settings/com.android.settings.SubSettings" {
		t.Errorf("%s in front", r.focus())
	}
	r.tap(t, "Auto-rotate screen")
	if v, _ := r.phone.Settings.Get("system", "accelerometer_rotation"); v != "1" {
		t.Errorf("the switch wrote %q", v)
	}
	r.Key(KeyBack)
	if r.find("Display") == nil || r.find("Auto-rotate screen") != nil {
		t.Error("back does not lead to the main page")
	}
	r.Swipe(500, 1800, 500, 300)
	if r.find("About phone") == nil {
		t.Error("the list does not scroll")
	}
}

func TestHomeRecentsAndBack(t *testing.T) {
	r := newRig(t, quiet())
	if r.focus() != "com.miui.home/com.miui.home.launcher.Launcher" {
		t.Fatalf("after boot: %s", r.focus())
	}
	r.tap(t, "Calculator")
	r.Key(KeyHome)
	r.tap(t, "Clock")
	if r.focus() != "com.android.deskclock/com.android.deskclock.DeskClock" {
		t.Errorf("%s", r.focus())
	}
	r.tap(t, "Overview")
	r.tap(t, "Calculator")
	if r.focus() != "com.android.calculator2/com.android.calculator2.Calculator" {
		t.Errorf("from recents: %s", r.focus())
	}
	r.tap(t, "Back")
	r.tap(t, "Back")
	r.tap(t, "Back")
	if !strings.HasPrefix(r.focus(), "com.miui.home/") {
		t.Errorf("after leaving everything: %s", r.focus())
	}
	r.Swipe(900, 1000, 100, 1000)
	r.tap(t, "Folder: Tools")
	r.tap(t, "folder_name")
	r.Type(" of mine")
	r.Key(KeyEnter)
	if r.find("Folder: Tools of mine") == nil {
		t.Error("the folder has no new name")
	}
	r.Swipe(100, 1000, 900, 1000)
	r.Swipe(100, 1000, 900, 1000)
	if r.find("App vault") == nil {
		t.Error("no page on the left")
	}
}

func TestStatusBarAndKeyguard(t *testing.T) {
	r := newRig(t, quiet())
	r.Swipe(540, 1, 540, 1400)
	if r.focus() != "StatusBar" || r.find("Clear all") == nil {
		t.Errorf("pulled down: %s", r.focus())
	}
	r.Key(KeyBack)
	r.Key(KeySleep)
	if !r.Frame().Off {
		t.Error("the display is on")
	}
	r.Tap(500, 500)
	r.Key(KeyWakeup)
	if r.focus() != "StatusBar" || r.find("Swipe up to unlock") == nil {
		t.Errorf("locked: %s", r.focus())
	}
	r.Swipe(540, 1900, 540, 500)
	if !strings.HasPrefix(r.focus(), "com.miui.home/") {
		t.Errorf("unlocked: %s", r.focus())
	}
	r.phone.Power.SetPIN("4321")
	r.Swipe(540, 1900, 540, 500)
	r.Type("0000")
	if !r.shows("••••") || r.shows("0000") {
		t.Error("the PIN shows")
	}
	r.Key(KeyEnter)
	if r.focus() != "StatusBar" {
		t.Error("unlocked by a wrong PIN")
	}
	r.Type("4321")
	r.Key(KeyEnter)
	if r.focus() == "StatusBar" {
		t.Error("locked in spite of the right PIN")
	}
	r.phone.Props.Force("ro.miui.ui.version.code", "10")
	for x, want := range map[int]string{270: "StatusBar", 540: "control_center"} {
		r.Swipe(x, 1, x, 1400)
		if r.focus() != want {
			t.Errorf("MIUI 12, pulled down at %d: %s", x, r.focus())
		}
		r.Key(KeyBack)
	}
	r.phone.Props.Force("ro.build.version.sdk", "33")
	r.Shade(true)
	if r.focus() != "NotificationShade" {
		t.Errorf("Android 13 names it %s", r.focus())
	}
}

func TestFaultsOnScreen(t *testing.T) {
	r := newRig(t, quiet())
	r.start(t, miBrowser)
	r.tap(t, "Agree")
	r.phone.Faults.Set(phone.Faults{Missing: "com.android.browser:id/b4h"})
	if r.find("b4h") != nil {
		t.Error("the view is still there")
	}
	r.phone.Faults.Set(phone.Faults{Dialog: "Update available", DialogButton: "Later", DialogPackage: "com.android.updater"})
	if r.focus() != "com.android.updater" || r.Type("x") {
		t.Errorf("a dialog takes the focus: %s", r.focus())
	}
	r.Tap(540, 600)
	if r.find("b4h") == nil || r.find("url") != nil {
		t.Error("a tap beside the dialog went through it")
	}
	r.tap(t, "Later")
	if !strings.HasPrefix(r.focus(), "com.android.browser/") {
		t.Errorf("after closing it: %s", r.focus())
	}
}

func TestPlayer(t *testing.T) {
	r := newRig(t, quiet())
	_ = r.phone.Files.Write("/sdcard/Music/Night Train.mp3", nil, 0o644, false)
	play := Intent{Action: ActionView, Type: "audio/*", Data: "file:///sdcard/Music/Night Train.mp3", Package: "com.miui.player"}
	r.start(t, play)
	r.tap(t, "Agree")
	if pkg, title, playing := r.Media(); pkg != "com.miui.player" || title != "Night Train" || !playing {
		t.Errorf("%s %q %v", pkg, title, playing)
	}
	r.Key(KeyPlayPause)
	if _, _, playing := r.Media(); playing {
		t.Error("still playing")
	}
}

func TestProcesses(t *testing.T) {
	r := newRig(t, quiet())
	if !r.Running("com.miui.analytics") || r.Running("com.android.browser") {
		t.Error("services run after boot, browsers do not")
	}
	if s := r.start(t, miBrowser); !s.Cold || s.Warm || s.Activity != "com.android.browser/.BrowserActivity" {
		t.Errorf("%+v", s)
	}
	r.Key(KeyHome)
	if s := r.start(t, Intent{Action: ActionMain, Package: "com.android.browser"}); s.Cold || !s.Warm {
		t.Errorf("%+v", s)
	}
	pid := r.phone.Processes.Named("com.android.browser")[0].PID
	if !r.KillPID(pid) || r.Running("com.android.browser") || !strings.HasPrefix(r.focus(), "com.miui.home/") {
		t.Errorf("killed, and %s is in front", r.focus())
	}
	r.start(t, miBrowser)
	r.Key(KeyHome)
	r.Trim("")
	if r.Running("com.android.browser") || !r.Running("com.miui.home") || !r.Running("com.miui.analytics") {
		t.Error("am kill ends what is behind, and nothing else")
	}
	r.phone.Reboot()
	r.Reboot()
	if !strings.HasPrefix(r.focus(), "com.miui.home/") || len(r.Fronts()) != 1 {
		t.Errorf("after a reboot: %+v", r.Fronts())
	}
	p, _ := r.phone.Packages.Find("com.android.browser")
	p.Disabled = true
	r.phone.Packages.Put(p)
	if _, err := r.Start(miBrowser); err == nil {
		t.Error("a disabled app started")
	}
}

// Views never lie about where they are: what is shown lies on the screen, and ids belong to the package.
func TestEveryScreenIsSound(t *testing.T) {
	for _, name := range personality.Names() {
		p, err := personality.ByName(name)
		if err != nil {
			t.Fatal(err)
		}
		r := newRig(t, p)
		for _, a := range p.Apps {
			if a.Activity == "" {
				continue
			}
			r.start(t, Intent{Action: ActionMain, Package: a.Package, Categories: []string{CategoryLauncher}})
			f := r.Frame()
			if f.Focus().Package != a.Package {
				t.Errorf("%s: %s is in front", a.Package, f.Focus().Title)
			}
			for _, w := range f.Windows {
				w.Root.Walk(func(v *screen.View) bool {
					if v.Package == "" || v.Bounds.Empty() || v.Clickable && v.Tap == nil && v.Class != "android.widget.EditText" {
						t.Errorf("%s: unsound view %+v", w.Title, v)
					}
					return true
				})
			}
			if len(f.PNG()) < 1000 {
				t.Error("no picture")
			}
		}
	}
}
