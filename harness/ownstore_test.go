package harness_test

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/telltale-farm/telltale/adb"
	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/harness"
	"github.com/telltale-farm/telltale/harness/action"
	"github.com/telltale-farm/telltale/harness/evidence"
	"github.com/telltale-farm/telltale/harness/profile/catalogue"
	"github.com/telltale-farm/telltale/harness/virtual/personality"
	"github.com/telltale-farm/telltale/harness/virtual/phone"
)

const (
	firefox       = "org.mozilla.firefox"
	firefoxSwitch = "Use third party CA certificates"
)

// hiddenSwitch is a release of Firefox whose switch is called otherwise.
var hiddenSwitch = phone.Faults{Words: map[string]string{firefoxSwitch: "Trust them all", "Allows the use of third party certificates from the Android CA store": "Or not"}}

// newFirefoxRig is a phone with Firefox as its browser, in a run whose end it outlives.
func newFirefoxRig(t *testing.T) *rig {
	t.Helper()
	who, err := personality.ByName("pixel-5")
	if err != nil {
		t.Fatal(err)
	}
	who.Apps = slices.DeleteFunc(who.Apps, func(a personality.App) bool { return a.Package == "com.android.chrome" })
	who.Noise = nil // it was Chrome's
	r := newRig(t, who, "pixel-5")
	r.options.RunBound = false
	r.options.Profile.Allow = []string{"force-stop", "app-data-reset"}
	r.options.Bounds.Step = 10 * time.Second
	return r
}

// connected is the rig's phone without a lease.
func (r *rig) connected() *adb.Device {
	r.t.Helper()
	if err := r.server.Connect(r.t.Context(), r.options.Address); err != nil {
		r.t.Fatal(err)
	}
	d := r.server.Device(r.options.Serial, adb.Options{})
	if err := r.server.WaitState(r.t.Context(), r.options.Serial, adb.StateDevice); err != nil {
		r.t.Fatal(err)
	}
	return d
}

func (r *rig) believes(want bool) {
	r.t.Helper()
	if got := r.phone.Apps().BelievesUser(firefox); got != want {
		r.t.Errorf("its switch is on: %t, want %t", got, want)
	}
}

// undoEntries are those of the rig's journal, by what they are of.
func (r *rig) undoEntries() (keys []string) {
	r.t.Helper()
	u, err := harness.OpenUndo(r.options.State, r.options.Serial)
	if err != nil {
		r.t.Fatal(err)
	}
	for _, e := range u.Entries() {
		keys = append(keys, e.Namespace+" "+e.Key)
	}
	return keys
}

func (r *rig) restore() error {
	r.t.Helper()
	u, err := harness.OpenUndo(r.options.State, r.options.Serial)
	if err != nil {
		r.t.Fatal(err)
	}
	return harness.Restore(r.t.Context(), r.server.Device(r.options.Serial, adb.Options{}), u)
}

func (r *rig) firefoxEntry() catalogue.Entry {
	r.t.Helper()
	e, ok := r.options.Profile.App(firefox)
	if !ok {
		r.t.Fatal("the catalogue does not know Firefox")
	}
	return e
}

// cleared is an action before which the data of its app are cleared: its switch goes with them.
type cleared struct{ harness.Action }

func (c cleared) About() harness.About {
	about := c.Action.About()
	about.Before = []string{leak.EventDataReset}
	return about
}

// A Firefox whose switch is off is switched on, read, and switched off again at the end.
func TestFirefoxIsReadAndPutBack(t *testing.T) {
	t.Parallel()
	r := newFirefoxRig(t)
	r.believes(false)
	l := r.lease()
	r.believes(true)
	if !slices.Contains(r.undoEntries(), "switch "+firefox) {
		t.Errorf("the journal has %q", r.undoEntries())
	}
	seen, err := r.search(l, nil)
	if err != nil || seen.Verdict.Outcome != leak.Clean {
		t.Errorf("a private search is %v, %v: %q", seen.Verdict.Outcome, err, codes(seen))
	}
	s := l.Session(leak.Key{Phone: phoneID, Browser: "b", Scenario: "visit", Variant: "default"})
	page := s.URL("page", "duckduckgo.com")
	seen, err = s.Do(t.Context(), cleared{action.Visit(r.browser(), page, action.Normal)})
	if err != nil || slices.Contains(codes(seen), leak.CodeOpaqueFlow) {
		t.Errorf("after its data were cleared: %v: %q", err, codes(seen))
	}
	r.believes(true)
	if err := l.Release(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.believes(false)
	if left := r.undoEntries(); len(left) > 0 {
		t.Errorf("the journal still has %q", left)
	}
	raw, err := fs.ReadFile(r.bundle.FS(), "phones/"+phoneID+"/journal.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"was":"off"`, `"is":"on"`, `wordmark`} {
		if !strings.Contains(string(raw), want) {
			t.Errorf("the journal of the evidence does not say %s", want)
		}
	}
}

// A Firefox whose switch cannot be found is not read: inconclusive, with the reason and what to do by hand, and nothing
// was changed.
func TestFirefoxWithoutItsSwitchIsInconclusive(t *testing.T) {
	t.Parallel()
	r := newFirefoxRig(t)
	r.phone.State().Faults.Set(hiddenSwitch)
	l := r.lease()
	r.believes(false)
	if slices.Contains(r.undoEntries(), "switch "+firefox) {
		t.Errorf("a switch that was not touched is in the journal: %q", r.undoEntries())
	}
	seen, err := r.search(l, nil)
	if err != nil || seen.Verdict.Outcome != leak.Inconclusive {
		t.Errorf("a private search is %v, %v", seen.Verdict.Outcome, err)
	}
	if got := codes(seen); !slices.Contains(got, leak.CodeControlMissing) {
		t.Errorf("its reasons are %q", got)
	}
	got := r.attempts()[0].Postcondition.Got
	for _, want := range []string{"refused our certificate", firefoxSwitch, "tap the logo five times"} {
		if !strings.Contains(got, want) {
			t.Errorf("the control does not say %q: %s", want, got)
		}
	}
	if err := l.Release(t.Context()); err != nil {
		t.Error(err)
	}
}

// What was on before is left on: it is its owner's.
func TestFirefoxSwitchedOnBeforeStaysOn(t *testing.T) {
	t.Parallel()
	r := newFirefoxRig(t)
	d := r.connected()
	if was, _, err := harness.TurnSwitch(t.Context(), d, r.firefoxEntry(), true, 0); err != nil || was {
		t.Fatalf("was on: %t, %v", was, err)
	}
	l := r.lease()
	if slices.Contains(r.undoEntries(), "switch "+firefox) {
		t.Errorf("the journal has %q", r.undoEntries())
	}
	if !r.attempts()[0].Postcondition.Seen {
		t.Errorf("the control: %+v", r.attempts()[0].Postcondition)
	}
	if err := l.Release(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.believes(true)
	r.phone.Apps().Clear(firefox)
	r.believes(false)
}

// A run that dies with the switch on leaves it to the next start, which puts it back, whatever ends that in between.
func TestFirefoxIsPutBackAfterACrash(t *testing.T) {
	t.Parallel()
	r := newFirefoxRig(t)
	r.crash()
	r.believes(true)
	for _, after := range []int{1, 12, 25, 35} {
		ctx, cancel := context.WithCancel(t.Context())
		n := 0
		d := adb.Server{Addr: r.server.Addr}.Device(r.options.Serial, adb.Options{Journal: func(adb.Command) {
			if n++; n >= after {
				cancel()
			}
		}})
		u, err := harness.OpenUndo(r.options.State, r.options.Serial)
		if err != nil {
			t.Fatal(err)
		}
		if err := harness.Restore(ctx, d, u); err == nil {
			t.Fatalf("killed after %d commands, everything was put back", after)
		}
		cancel()
		if !slices.Contains(r.undoEntries(), "switch "+firefox) {
			t.Fatalf("killed after %d commands, the journal has %q", after, r.undoEntries())
		}
	}
	if err := r.restore(); err != nil {
		t.Fatal(err)
	}
	r.believes(false)
	if left := r.undoEntries(); len(left) > 0 {
		t.Errorf("the journal still has %q", left)
	}
	// Written down and never touched: it is off, and nothing is tapped.
	u, err := harness.OpenUndo(r.options.State, r.options.Serial)
	if err == nil {
		err = u.Add(harness.SwitchEntry(r.options, firefox))
	}
	if err == nil {
		err = r.restore()
	}
	if err != nil {
		t.Error(err)
	}
	r.believes(false)
}

// Where the switch cannot be driven back, that is said with the steps, it alone stays in the journal, and the next run
// begins all the same.
func TestFirefoxThatCannotBePutBackIsSaid(t *testing.T) {
	t.Parallel()
	r := newFirefoxRig(t)
	l := r.lease()
	r.phone.State().Faults.Set(hiddenSwitch)
	err := l.Release(t.Context())
	var left *harness.SwitchLeft
	if !errors.As(err, &left) || !strings.Contains(err.Error(), "tap the logo five times") || !strings.Contains(err.Error(), firefoxSwitch+`" off`) {
		t.Fatalf("the end of the run: %v", err)
	}
	r.believes(true)
	if got := r.undoEntries(); !slices.Equal(got, []string{"switch " + firefox}) {
		t.Errorf("the journal has %q", got)
	}
	if host, _, _ := r.phone.State().Proxy.Effective(); host != "" {
		t.Errorf("the phone is left with the proxy %s", host)
	}
	if r.options.Dir, err = evidence.OpenPhone(t.TempDir(), phoneID); err != nil { // a recording is made once
		t.Fatal(err)
	}
	l = r.lease()
	if got := r.undoEntries(); !slices.Contains(got, "switch "+firefox) {
		t.Errorf("while the next run lasts, the journal has %q", got)
	}
	r.phone.State().Faults.Set(phone.Faults{}) // the next update brings it back
	if err := l.Release(t.Context()); err != nil {
		t.Error(err)
	}
	r.believes(false)
	if left := r.undoEntries(); len(left) > 0 {
		t.Errorf("the journal still has %q", left)
	}
}

// doctor says whether Firefox believes our certificate, by a canary.
func TestDoctorTellsWhetherFirefoxIsRead(t *testing.T) {
	t.Parallel()
	r := newFirefoxRig(t)
	r.options.Patience = 15 * time.Second
	if c := r.examine()["trusted:b"]; c.Answer != harness.Yes {
		t.Errorf("%+v", c)
	}
	r.believes(false)
	r.phone.State().Faults.Set(hiddenSwitch)
	c := r.examine()["trusted:b"]
	if c.Answer != harness.No || !strings.Contains(c.Fix, "tap the logo five times") || !strings.Contains(c.Detail, firefoxSwitch) {
		t.Errorf("%+v", c)
	}
}

// The ways to the switch: the menu where the intent leads nowhere, a point where the logo has another id. Without either
// there is none, and nothing was touched.
func TestWaysToTheSwitchOfFirefox(t *testing.T) {
	t.Parallel()
	r := newFirefoxRig(t)
	d := r.connected()
	nowhere := func(e catalogue.Entry) catalogue.Entry {
		way := *e.OwnStore
		way.Intent = "-a android.intent.action.VIEW -d nothing://settings " + firefox
		e.OwnStore = &way
		return e
	}
	for _, tt := range []struct {
		name   string
		entry  catalogue.Entry
		faults phone.Faults
		leg    string // led on by
		by     string
		lost   string // the part that is not found
	}{
		{"by its intent", r.firefoxEntry(), phone.Faults{}, "its logo", "wordmark", ""},
		{"by its menu", nowhere(r.firefoxEntry()), phone.Faults{}, "the menu", "mozac_browser_toolbar_menu", ""},
		{"another id of the logo", r.firefoxEntry(), phone.Faults{Renamed: map[string]string{firefox + ":id/wordmark": firefox + ":id/a1"}}, "its logo", "point 50%", ""},
		{"another language", r.firefoxEntry(), phone.Faults{Words: map[string]string{"About Firefox": "Über Firefox"}}, "About Firefox", "Über Firefox", ""},
		{"only the summary is left", r.firefoxEntry(), phone.Faults{Words: map[string]string{firefoxSwitch: "Another name"}}, firefoxSwitch, "Allows the use", ""},
		{"a switch that is called otherwise", r.firefoxEntry(), hiddenSwitch, "", "", firefoxSwitch},
		{"an update without it", r.firefoxEntry(), phone.Faults{Words: map[string]string{"Secret Settings": "Experiments"}}, "", "", "Secret Settings"},
		{"taps that are dropped", r.firefoxEntry(), phone.Faults{SilentTaps: true}, "", "", firefox},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r.t = t
			r.phone.State().Faults.Set(tt.faults)
			defer r.phone.State().Faults.Set(phone.Faults{})
			r.phone.Apps().Clear(firefox)
			patience := 10 * time.Second // one of the ways is the last resort, and waits for as long
			if tt.lost != "" {           // what is waited for will not come
				patience = 2 * time.Second
			}
			was, matched, err := harness.TurnSwitch(t.Context(), d, tt.entry, true, patience)
			for tt.lost != "" && err != nil && !strings.Contains(err.Error(), tt.lost) && patience < time.Minute {
				patience *= 4 // on a busy computer a part before it can take that long to come
				r.phone.Apps().Clear(firefox)
				was, matched, err = harness.TurnSwitch(t.Context(), d, tt.entry, true, patience)
			}
			if tt.lost == "" {
				if err != nil || was || !strings.Contains(matched[tt.leg], tt.by) {
					t.Fatalf("was on: %t, led by %q: %v", was, matched, err)
				}
				r.believes(true)
				return
			}
			var missing *harness.NotPerformed
			if !errors.As(err, &missing) || !strings.Contains(err.Error(), tt.lost) {
				t.Errorf("%v", err)
			}
			r.believes(false)
		})
	}
}
