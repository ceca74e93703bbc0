package harness_test

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/telltale-farm/telltale/adb"
	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/harness"
	"github.com/telltale-farm/telltale/harness/virtual/apps"
	"github.com/telltale-farm/telltale/harness/virtual/personality"
	"github.com/telltale-farm/telltale/harness/virtual/phone"
)

// bundleText is all that the rig's run and state directory hold, file by file.
func (r *rig) bundleText() map[string]string {
	r.t.Helper()
	out := map[string]string{}
	for _, dir := range []string{r.bundle.Dir(), r.options.State} {
		err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() {
				return err
			}
			raw, err := os.ReadFile(name)
			out[name] = string(raw)
			return err
		})
		if err != nil {
			r.t.Fatal(err)
		}
	}
	return out
}

// TestPINIsNowhere drives a phone that is locked with a PIN, and locks it again in the middle: it is unlocked each time,
// and the PIN is in no file of the run, nor in what is told meanwhile.
func TestPINIsNowhere(t *testing.T) {
	const pin = "90817263"
	r := newRig(t, personality.Clean(), "clean")
	r.options.Profile.PINEnv = "TELLTALE_TEST_PIN"
	t.Setenv("TELLTALE_TEST_PIN", pin)
	r.options.Progress = func(line string) {
		if strings.Contains(line, pin) {
			t.Errorf("told: %s", line)
		}
	}
	r.phone.State().Power.SetPIN(pin)
	l := r.lease()
	defer l.Release(context.WithoutCancel(t.Context()))
	r.phone.State().Power.Sleep()
	seen, err := r.search(l, nil)
	if err != nil || seen.Verdict.Outcome != leak.Clean {
		t.Fatalf("%+v, %v", seen, err)
	}
	files := r.bundleText()
	typed := false
	for name, text := range files {
		if strings.Contains(text, pin) {
			t.Errorf("the PIN is in %s", name)
		}
		typed = typed || strings.Contains(text, `"input","text","***"`)
	}
	if !typed {
		t.Error("the journal does not even say that something was typed: this test looks at the wrong files")
	}
}

// A wrong or missing PIN stops the lease before anything of it is typed twice.
func TestLockedForGood(t *testing.T) {
	t.Parallel()
	r := newRig(t, personality.Clean(), "clean")
	r.options.Profile.PINEnv = "TELLTALE_TEST_PIN"
	r.phone.State().Power.SetPIN("4711")
	l, err := harness.Acquire(t.Context(), r.options)
	if l != nil || err == nil || !strings.Contains(err.Error(), "TELLTALE_TEST_PIN") {
		t.Fatalf("%v, %v", l, err)
	}
	if r.proxied() {
		t.Error("the phone was left behind our proxy")
	}
}

// TestScreenStaysOn: while a lease lasts the screen stays on and upright; afterwards all is as before.
func TestScreenStaysOn(t *testing.T) {
	t.Parallel()
	r := newRig(t, personality.Clean(), "clean")
	s := r.phone.State().Settings
	s.Put(phone.System, "accelerometer_rotation", "1")
	before := r.portrait()
	l := r.lease()
	for _, want := range [][3]string{{phone.Global, "stay_on_while_plugged_in", "7"}, {phone.System, "accelerometer_rotation", "0"}, {phone.System, "user_rotation", "0"}} {
		if got, _ := s.Get(want[0], want[1]); got != want[2] {
			t.Errorf("%s is %q, want %q", want[1], got, want[2])
		}
	}
	if err := l.Release(t.Context()); err != nil {
		t.Fatal(err)
	}
	if diff := changed(before, r.portrait()); len(diff) > 0 {
		t.Errorf("not as before: %q", diff)
	}
}

// TestDisturbed lays windows over an action: one that the catalogue knows is closed and written down, one that it does
// not know makes the action one that did not happen.
func TestDisturbed(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		dialog phone.Faults
		closed string
	}{
		{"an update that wants to be installed", phone.Faults{Dialog: "A new system is ready", DialogButton: "Later", DialogPackage: "com.android.updater"}, "update"},
		{"a permission", phone.Faults{Dialog: "Allow access to photos?", DialogButton: "Deny", DialogPackage: "com.lbe.security.miui"}, "permission"},
		{"an unknown window", phone.Faults{Dialog: "Win a prize", DialogButton: "Claim", DialogPackage: "com.example.ads"}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, personality.Clean(), "clean")
			if tt.closed == "" { // what a step waits for will not come
				r.options.Bounds.Step = 6 * time.Second
			}
			l := r.lease()
			defer l.Release(context.WithoutCancel(t.Context()))
			r.phone.State().Faults.Set(tt.dialog)
			seen, err := r.search(l, nil)
			if err != nil {
				t.Fatal(err)
			}
			journal, err := fs.ReadFile(r.bundle.FS(), "phones/"+phoneID+"/journal.jsonl")
			if err != nil {
				t.Fatal(err)
			}
			noted := strings.Contains(string(journal), `"event":"disturbed"`)
			last := r.attempts()[len(r.attempts())-1]
			if tt.closed == "" {
				if noted || seen.Verdict.Outcome != leak.Inconclusive || !slices.Contains(codes(seen), leak.CodeNotPerformed) {
					t.Errorf("%s, %v, noted: %v", seen.Verdict.Outcome, codes(seen), noted)
				}
				if last.Fault != nil || !strings.Contains(last.Postcondition.Got, tt.dialog.DialogPackage) && !strings.Contains(last.Postcondition.Got, tt.dialog.DialogButton) {
					t.Errorf("%+v does not say what lay over it: %q", last.Fault, last.Postcondition.Got)
				}
				r.keeps(last, "ui.xml", tt.dialog.DialogPackage)
				r.keeps(last, "screen-after.png", "PNG")
				return
			}
			if seen.Verdict.Outcome != leak.Clean || !strings.Contains(string(journal), `"dialog":"`+tt.closed+`"`) {
				t.Errorf("%s, %v", seen.Verdict.Outcome, codes(seen))
			}
			if len(last.Disturbed) != 1 || !last.Disturbed[0].Closed || last.Disturbed[0].What != tt.closed || last.Disturbed[0].App != tt.dialog.DialogPackage {
				t.Errorf("the attempt says of its disturbance %+v", last.Disturbed)
			}
		})
	}
}

// keeps looks that an artefact of an attempt is there and holds a text.
func (r *rig) keeps(at leak.Attempt, file, part string) {
	r.t.Helper()
	found, err := fs.Glob(r.bundle.FS(), fmt.Sprintf("phones/%s/actions/%04d-*/%s", phoneID, at.ID, file))
	if err != nil || len(found) != 1 {
		r.t.Errorf("%d files %s of attempt %d, %v", len(found), file, at.ID, err)
		return
	}
	raw, err := fs.ReadFile(r.bundle.FS(), found[0])
	if err != nil || !strings.Contains(string(raw), part) {
		r.t.Errorf("%s lacks %q: %.300q, %v", found[0], part, raw, err)
	}
}

// TestSomebodyTouchesThePhone: another app comes to the front while a window is open. That attempt is void, says who was
// in front, and is made again; undisturbed, it is clean.
func TestSomebodyTouchesThePhone(t *testing.T) {
	t.Parallel()
	r := newRig(t, personality.Clean(), "clean")
	l := r.lease()
	defer l.Release(context.WithoutCancel(t.Context()))
	var acted, came atomic.Bool   // what the phone is asked is watched from several goroutines
	l.Watch(func(c adb.Command) { // once the harness has looked what the action left in front, as Android 8 shows it
		if acted.Load() && strings.Join(c.Argv, " ") == "dumpsys window windows" && came.CompareAndSwap(false, true) {
			if _, err := r.phone.Apps().Start(apps.Intent{Component: "com.android.calculator2/.Calculator"}); err != nil {
				t.Error(err)
			}
		}
	})
	seen, err := r.search(l, func(a harness.Action) harness.Action { return after{a, func() { acted.Store(true) }} })
	if err != nil || seen.Verdict.Outcome != leak.Clean {
		t.Errorf("%+v, %v", seen, err)
	}
	var of []leak.Attempt
	for _, at := range r.attempts() {
		if at.Key == r.searchKey() {
			of = append(of, at)
		}
	}
	if len(of) != 2 || of[0].Fault == nil || of[0].Fault.Code != leak.CodeNotPerformed || of[0].Fault.Class != leak.FaultPhone || of[1].RetryOf != of[0].ID {
		t.Fatalf("%+v", of)
	}
	if d := of[0].Disturbed; len(d) != 1 || d[0].App != "com.android.calculator2" || d[0].Closed || len(of[1].Disturbed) != 0 {
		t.Errorf("%+v, then %+v", d, of[1].Disturbed)
	}
	r.keeps(of[0], "ui.xml", "com.android.calculator2")
}

// after does something as soon as an action has been done.
type after struct {
	harness.Action
	then func()
}

func (a after) Run(ctx context.Context, d *harness.Driver) error {
	err := a.Action.Run(ctx, d)
	a.then()
	return err
}
