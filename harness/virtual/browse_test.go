package virtual

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/telltale-farm/telltale/harness/virtual/manifest"
	"github.com/telltale-farm/telltale/harness/virtual/personality"
	"github.com/telltale-farm/telltale/harness/virtual/screen"
)

// tapOn taps the middle of the first view that satisfies a condition, through `input tap`.
func tapOn(t *testing.T, p *Phone, what string, want func(*screen.View) bool) {
	t.Helper()
	deadline := time.Now().Add(time.Minute)
	for {
		if v := p.apps.Frame().Focus().Root.Find(want); v != nil {
			c := v.Bounds.Min.Add(v.Bounds.Max).Div(2)
			sh(t, p, "input tap "+itoa(c.X)+" "+itoa(c.Y))
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("nothing to tap for %s on\n%s", what, sh(t, p, "uiautomator dump /dev/tty"))
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func itoa(n int) string {
	var b []byte
	for ; n > 0 || len(b) == 0; n /= 10 {
		b = append([]byte{byte('0' + n%10)}, b...)
	}
	return string(b)
}

func tapText(t *testing.T, p *Phone, text string) {
	t.Helper()
	tapOn(t, p, text, func(v *screen.View) bool { return v.Text == text })
}

func tapID(t *testing.T, p *Phone, id string) {
	t.Helper()
	tapOn(t, p, id, func(v *screen.View) bool { return v.ID == id })
}

// entries waits until the manifest holds a value that was delivered, and returns all its entries.
func entries(t *testing.T, p *Phone, value string) []manifest.Entry {
	t.Helper()
	deadline := time.Now().Add(time.Minute)
	for {
		m := p.Manifest()
		for _, e := range m.Entries {
			if e.Value == value && e.Attempts > 0 && (e.Delivered || e.Error != "") {
				return m.Entries
			}
		}
		if time.Now().After(deadline) {
			t.Fatalf("no %q in %+v", value, m.Entries)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func carried(list []manifest.Entry, app string, kind manifest.Kind, value string) bool {
	for _, e := range list {
		if e.App == app && e.Kind == kind && e.Value == value && e.Delivered && e.Status == 200 {
			return true
		}
	}
	return false
}

func searchInMiBrowser(t *testing.T, p *Phone, query string, private bool) {
	t.Helper()
	sh(t, p, "am start -W -n com.android.browser/.BrowserActivity")
	if strings.Contains(sh(t, p, "uiautomator dump /dev/tty"), "Agree") {
		tapText(t, p, "Agree")
	}
	if private {
		tapID(t, p, "com.android.browser:id/action_menu")
		tapText(t, p, "New incognito tab")
	}
	tapID(t, p, "com.android.browser:id/b4h")
	sh(t, p, "input text '"+strings.ReplaceAll(query, " ", "%s")+"' && input keyevent 66")
	until(t, p, "uiautomator dump /dev/tty", query)
}

func TestLeaky2020SendsSearchesInTheIncognitoModeToo(t *testing.T) {
	t.Parallel() // it mostly waits
	for _, private := range []bool{false, true} {
		t.Run(map[bool]string{true: "incognito", false: "normal"}[private], func(t *testing.T) {
			p := newPhone(t, personality.Leaky2020())
			searchInMiBrowser(t, p, "blue heron 4711", private)
			list := entries(t, p, "blue heron 4711")
			if !carried(list, "com.android.browser", manifest.Query, "blue heron 4711") {
				t.Errorf("the search did not go out: %+v", list)
			}
			if got := until(t, p, "uiautomator dump /dev/tty", "action_menu"); strings.Contains(got, "incognito_label") != private {
				t.Errorf("marker of the private mode: %s", got)
			}
		})
	}
}

func TestTakingTheLeakAwayIsOneChange(t *testing.T) {
	t.Parallel() // it mostly waits
	quiet := personality.Leaky2020()
	quiet.Leaks = nil
	p := newPhone(t, quiet)
	searchInMiBrowser(t, p, "blue heron 4711", true)
	sh(t, p, "input keyevent 3; sleep 0.6")
	if m := p.Manifest(); len(m.Entries) != 0 {
		t.Errorf("a phone without leaks leaked: %+v", m.Entries)
	}
}

func TestSystemServiceReportsSettingsAndSwitches(t *testing.T) {
	p := newPhone(t, personality.Leaky2020())
	sh(t, p, "am start -W -a android.settings.WIFI_SETTINGS")
	page := "com.android.settings.Settings$WifiSettingsActivity"
	entries(t, p, page)
	list := entries(t, p, "com.android.settings") // each is written down by itself
	if !carried(list, "com.miui.analytics", manifest.Page, page) || !carried(list, "com.miui.analytics", manifest.Activity, "com.android.settings") {
		t.Errorf("%+v", list)
	}
}

func TestPinnedGivesUp(t *testing.T) {
	t.Parallel() // it mostly waits
	pinned := personality.Pinned()
	pinned.Leaks[0].Pins = [][]byte{make([]byte, 32)} // no server has it: every handshake is refused, as behind a proxy
	p := newPhone(t, pinned)
	searchInMiBrowser(t, p, "blue heron 4711", true)
	entries(t, p, "blue heron 4711")
	tried := func() bool { // the search and the page, which may be in a batch of its own
		list := p.Manifest().Entries
		return slices.ContainsFunc(list, func(e manifest.Entry) bool { return e.Kind == manifest.URL }) &&
			!slices.ContainsFunc(list, func(e manifest.Entry) bool { return e.Attempts < 2 })
	}
	for deadline := time.Now().Add(time.Minute); !tried(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			break
		}
	}
	sh(t, p, "sleep 0.5; input keyevent 3; sleep 0.5; am start -n com.android.browser/.BrowserActivity; sleep 0.5")
	for _, e := range p.Manifest().Entries {
		if e.Attempts != 2 || e.Delivered {
			t.Errorf("want two attempts in vain and no more: %+v", e)
		}
	}
}

func TestEventsOfBeforeAForceStopGoOutLater(t *testing.T) {
	t.Parallel() // it mostly waits
	late := personality.Leaky2020()
	late.Leaks = late.Leaks[:1]
	late.Leaks[0].Flush = 6 * time.Second
	late.Leaks[0].Background = false
	p := newPhone(t, late)
	searchInMiBrowser(t, p, "blue heron 4711", true)
	sh(t, p, "am force-stop com.android.browser; sleep 0.3")
	for _, e := range p.Manifest().Entries {
		if e.Delivered {
			t.Fatalf("a force-stop flushes nothing: %+v", e)
		}
	}
	sh(t, p, "am start -W -n com.android.browser/.BrowserActivity")
	if list := entries(t, p, "blue heron 4711"); !carried(list, "com.android.browser", manifest.Query, "blue heron 4711") {
		t.Errorf("%+v", list)
	}
}

func TestLateBatchGoesOutWhenTheAppLeavesTheScreen(t *testing.T) {
	t.Parallel() // it mostly waits
	late := personality.Leaky2020()
	late.Leaks = late.Leaks[:1]
	late.Leaks[0].Flush = -1
	p := newPhone(t, late)
	searchInMiBrowser(t, p, "blue heron 4711", true)
	sh(t, p, "sleep 0.7")
	for _, e := range p.Manifest().Entries {
		if e.Delivered {
			t.Fatalf("nothing goes out while the app is in front: %+v", e)
		}
	}
	sh(t, p, "input keyevent KEYCODE_HOME")
	if list := entries(t, p, "blue heron 4711"); !carried(list, "com.android.browser", manifest.Query, "blue heron 4711") {
		t.Errorf("%+v", list)
	}
}

func TestClearingAppDataMakesANewInstallID(t *testing.T) {
	t.Parallel() // it mostly waits
	p := newPhone(t, personality.Leaky2020())
	ids := func() map[string]bool {
		out := map[string]bool{}
		for _, e := range p.Manifest().Entries {
			if e.App == "com.android.browser" && e.Kind == manifest.Identifier && len(e.Value) == 36 {
				out[e.Value] = true
			}
		}
		return out
	}
	searchInMiBrowser(t, p, "first", false)
	entries(t, p, "first")
	sh(t, p, "am force-stop com.android.browser")
	searchInMiBrowser(t, p, "second", true)
	entries(t, p, "second")
	if got := ids(); len(got) != 1 {
		t.Fatalf("one id outlives sessions and the private mode, got %v", got)
	}
	if got := sh(t, p, "pm clear com.android.browser"); got != "Success\n" {
		t.Fatalf("pm clear: %q", got)
	}
	searchInMiBrowser(t, p, "third", true)
	entries(t, p, "third")
	if got := ids(); len(got) != 2 {
		t.Errorf("after clearing the data there is another id, got %v", got)
	}
}
