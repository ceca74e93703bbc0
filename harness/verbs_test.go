package harness_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/harness"
	"github.com/telltale-farm/telltale/harness/action"
	"github.com/telltale-farm/telltale/harness/virtual/network"
	"github.com/telltale-farm/telltale/harness/virtual/personality"
)

// verbs are those of the system, which give nothing to anybody.
var verbs = []func(*harness.Session) harness.Action{
	func(*harness.Session) harness.Action { return action.SwipeHome() },
	func(*harness.Session) harness.Action { return action.PullStatusBar() },
	func(s *harness.Session) harness.Action { return action.PlayTrack(s.Canary("track title", "")) },
	func(s *harness.Session) harness.Action {
		return action.OpenFile(s.Canary("folder name", ""), s.Canary("file name", ""))
	},
}

// browsing are those of a browser.
func browsing(b action.Browser, mode action.Mode) []func(*harness.Session) harness.Action {
	return []func(*harness.Session) harness.Action{
		func(s *harness.Session) harness.Action {
			return action.Visit(b, s.URL("address", b.SearchHost), mode)
		},
		func(s *harness.Session) harness.Action {
			return action.SearchSite(b, s.Canary("query", s.Site()), mode)
		},
		func(s *harness.Session) harness.Action { return action.Download(b, s.FileURL("file"), mode) },
		func(s *harness.Session) harness.Action { return action.Share(b, s.URL("address", b.SearchHost), mode) },
	}
}

// others are those of a browser that are the same in every kind of tab.
func others(b action.Browser) []func(*harness.Session) harness.Action {
	list := []func(*harness.Session) harness.Action{
		func(s *harness.Session) harness.Action { return action.CopyText(b, s.Word("word", b.SearchHost)) },
		func(*harness.Session) harness.Action { return action.FirstStart(b) },
	}
	if b.HasNews() {
		list = append([]func(*harness.Session) harness.Action{func(*harness.Session) harness.Action { return action.ReadNews(b) }}, list...)
	}
	return list
}

// TestVerbs drives each verb on a phone that reports all of them and on one that reports none, on MIUI and on Android
// One: it happens, its report is found, and nothing of it is left on the phone.
func TestVerbs(t *testing.T) {
	t.Parallel()
	leaky := personality.Leaky2020()
	leaky.Leaks = []personality.Leak{
		{App: "com.miui.analytics", URL: personality.OneTrackURL, Encoding: "onetrack", Trust: network.TrustUser,
			On: []personality.Trigger{personality.OnSwipe, personality.OnShade, personality.OnPlay, personality.OnFolder, personality.OnFile}},
		{App: "com.android.browser", URL: personality.SensorsURL, Encoding: "sensors", Trust: network.TrustUser, Private: true,
			On: []personality.Trigger{personality.OnVisit, personality.OnShare, personality.OnDownload, personality.OnClip, personality.OnStart, personality.OnFeed}}}
	for _, tc := range []struct {
		name, shipped string
		who           personality.Personality
		want          leak.Outcome
	}{
		{"MIUI, reporting", "leaky-2020", leaky, leak.Leaked},
		{"Android One, silent", "clean", personality.Clean(), leak.Clean},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, tc.who, tc.shipped)
			if tc.shipped == "leaky-2020" {
				r.phone.State().Props.Force("ro.miui.ui.version.code", "10") // MIUI 12: half of its status bar opens something else
			}
			r.options.Profile.Allow = append(r.options.Profile.Allow, "app-data-reset")
			l := r.lease()
			all := slices.Concat(verbs, browsing(r.browser(), action.Normal), browsing(r.browser(), action.Private), others(r.browser()))
			for i, verb := range all {
				key := leak.Key{Phone: phoneID, Scenario: fmt.Sprint("verb ", i), Variant: "default"}
				if i >= len(verbs) {
					key.Browser = "b"
				}
				s := l.Session(key)
				seen, err := s.Do(t.Context(), verb(s))
				if err != nil {
					t.Fatalf("%s: %v", key.Scenario, err)
				}
				last := r.attempts()[len(r.attempts())-1]
				if !last.Postcondition.Seen {
					t.Errorf("%s did not happen: %s", key.Scenario, last.Postcondition.Got)
				}
				if seen.Verdict.Outcome != tc.want {
					t.Errorf("%s: %s %v, want %s", key.Scenario, seen.Verdict.Outcome, codes(seen), tc.want)
				}
			}
			r.release(l)
			r.nothingLeft()
			var names []string
			for _, dir := range []string{"/sdcard", "/sdcard/Music"} {
				list, err := r.phone.State().Files.ReadDir(dir)
				if err != nil {
					t.Fatal(err)
				}
				for _, f := range list {
					names = append(names, f.Name())
				}
			}
			if i := slices.IndexFunc(names, func(n string) bool { return strings.Contains(n, " ") || strings.HasSuffix(n, ".mp3") }); i >= 0 {
				t.Errorf("%q is left on the phone", names[i])
			}
		})
	}
}

func TestWhatIsOnThePhoneAlreadyIsNeverTouched(t *testing.T) {
	t.Parallel()
	r := newRig(t, personality.Clean(), "clean")
	var journal []string
	d := &harness.Driver{Device: r.server.Device(r.options.Serial, adbOptions), Remember: func(what, script string) error {
		journal = append(journal, script)
		return nil
	}}
	r.attach()
	files := r.phone.State().Files
	if err := files.Write("/sdcard/Music/mine", []byte("dear"), 0o644, false); err != nil {
		t.Fatal(err)
	}
	var missing *harness.NotPerformed
	if err := d.Put(t.Context(), "/sdcard/Music/mine", nil); !errors.As(err, &missing) {
		t.Errorf("over a file of the owner's: %v", err)
	}
	if err := d.MakeFolder(t.Context(), "/sdcard/Music"); !errors.As(err, &missing) {
		t.Errorf("over a folder of the owner's: %v", err)
	}
	for _, name := range []string{"/data/local/tmp/x", "/sdcard/../data/x", "/sdcard/", "x"} {
		if err := d.Put(t.Context(), name, nil); err == nil {
			t.Errorf("%s was written", name)
		}
	}
	if len(journal) > 0 {
		t.Errorf("what was not made is to be removed: %q", journal)
	}
	const odd = "/sdcard/Music/it's; rm $(x)\n"
	if err := d.Put(t.Context(), odd, []byte("ours")); err != nil {
		t.Fatal(err)
	}
	if len(journal) != 1 {
		t.Fatalf("journal %q", journal)
	}
	if _, err := d.Device.Script(t.Context(), journal[0]); err != nil {
		t.Fatal(err)
	}
	list, _ := files.ReadDir("/sdcard/Music")
	if len(list) != 1 || list[0].Name() != "mine" {
		t.Errorf("after the journal's script: %v", list)
	}
}

// TestThePrivateModeAfterTheUpdateOf2020 goes through the three modes of a browser as it was after May 2020: it sends by
// default, in the private mode too, and not with the enhanced mode switched off, which is on again afterwards.
func TestThePrivateModeAfterTheUpdateOf2020(t *testing.T) {
	t.Parallel()
	who, err := personality.ByName("redmi-note-8-may-2020")
	if err != nil {
		t.Fatal(err)
	}
	r := newRig(t, who, who.Name)
	l := r.lease()
	b := r.browser()
	if !slices.Contains(b.Modes(), action.Unenhanced) {
		t.Fatal("the catalogue does not know the switch")
	}
	for _, c := range []struct {
		mode action.Mode
		want leak.Outcome
	}{
		{action.Normal, leak.Leaked}, {action.Private, leak.Leaked}, {action.Unenhanced, leak.Clean}, {action.Private, leak.Leaked},
	} {
		s := l.Session(leak.Key{Phone: phoneID, Browser: "b", Scenario: "search", Variant: fmt.Sprint(c.mode, len(r.attempts()))})
		seen, err := s.Do(t.Context(), action.Search(b, s.Canary("query", b.SearchHost), c.mode))
		if err != nil || seen.Verdict.Outcome != c.want {
			t.Errorf("%s: %v, %s %v, want %s", c.mode, err, seen.Verdict.Outcome, codes(seen), c.want)
		}
	}
	r.release(l)
}

// TestNewsThatNobodyReports opens an item in the same browser when nothing is reported. The item's own address holds the
// words of its title, which is no report.
func TestNewsThatNobodyReports(t *testing.T) {
	t.Parallel()
	who := personality.Leaky2020()
	who.Leaks = nil
	r := newRig(t, who, "leaky-2020")
	l := r.lease()
	s := l.Session(leak.Key{Phone: phoneID, Browser: "b", Scenario: "read the news", Variant: "default"})
	seen, err := s.Do(t.Context(), action.ReadNews(r.browser()))
	if err != nil || seen.Verdict.Outcome != leak.Clean {
		t.Errorf("%v, %s %v", err, seen.Verdict.Outcome, codes(seen))
	}
	if a := r.attempts(); len(a[len(a)-1].Markers) != 1 {
		t.Errorf("markers %+v", a[len(a)-1].Markers)
	}
	r.release(l)
}
