package evidence

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/assertions/leak/leaktest"
)

func page(t *testing.T, dir string) string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(dir, reportName))
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// leaking is the clean sample with one request too many, on a phone of a kind.
func leaking(kind string) *leaktest.Bundle {
	b := leaktest.Clean()
	b.Policy.Phones[0].Kind = kind
	for i := range b.Plan.Cells {
		b.Plan.Cells[i].Kind = kind
	}
	for i := range b.Phones[0].Lines {
		b.Phones[0].Lines[i].Kind = kind
	}
	b.Phones[0].AddFlow(leaktest.Post(leaktest.Browser, "https://sa.example/sa", 22_000_000, `{"q":"`+leaktest.Query+`"}`))
	return b
}

// A picture of one cell, one row or one finding says that the phone was virtual; one of a real phone never does.
func TestEachPartSaysVirtual(t *testing.T) {
	const mark = `<span class="mark">virtual</span>`
	virtual := page(t, closed(t, leaking(leak.KindVirtual)))
	for _, part := range []struct{ begin, end string }{
		{"<td class=\"id\">", "</td>"}, {"<summary><span", "</summary>"}, {`<div class="find">`, "</div>"}, {`<div class="card">`, "</p>"},
	} {
		rest, n := virtual, 0
		for {
			_, after, ok := strings.Cut(rest, part.begin)
			if !ok {
				break
			}
			text, _, _ := strings.Cut(after, part.end)
			if !strings.Contains(text, mark) {
				t.Errorf("this does not say that it is virtual: %s%s", part.begin, text)
			}
			rest, n = after, n+1
		}
		if n == 0 {
			t.Errorf("the report has no %s", part.begin)
		}
	}
	real := page(t, closed(t, leaking(leak.KindUSB)))
	if strings.Contains(real, mark) || strings.Contains(real, "irtual phone") || strings.Contains(real, "imitate") {
		t.Error("the report of a real phone calls it virtual")
	}
}

// A report answers what was looked for, on what, and what became of the controls; also where nothing was found.
func TestReportSays(t *testing.T) {
	clean, leaks := page(t, closed(t, leaktest.Clean())), page(t, closed(t, leaking(leak.KindUSB)))
	for _, want := range []string{
		"firmware V1.0.0", "com.android.browser 12.0", // in each cell
		"search query c1 &#34;" + leaktest.Query + "&#34;, meant for duckduckgo.com (attempt 2)",
		"package com.android.settings (not in what com.android.settings itself sent)", "page WifiSettingsActivity",
		"did not send the search query to anyone but its recipient", "was not reported by anything sent while it was watched",
		"none of 1 known identifier (android_id)", "In this run, nothing", "within 1 ms", "there was none when this page was written", "imitates",
	} {
		if !strings.Contains(clean, want) {
			t.Errorf("the report of a clean run does not say %q", want)
		}
	}
	for _, want := range []string{
		"sent the search query to sa.example.", "the owner of the socket on the phone, exact", " UTC, 2 s into a window of 9 s", "| python3 -m json.tool",
		"telltale decode --flow 4 phones/phone-1/flows.jsonl",
		"TLS, app to proxy</dt><dd>TLS 1.3 TLS_AES_128_GCM_SHA256, http/1.1; offered TLS 1.3, TLS 1.2; JA4 t13d1516h2_8daaf6152771_e5627efa2ab1<",
		"TLS, proxy to server</dt><dd>TLS 1.2 TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256<",
	} {
		if !strings.Contains(leaks, want) {
			t.Errorf("the report of a leak does not say %q", want)
		}
	}
	if strings.Contains(clean, leaktest.AndroidID) {
		t.Error("the report shows an identifier")
	}
}

// Screens are shown, and only where they lie in the bundle.
func TestReportShowsScreens(t *testing.T) {
	b := recorded(t, leaktest.Clean())
	p, err := OpenPhone(b.dir, leaktest.PhoneID)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(p.Artefact(2, "search", "screen-after.png", []byte("png")), p.Close()); err != nil {
		t.Fatal(err)
	}
	c, err := b.Close()
	if err != nil {
		t.Fatal(err)
	}
	const img = `<img src="phones/phone-1/actions/0002-search/screen-after.png"`
	if got := page(t, c.Dir); strings.Count(got, "<img") != 1 || !strings.Contains(got, img) {
		t.Errorf("%d pictures, want %s", strings.Count(got, "<img"), img)
	}
	out := filepath.Join(t.TempDir(), "public")
	if err := Redact(c.Dir, out); err != nil {
		t.Fatal(err)
	}
	if got := page(t, out); strings.Contains(got, "<img") || !strings.Contains(got, "REDACTED COPY") {
		t.Error("a redacted copy shows screens, or does not say what it is")
	}
}

// A switch that was changed for an attempt is named with what matched and how sure that is; hostile text in it shows as text.
func TestReportShowsSwitches(t *testing.T) {
	b := leaktest.Clean()
	b.Phones[0].Attempt("search").Switches = []leak.Switched{
		{App: leaktest.Browser, Name: "Enhanced incognito mode", Was: "on", Is: "off", By: `text "Help us improve"`, Certainty: "unverified", Source: "a press text"},
		{App: hostile[0], Name: hostile[1], Was: hostile[5], Is: hostile[6], By: hostile[3], Certainty: hostile[8], Source: hostile[11]},
	}
	got := page(t, closed(t, b))
	if !strings.Contains(got, "\u201cEnhanced incognito mode\u201d of com.android.browser was on, switched off and read back; found by text &#34;Help us improve&#34;; certainty unverified (a press text)") {
		t.Error("the report does not name the switch")
	}
	checkPage(t, "switches", got)
}

// Windows that were compared stand in the report with what they were enough for, and idle ones are told from the others.
func TestReportShowsTrials(t *testing.T) {
	b := leaktest.Clean()
	b.AddTrials(8, func(p leak.Place, at int64) []leaktest.Flow {
		if p.Kind == leak.TrialIdle {
			return nil
		}
		return []leaktest.Flow{leaktest.Post(leaktest.Analytics, "https://"+leaktest.Collector+"/e", at+2_000_000, `{"event":"x"}`)}
	})
	got := page(t, closed(t, b))
	for _, want := range []string{"8 of 8 planned", "window without the action", "window with the action", leaktest.Collector + ":443", "reacts", "attempts</summary>"} {
		if !strings.Contains(got, want) {
			t.Errorf("the report does not say %q", want)
		}
	}
	if strings.Contains(page(t, closed(t, leaktest.Clean())), "compared") {
		t.Error("a report without such windows speaks of them")
	}
}

// A browser that devices.yaml names as the baseline is marked so, and no other.
func TestBaselineIsMarked(t *testing.T) {
	const mark = "baseline, to compare the others with"
	b := leaktest.Clean()
	if strings.Contains(page(t, closed(t, b)), mark) {
		t.Error("a browser is marked that is no baseline")
	}
	b.Policy.Phones[0].Browsers[0].Baseline = true
	if !strings.Contains(page(t, closed(t, b)), mark) {
		t.Error("the baseline is not marked")
	}
}

// What keeps an identity claim from being clean is told once for all places that it holds of, and always has a reason.
func TestUnseenIdentity(t *testing.T) {
	reason := func(class string) leak.Reason {
		return leak.Reason{Code: leak.CodeTooFewSessions, Class: class, Host: "sa.example", Flow: 3, Detail: "not watched over a restart"}
	}
	for name, c := range map[string]struct {
		id    leak.Identity
		known []string
		want  string
	}{
		"clean":         {leak.Identity{Outcome: leak.Clean}, nil, ""},
		"leaked":        {leak.Identity{Outcome: leak.Leaked, Reasons: []leak.Reason{reason("a")}}, nil, ""},
		"three places":  {leak.Identity{Outcome: leak.Inconclusive, Reasons: []leak.Reason{reason("a"), reason("b"), reason("c")}}, nil, "too-few-sessions (a, b, c) sa.example by app.a: not watched over a restart"},
		"none known":    {leak.Identity{Outcome: leak.Inconclusive}, nil, "identity () by app.a: no identifier of this phone is known to search for"},
		"not all read":  {leak.Identity{Outcome: leak.Inconclusive}, []string{"serial"}, "identity () by app.a: not all that it sent could be read: none of 1 known identifier (serial)"},
		"another place": {leak.Identity{Outcome: leak.Inconclusive, Reasons: []leak.Reason{reason("a")}}, []string{"serial"}, "too-few-sessions (a) sa.example by app.a: not watched over a restart"},
	} {
		c.id.Phone, c.id.App = "phone-1", "app.a"
		var got []string
		for _, u := range unseenIdentity(c.id, viewIdentity(c.id, leak.KindVirtual, c.known)) {
			got = append(got, u.Reason.Code+" ("+u.Reason.Class+") "+u.Reason.Where+": "+u.Reason.Detail)
			if !u.Virtual {
				t.Errorf("%s: it does not say that the phone is virtual", name)
			}
		}
		if strings.Join(got, "\n") != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
