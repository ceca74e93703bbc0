package harness_test

import (
	"errors"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/harness"
	"github.com/telltale-farm/telltale/harness/action"
	"github.com/telltale-farm/telltale/harness/profile/catalogue"
	"github.com/telltale-farm/telltale/harness/virtual/personality"
	"github.com/telltale-farm/telltale/harness/virtual/phone"
)

const (
	miBrowser = "com.android.browser"
	laterName = "Help us improve Mi Browser"
)

// newRenamedRig is a phone whose Mi Browser has ids that nobody knows. It is driven by what is said of real ones.
func newRenamedRig(t *testing.T, change func(*personality.Browser)) *rig {
	t.Helper()
	who := personality.Renamed10()
	for i := range who.Apps {
		if who.Apps[i].Web != nil && change != nil {
			change(who.Apps[i].Web)
		}
	}
	r := newRig(t, who, who.Name)
	r.options.RunBound = false
	r.options.Bounds.Step = 10 * time.Second
	return r
}

func (r *rig) enhanced(want bool) {
	r.t.Helper()
	if got := r.phone.Apps().Enhanced(miBrowser); got != want {
		r.t.Errorf("its switch is on: %t, want %t", got, want)
	}
}

func (r *rig) searchIn(l *harness.Lease, mode action.Mode, variant string) *leak.Observation {
	r.t.Helper()
	b := r.browser()
	s := l.Session(leak.Key{Phone: phoneID, Browser: "b", Scenario: "search", Variant: variant})
	seen, err := s.Do(r.t.Context(), action.Search(b, s.Canary("query", b.SearchHost), mode))
	if err != nil {
		r.t.Fatalf("%s: %v", variant, err)
	}
	return seen
}

// The way to a real Mi Browser's switch is found by what its owner reads, on a page of its settings: the private mode leaks as it
// is, and not with the switch off, which is on again afterwards. What matched, and how sure that is, is in the evidence.
func TestTheEnhancedModeIsSwitchedByTextsAlone(t *testing.T) {
	t.Parallel()
	r := newRenamedRig(t, nil)
	real, ok := catalogue.Find(miBrowser, "")
	if here := r.browser().Entry.Browser; !ok || cmp.Diff(real.Browser, here) != "" || !slices.Contains(r.browser().Modes(), action.Unenhanced) {
		t.Fatal("it is not driven as a real one")
	}
	l := r.lease()
	if seen := r.searchIn(l, action.Private, "private"); seen.Verdict.Outcome != leak.Leaked {
		t.Errorf("private: %s %v", seen.Verdict.Outcome, codes(seen))
	}
	if seen := r.searchIn(l, action.Unenhanced, "unenhanced"); seen.Verdict.Outcome != leak.Clean {
		t.Errorf("with the switch off: %s %v", seen.Verdict.Outcome, codes(seen))
	}
	r.enhanced(true)
	if !slices.Contains(r.undoEntries(), "switch "+miBrowser) {
		t.Errorf("the journal has %q", r.undoEntries())
	}
	all := r.attempts()
	got := all[len(all)-1].Switches
	by := func(state string) string { return real.Browser.Private.Enhanced.Name + ", " + state }
	if len(got) != 2 || by(got[0].Was+" to "+got[0].Is) != by("on to off") || by(got[1].Was+" to "+got[1].Is) != by("off to on") {
		t.Fatalf("the attempt says %+v", got)
	}
	if !strings.Contains(got[0].By, laterName) || got[0].Certainty != string(catalogue.Unverified) || got[0].App != miBrowser {
		t.Errorf("it does not say what matched: %+v", got[0])
	}
	if err := l.Release(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.enhanced(true)
	if left := r.undoEntries(); len(left) > 0 {
		t.Errorf("the journal still has %q", left)
	}
	raw, err := fs.ReadFile(r.bundle.FS(), "phones/"+phoneID+"/journal.jsonl")
	if err != nil || !strings.Contains(string(raw), `"privacy":"text `) {
		t.Errorf("the journal does not say how the page was found: %v", err)
	}
}

// A switch that was off is left off, and needs no undoing.
func TestAnEnhancedModeThatWasOffIsLeftOff(t *testing.T) {
	t.Parallel()
	r := newRenamedRig(t, func(b *personality.Browser) { b.Plain = true })
	l := r.lease()
	if seen := r.searchIn(l, action.Unenhanced, "unenhanced"); seen.Verdict.Outcome != leak.Clean {
		t.Errorf("%s %v", seen.Verdict.Outcome, codes(seen))
	}
	r.enhanced(false)
	if slices.Contains(r.undoEntries(), "switch "+miBrowser) {
		t.Errorf("the journal has %q", r.undoEntries())
	}
	r.release(l)
	r.enhanced(false)
}

// A switch of another name is not guessed at: the attempt was not performed, and what the screen showed is kept.
func TestAnUnknownEnhancedModeIsInconclusive(t *testing.T) {
	t.Parallel()
	r := newRenamedRig(t, nil)
	l := r.lease()
	r.phone.State().Faults.Set(phone.Faults{Words: map[string]string{laterName: "Make it better"}})
	seen := r.searchIn(l, action.Unenhanced, "unenhanced")
	if seen.Verdict.Outcome != leak.Inconclusive || !slices.Contains(codes(seen), leak.CodeNotPerformed) {
		t.Errorf("%s %v", seen.Verdict.Outcome, codes(seen))
	}
	r.enhanced(true)
	if slices.Contains(r.undoEntries(), "switch "+miBrowser) {
		t.Errorf("a switch that was not touched is in the journal: %q", r.undoEntries())
	}
	var tree, picture bool
	_ = fs.WalkDir(r.bundle.FS(), "phones/"+phoneID+"/actions", func(name string, _ fs.DirEntry, err error) error {
		tree, picture = tree || strings.HasSuffix(name, "-search/ui.xml"), picture || strings.HasSuffix(name, "-search/screen-after.png")
		return err
	})
	if !tree || !picture {
		t.Errorf("of the screen there is a tree: %v, a picture: %v", tree, picture)
	}
	r.release(l)
}

// A run that was killed with the switch off leaves it in the undo journal, and restore puts it back; where it cannot, it says
// what to do by hand and keeps it.
func TestAnEnhancedModeIsRestored(t *testing.T) {
	t.Parallel()
	r := newRenamedRig(t, func(b *personality.Browser) { b.Plain = true })
	r.connected()
	u, err := harness.OpenUndo(r.options.State, r.options.Serial)
	if err != nil {
		t.Fatal(err)
	}
	if err := u.Add(harness.EnhancedEntry(r.options, miBrowser)); err != nil {
		t.Fatal(err)
	}
	r.phone.State().Faults.Set(phone.Faults{Words: map[string]string{"Privacy & security": "Other things"}})
	var left *harness.SwitchLeft
	if err := r.restore(); !errors.As(err, &left) || !strings.Contains(left.Error(), `make "Enhanced incognito mode" (later "Help us improve Mi Browser") on`) {
		t.Errorf("%v", err)
	}
	r.enhanced(false)
	r.phone.State().Faults.Set(phone.Faults{})
	if err := r.restore(); err != nil {
		t.Fatal(err)
	}
	r.enhanced(true)
	if keys := r.undoEntries(); len(keys) > 0 {
		t.Errorf("the journal still has %q", keys)
	}
}
