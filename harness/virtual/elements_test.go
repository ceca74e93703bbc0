package virtual

import (
	"strings"
	"testing"
	"time"

	"github.com/telltale-farm/telltale/harness/virtual/manifest"
	"github.com/telltale-farm/telltale/harness/virtual/personality"
	"github.com/telltale-farm/telltale/harness/virtual/phone"
)

// searching is the leaky phone with one change to its one leak, of searches alone.
func searching(change func(*personality.Leak)) personality.Personality {
	p := personality.Leaky2020()
	p.Leaks = p.Leaks[:1]
	p.Leaks[0].On = []personality.Trigger{personality.OnSearch}
	change(&p.Leaks[0])
	return p
}

func delivered(p *Phone, value string) (n int) {
	for _, e := range p.Manifest().Entries {
		if e.Value == value && e.Delivered {
			n++
		}
	}
	return n
}

// Each occasion lets go what was held back until then, and nothing else does.
func TestWhatAnAppWaitsFor(t *testing.T) {
	for name, c := range map[string]struct {
		when personality.When
		not  string // lines that are not the occasion
		do   string
	}{
		"Wi-Fi comes back":    {personality.AtWiFi, "input keyevent 3", "svc wifi disable; svc wifi enable"},
		"the screen goes off": {personality.WhenDark, "input keyevent 3; svc wifi disable; svc wifi enable", "input keyevent 223"},
		"the phone reboots":   {personality.AtBoot, "input keyevent 3; am kill com.android.browser", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPhone(t, searching(func(l *personality.Leak) { l.When = c.when }))
			searchInMiBrowser(t, p, "blue heron 4711", true)
			sh(t, p, c.not+"; sleep 0.7")
			if n := delivered(p, "blue heron 4711"); n != 0 {
				t.Fatalf("it went out before: %+v", p.Manifest().Entries)
			}
			if c.do == "" {
				device{p}.Reboot(t.Context(), "")
			} else {
				sh(t, p, c.do)
			}
			entries(t, p, "blue heron 4711")
		})
	}
}

func TestOneInThree(t *testing.T) {
	p := newPhone(t, searching(func(l *personality.Leak) { l.OneIn = 3 }))
	for _, query := range []string{"first 4711", "second 4711", "third 4711"} {
		searchInMiBrowser(t, p, query, true)
	}
	for _, e := range entries(t, p, "third 4711") {
		if e.Kind == manifest.Query && e.Value != "third 4711" {
			t.Errorf("%q went out too", e.Value)
		}
	}
}

func TestSplitOverTwoUploads(t *testing.T) {
	p := newPhone(t, searching(func(l *personality.Leak) { l.Split, l.Encoding = true, "form" }))
	searchInMiBrowser(t, p, "blue heron 4711", true)
	var got []string
	for end := time.Now().Add(time.Minute); len(got) < 2 && time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		got = got[:0]
		for _, e := range p.Manifest().Entries {
			if e.Kind == manifest.Query && e.Delivered {
				got = append(got, e.Part+" "+e.Sent+" of "+e.Value)
			}
		}
	}
	if want := "1 of 2 blue he of blue heron 4711|2 of 2 ron 4711 of blue heron 4711"; strings.Join(got, "|") != want {
		t.Errorf("got %q", got)
	}
}

// A near miss says something about the search in every upload, and gives none of its words away.
func TestNearMissIsNoEntry(t *testing.T) {
	p := newPhone(t, searching(func(l *personality.Leak) { l.Near, l.Encoding = true, "json" }))
	searchInMiBrowser(t, p, "blue heron 4711", true)
	for end := time.Now().Add(time.Minute); len(p.Manifest().Uploads) == 0; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("no upload")
		}
	}
	m := p.Manifest()
	for _, e := range m.Entries {
		if e.Kind == manifest.Query {
			t.Errorf("it gave the search away: %+v", e)
		}
	}
	if u := m.Uploads[0]; !u.Delivered || !u.Readable || u.Bytes == 0 || u.Via != manifest.Direct {
		t.Errorf("%+v", u)
	}
	acts := map[string]string{}
	for _, a := range m.Acts {
		if a.Private {
			acts[a.What] = a.Value
		}
	}
	if acts["search"] != "blue heron 4711" || !strings.Contains(acts["visit"], "blue+heron+4711") {
		t.Errorf("what was done: %+v", m.Acts)
	}
}

// After the update of May 2020 the default still sends; with the enhanced mode off, the private tab does not.
func TestEnhancedIncognitoMode(t *testing.T) {
	t.Parallel() // it mostly waits
	after, err := personality.ByName("redmi-note-8-may-2020")
	if err != nil {
		t.Fatal(err)
	}
	p := newPhone(t, after)
	searchInMiBrowser(t, p, "enhanced on", true)
	entries(t, p, "enhanced on")
	tapID(t, p, "com.android.browser:id/action_menu")
	tapText(t, p, "Enhanced incognito mode: on")
	searchInMiBrowser(t, p, "enhanced off", true)
	tapID(t, p, "com.android.browser:id/action_menu")
	tapText(t, p, "Exit incognito")
	searchInMiBrowser(t, p, "really normal", false)
	for _, e := range entries(t, p, "really normal") {
		if e.Value == "enhanced off" {
			t.Errorf("sent from a private tab: %+v", e)
		}
	}
}

// A lie strikes after so many inputs, and not before.
func TestLies(t *testing.T) {
	who := personality.Clean()
	who.Lies = []personality.Lie{
		{After: 2, Faults: phone.Faults{SilentTaps: true}},
		{After: 3, Update: &personality.App{Package: "com.android.chrome", Version: "81.0", VersionCode: 81}},
		{Faults: phone.Faults{Words: map[string]string{"Settings": "设置"}, Renamed: map[string]string{"com.google.android.apps.nexuslauncher:id/icon_title": "a:id/b"}}},
	}
	p := newPhone(t, who)
	dump := sh(t, p, "uiautomator dump /dev/tty")
	if !strings.Contains(dump, "设置") || !strings.Contains(dump, "a:id/b") || strings.Contains(dump, "icon_title") {
		t.Errorf("words and ids: %s", dump)
	}
	sh(t, p, "input keyevent 187")
	if got := sh(t, p, "uiautomator dump /dev/tty"); got == dump {
		t.Error("the first input was not taken")
	}
	before := sh(t, p, "uiautomator dump /dev/tty")
	sh(t, p, "input keyevent 3")
	if got := sh(t, p, "uiautomator dump /dev/tty"); got != before {
		t.Error("the second input was taken")
	}
	sh(t, p, "input keyevent 3")
	if got := sh(t, p, "dumpsys package com.android.chrome"); !strings.Contains(got, "versionName=81.0") {
		t.Errorf("it was not updated: %s", got)
	}
	sh(t, p, "settings put global x 1")
}
