package catalogue

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

var (
	packageForm   = regexp.MustCompile(`^[a-zA-Z][a-zA-Z0-9_]*(\.[a-zA-Z][a-zA-Z0-9_]*)+$`)
	componentForm = regexp.MustCompile(`^[a-zA-Z0-9_.]+/[a-zA-Z0-9_.$]+$`)
	resourceForm  = regexp.MustCompile(`^[a-zA-Z0-9_.]+:id/[a-zA-Z0-9_]+$`)
)

func TestEntriesAreWellFormed(t *testing.T) {
	seen := map[[2]string]bool{}
	for _, e := range entries() {
		t.Run(e.Package+" "+e.Virtual, func(t *testing.T) {
			key := [2]string{e.Package, e.Virtual}
			if seen[key] {
				t.Error("the entry occurs twice")
			}
			seen[key] = true
			if !packageForm.MatchString(e.Package) && e.Package != "android" || e.Name == "" || e.Source == "" {
				t.Errorf("package, name or source is missing: %+v", e)
			}
			if e.Virtual != "" && e.Virtual != "*" && !slices.Contains(Personalities(), e.Virtual) {
				t.Errorf("there is no personality %q", e.Virtual)
			}
			if !slices.Contains([]Certainty{Measured, Sourced, Reported, Unverified}, e.Certainty) {
				t.Errorf("certainty is %q", e.Certainty)
			}
			if !slices.Contains([]string{"user", "system", "own", "unknown"}, e.Trust) {
				t.Errorf("trust is %q", e.Trust)
			}
			if e.Launch != "" && (!componentForm.MatchString(e.Launch) || !strings.HasPrefix(e.Launch, e.Package+"/")) {
				t.Errorf("launch is %q", e.Launch)
			}
			if e.Flush < 0 || e.Flush > 10*time.Minute || (e.Virtual != "" && e.Flush == 0) {
				t.Errorf("flush is %s", e.Flush)
			}
			checkSelectors(t, "consent", e.Consent, true)
			if b := e.Browser; b != nil {
				checkSelectors(t, "search box", b.SearchBox, false)
				checkSelectors(t, "URL field", b.URLField, false)
				checkSelectors(t, "private steps", b.Private.Steps, true)
				checkSelectors(t, "private marker", b.Private.Marker, b.Private.Intent == "" && len(b.Private.Steps) == 0)
				checkSelectors(t, "leave", b.Private.Leave, true)
				checkSelectors(t, "enhanced, on", b.Private.Enhanced.On, true)
				checkSelectors(t, "enhanced, off", b.Private.Enhanced.Off, len(b.Private.Enhanced.On) == 0)
				if w := b.Private.Enhanced; len(w.On) > 0 {
					checkLegs(t, w.Way)
					if len(w.Way) == 0 || w.Name == "" || strings.Count(w.Words, "%s") != 1 || w.Source == "" || !slices.Contains([]Certainty{Measured, Sourced, Reported, Unverified}, w.Certainty) {
						t.Errorf("the way to its enhanced mode lacks parts, words, source or certainty: %+v", w)
					}
				}
				checkSelectors(t, "clear", b.Clear, true)
			}
			if (e.Trust == "own") != (e.OwnStore != nil) {
				t.Errorf("trust is %q, and the way to its switch %v", e.Trust, e.OwnStore)
			}
			if o := e.OwnStore; o != nil {
				checkLegs(t, append(append(append(o.Menu, o.Reveal...), o.Page...), o.Switch))
				if strings.Count(o.Words, "%s") != 1 || o.Hidden == "" || o.Source == "" || !slices.Contains([]Certainty{Measured, Sourced, Reported, Unverified}, o.Certainty) {
					t.Errorf("the way to its switch lacks words, source or certainty: %+v", o)
				}
			}
			if f := e.Files; f != nil {
				checkSelectors(t, "storage", f.Storage, f.Documents)
			}
		})
	}
}

// checkLegs: the switch is told by its state, so its label may ask for none, and a point of the screen has none.
func checkLegs(t *testing.T, legs []Leg) {
	t.Helper()
	for i, leg := range legs {
		if leg.What == "" || leg.Times < 0 || leg.Times > 10 {
			t.Errorf("leg %d: %+v", i, leg)
		}
		checkSelectors(t, leg.What, leg.At, false)
		for _, s := range leg.At {
			if s.Checked != "" || i == len(legs)-1 && s.Percent != [2]int{} {
				t.Errorf("%s: %+v", leg.What, s)
			}
		}
	}
}

func checkSelectors(t *testing.T, what string, all []Selector, mayBeEmpty bool) {
	t.Helper()
	if len(all) == 0 && !mayBeEmpty {
		t.Errorf("%s: there is no selector", what)
	}
	for _, s := range all {
		if s.ID == "" && s.Class == "" && len(s.Texts) == 0 && len(s.Descs) == 0 && s.Percent == [2]int{} {
			t.Errorf("%s: a selector matches everything", what)
		}
		if s.Checked != "" && s.Checked != CheckedOn && s.Checked != CheckedOff {
			t.Errorf("%s: state is %q", what, s.Checked)
		}
		if s.ID != "" && !resourceForm.MatchString(s.ID) {
			t.Errorf("%s: resource id is %q", what, s.ID)
		}
		if s.Percent[0] < 0 || s.Percent[0] > 100 || s.Percent[1] < 0 || s.Percent[1] > 100 {
			t.Errorf("%s: point is %v", what, s.Percent)
		}
	}
}

func TestFind(t *testing.T) {
	tests := []struct {
		name, pkg, personality string
		found                  bool
		virtual                string
		flush                  time.Duration
	}{
		{"the Mi Browser of a real phone holds events for its kit's interval", "com.android.browser", "", true, "", 15 * time.Second},
		{"that of a virtual phone has a clock of its own", "com.android.browser", "leaky-2020", true, "*", virtualFlush},
		{"Chrome's flush time is not known", "com.android.chrome", "", true, "", 0},
		{"an entry of a real phone never applies to a virtual one", "com.duckduckgo.mobile.android", "clean", false, "", 0},
		{"an entry of virtual phones never applies to a real one", "com.example.nowhere", "", false, "", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e, ok := Find(tt.pkg, tt.personality)
			if ok != tt.found || e.Virtual != tt.virtual || e.Flush != tt.flush {
				t.Errorf("got %v %q %s, want %v %q %s", ok, e.Virtual, e.Flush, tt.found, tt.virtual, tt.flush)
			}
		})
	}
}

func TestAllGivesOneEntryAPackage(t *testing.T) {
	for _, kind := range append(Personalities(), "") {
		all := All(kind)
		if len(all) == 0 {
			t.Errorf("there is nothing for %q", kind)
		}
		if !slices.IsSortedFunc(all, func(a, b Entry) int { return strings.Compare(a.Package, b.Package) }) {
			t.Errorf("%q: not sorted by package", kind)
		}
		for i, e := range all {
			if i > 0 && all[i-1].Package == e.Package {
				t.Errorf("%q: %s occurs twice", kind, e.Package)
			}
			if (kind == "") != (e.Virtual == "") {
				t.Errorf("%q: the entry of %s is for %q", kind, e.Package, e.Virtual)
			}
			if found, ok := Find(e.Package, kind); !ok || found.Virtual != e.Virtual {
				t.Errorf("%q: Find does not give the entry of %s that All gives", kind, e.Package)
			}
		}
	}
}

func TestNobodyCanChangeTheCatalogueForOthers(t *testing.T) {
	e, _ := Find("com.android.chrome", "")
	e.Browser.SearchBox[0].ID = "changed"
	if again, _ := Find("com.android.chrome", ""); again.Browser.SearchBox[0].ID == "changed" {
		t.Error("a change to an entry is seen by the next caller")
	}
}

func TestSurfaces(t *testing.T) {
	for i, s := range Surfaces() {
		if i > 0 && Surfaces()[i-1].ID >= s.ID {
			t.Errorf("%s is out of order", s.ID)
		}
		if !strings.HasPrefix(s.Action, "android.settings.") || !packageForm.MatchString(s.Package) || len(s.Titles) == 0 {
			t.Errorf("surface %+v is not whole", s)
		}
		if got, ok := FindSurface(s.ID); !ok || got.Action != s.Action {
			t.Errorf("FindSurface(%s) = %+v, %v", s.ID, got, ok)
		}
	}
	if _, ok := FindSurface("no-such-page"); ok {
		t.Error("there is a surface of no page")
	}
}
