package harness_test

import (
	"context"
	"errors"
	"testing"

	"github.com/telltale-farm/telltale/adb"
	"github.com/telltale-farm/telltale/adb/ui"
	"github.com/telltale-farm/telltale/harness"
	"github.com/telltale-farm/telltale/harness/virtual/personality"
	"github.com/telltale-farm/telltale/harness/virtual/phone"
)

// TestTypeUnicode types what no keyboard of adb knows. With ADBKeyBoard the field holds it, and the keyboard is the one
// from before; without, it is said what to install, and nothing is typed.
func TestTypeUnicode(t *testing.T) {
	t.Parallel()
	const text = "Überfall 漢字 🙂 100%s 'x' $(id)"
	who := personality.Clean()
	keyboard := personality.App{Package: "com.android.adbkeyboard", Kind: personality.Service, UID: 10199, Version: "2.4", VersionCode: 24, TargetSDK: 28, Third: true}
	who.Apps = append(who.Apps, keyboard)
	r := newRig(t, who, "clean")
	ctx := t.Context()
	if err := (adb.Server{Addr: r.server.Addr}).Connect(ctx, r.options.Address); err != nil {
		t.Fatal(err)
	}
	d := r.server.Device(r.options.Serial, adb.Options{})
	var undo []string
	driver := &harness.Driver{Device: d, Screen: ui.NewScreen(d), Phone: r.options.Profile, Remember: func(_, script string) error { undo = append(undo, script); return nil }}
	s := r.phone.State()
	before, _ := s.Settings.Get(phone.Secure, "default_input_method")
	entry := r.browser().Entry
	if _, err := d.StartActivity(ctx, "-n", entry.Launch); err != nil {
		t.Fatal(err)
	}
	if err := driver.Dismiss(ctx, entry); err != nil {
		t.Fatal(err)
	}
	if err := driver.Tap(ctx, "the search box", entry.Browser.SearchBox); err != nil {
		t.Fatal(err)
	}
	holds := func() string {
		field, err := driver.Find(ctx, "the field", entry.Browser.URLField)
		if err != nil {
			t.Fatal(err)
		}
		return field.Text
	}
	empty := holds()
	installed, _ := s.Packages.Find(keyboard.Package)
	s.Packages.Remove(keyboard.Package)
	var missing *harness.NotPerformed
	if err := driver.Type(ctx, text); !errors.As(err, &missing) || holds() != empty {
		t.Errorf("without ADBKeyBoard: %v, and the field holds %q", err, holds())
	}
	s.Packages.Put(installed)
	if err := driver.Type(ctx, text); err != nil {
		t.Fatal(err)
	}
	if got := holds(); got != text {
		t.Errorf("the field holds %q", got)
	}
	if now, _ := s.Settings.Get(phone.Secure, "default_input_method"); now != before || len(undo) != 1 {
		t.Errorf("the keyboard is %s, it was %s; written down: %q", now, before, undo)
	}
	// Killed in between, the undo journal puts the keyboard back.
	if err := d.SetKeyboard(ctx, adb.UnicodeKeyboard); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Script(context.WithoutCancel(ctx), undo[0]); err != nil {
		t.Error(err)
	}
	if now, _ := s.Settings.Get(phone.Secure, "default_input_method"); now != before {
		t.Errorf("put back, the keyboard is %s", now)
	}
	if on, _ := d.Keyboards(ctx, false); len(on) != 1 {
		t.Errorf("enabled are %q", on)
	}
	// ASCII needs no such thing.
	undo = nil
	if err := driver.Type(ctx, " plain"); err != nil || len(undo) != 0 || holds() != text+" plain" {
		t.Errorf("%v, %q, %q", err, undo, holds())
	}
}
