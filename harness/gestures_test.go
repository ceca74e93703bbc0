package harness_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/telltale-farm/telltale/adb"
	"github.com/telltale-farm/telltale/adb/ui"
	"github.com/telltale-farm/telltale/harness"
	"github.com/telltale-farm/telltale/harness/profile/catalogue"
	"github.com/telltale-farm/telltale/harness/virtual/personality"
	"github.com/telltale-farm/telltale/harness/virtual/phone"
)

// TestPointsInHundredths: swipes are given in hundredths of the screen, and so is the point that stands behind a button
// while the screen's tree cannot be had.
func TestPointsInHundredths(t *testing.T) {
	t.Parallel()
	r := newRig(t, personality.Clean(), "clean")
	ctx := t.Context()
	if err := (adb.Server{Addr: r.server.Addr}).Connect(ctx, r.options.Address); err != nil {
		t.Fatal(err)
	}
	d := r.server.Device(r.options.Serial, adb.Options{})
	driver := &harness.Driver{Device: d, Screen: ui.NewScreen(d), Phone: r.options.Profile}
	if err := driver.Screen.Swipe(ctx, [2]int{50, 0}, [2]int{50, 60}, 300*time.Millisecond); err != nil {
		t.Fatal(err)
	}
	if f, err := driver.Screen.Focus(ctx); err != nil || f.Package != "" && !strings.Contains(f.Package, "systemui") {
		t.Errorf("a swipe from the upper edge brought %+v to the front, %v", f, err)
	}
	entry := r.browser().Entry
	if err := driver.Screen.Home(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := d.StartActivity(ctx, "-n", entry.Launch); err != nil {
		t.Fatal(err)
	}
	if err := driver.Dismiss(ctx, entry); err != nil {
		t.Fatal(err)
	}
	box, err := driver.Find(ctx, "the search box", entry.Browser.SearchBox)
	if err != nil {
		t.Fatal(err)
	}
	size, err := d.Display(ctx)
	if err != nil {
		t.Fatal(err)
	}
	x, y := box.Bounds.Center()
	point := [2]int{x * 100 / size.Current().W, y * 100 / size.Current().H}
	r.phone.State().Faults.Set(phone.Faults{NoIdle: true})
	short, cancel := context.WithTimeout(ctx, 12*time.Second)
	defer cancel()
	if err := driver.Tap(short, "the search box", []catalogue.Selector{{ID: "com.android.chrome:id/no_such"}, {Percent: point}}); err != nil {
		t.Fatal(err)
	}
	r.phone.State().Faults.Set(phone.Faults{})
	field, err := driver.Find(ctx, "the field", entry.Browser.URLField)
	if err != nil || !field.Focused {
		t.Errorf("the point did not reach the search box at %v: %v, %v", point, field, err)
	}
}
