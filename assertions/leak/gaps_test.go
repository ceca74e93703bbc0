package leak_test

import (
	"crypto/sha256"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/assertions/leak/leaktest"
	"github.com/telltale-farm/telltale/capture/decode"
	"github.com/telltale-farm/telltale/capture/flow"
)

// page is a URL canary on a site that the run's files name.
const page = "https://duckduckgo.com/about/quokka-gantry-4f1c"

// visitPage makes the search of the clean bundle a visit to page.
func visitPage(p *leaktest.Phone) {
	p.Secrets[2].Kind, p.Secrets[2].Value = leak.ValueURL, page
	p.Flows[1] = leaktest.Get(leaktest.Browser, page, 21*s)
}

// history is an upload of many pages of one site, with one more at its end.
func history(last string) leaktest.Flow {
	var list []string
	for i := range 100 {
		list = append(list, fmt.Sprintf(`{"u":"https://duckduckgo.com/p%d"}`, i))
	}
	return leaktest.Post(leaktest.Browser, stranger, 22*s, "["+strings.Join(append(list, last), ",")+"]")
}

// cut is an upload of which the end was not recorded.
func cut(at int64) leaktest.Flow {
	return with(leaktest.Post(leaktest.Browser, stranger, at, said(strings.Repeat("a", 300))), func(f *leaktest.Flow) { f.Cap = 50 })
}

// stretches are pieces of the query that do not come to its end, in as many ways to write it as wanted.
func stretches(forms int, last ...string) leaktest.Flow {
	var list []string
	for _, sep := range []string{" ", "+", "%20"}[:forms] {
		text := strings.ReplaceAll(leaktest.Query[:len(leaktest.Query)-1], " ", sep)
		for from := range text {
			for to := from + 4; to <= len(text); to++ {
				list = append(list, fmt.Sprintf("%q", text[from:to]))
			}
		}
	}
	return leaktest.Post(leaktest.Browser, stranger, 22*s, "["+strings.Join(append(list, last...), ",")+"]")
}

// TestGaps takes something away from the clean bundle, or hides something behind what is much: each must keep the search
// from being clean, and what only looks like it must not.
func TestGaps(t *testing.T) {
	for name, c := range map[string]struct {
		do   func(b *leaktest.Bundle, p *leaktest.Phone)
		want leak.Outcome
		code leak.Code
	}{
		// What is much hides what is little.
		"a page behind a hundred of its site": {func(_ *leaktest.Bundle, p *leaktest.Phone) {
			visitPage(p)
			p.AddFlow(history(`{"u":"` + page + `"}`))
		}, leaked, ""},
		"another page behind a hundred of its site": {func(_ *leaktest.Bundle, p *leaktest.Phone) {
			visitPage(p)
			p.AddFlow(history(`{"u":"https://duckduckgo.com/about/else"}`))
		}, clean, ""},
		"a path beside its host in one text": {func(_ *leaktest.Bundle, p *leaktest.Phone) {
			p.Secrets[2].Kind, p.Secrets[2].Value = leak.ValueURL, "https://duckduckgo.com/quokka4f"
			p.Flows[1] = leaktest.Get(leaktest.Browser, p.Secrets[2].Value, 21*s)
			p.AddFlow(leaktest.Post(leaktest.Browser, stranger, 22*s, `{"t":"GET /quokka4f from duckduckgo.com"}`))
		}, leaked, ""},
		"more pieces than are kept": {func(_ *leaktest.Bundle, p *leaktest.Phone) { p.AddFlow(stretches(3, `"8a9e"`)) }, inconclusive, leak.CodeTruncated},
		"many pieces of no whole":   {func(_ *leaktest.Bundle, p *leaktest.Phone) { p.AddFlow(stretches(1)) }, clean, ""},

		// A record that says less than it should.
		"a body shorter than it was": {func(_ *leaktest.Bundle, p *leaktest.Phone) {
			p.AddFlow(with(leaktest.Get(leaktest.Browser, stranger, 22*s), func(f *leaktest.Flow) {
				f.Request.Body = &flow.Body{SHA256: strings.Repeat("0", 64), Size: 4000}
			}))
		}, inconclusive, leak.CodeCaptureGap},
		"a message without what it says": {func(_ *leaktest.Bundle, p *leaktest.Phone) {
			ride(p, leaktest.Get(leaktest.Browser, "https://sa.collector.example/ws", 22*s), with(message("x", 22*s+1), func(f *leaktest.Flow) { f.Body, f.Request = nil, nil }))
		}, inconclusive, leak.CodeOpaqueFlow},
		"a message of the server's": {func(_ *leaktest.Bundle, p *leaktest.Phone) {
			ride(p, leaktest.Get(leaktest.Browser, "https://sa.collector.example/ws", 22*s), with(message("x", 22*s+1), func(f *leaktest.Flow) {
				f.Body, f.Request, f.Response = nil, nil, &flow.Message{Opcode: 1}
			}))
		}, clean, ""},
		"a flow that nobody known broke": {func(_ *leaktest.Bundle, p *leaktest.Phone) {
			p.AddFlow(with(leaktest.Post(leaktest.Browser, stranger, 22*s, said("x")), func(f *leaktest.Flow) { f.Fault = "gremlins" }))
		}, inconclusive, leak.CodeCaptureGap},
		"a flow that the phone broke": {func(_ *leaktest.Bundle, p *leaktest.Phone) {
			p.AddFlow(with(leaktest.Post(leaktest.Browser, stranger, 22*s, said("x")), func(f *leaktest.Flow) { f.Fault = flow.FaultPhone }))
		}, clean, ""},
		"firmware unknown": {func(_ *leaktest.Bundle, p *leaktest.Phone) {
			p.Lines[0].Fingerprint, p.Lines[1].Fingerprint = "", ""
		}, inconclusive, leak.CodeDeviceChanged},
		"apps unknown": {func(_ *leaktest.Bundle, p *leaktest.Phone) { p.Lines[0].Apps, p.Lines[1].Apps = nil, nil }, inconclusive, leak.CodeDeviceChanged},

		// Attempts that do not fit together.
		"one attempt told three times": {func(b *leaktest.Bundle, p *leaktest.Phone) {
			b.PhonePolicy(leaktest.PhoneID).Repeat = 3
			for id := range int64(2) {
				a := p.Attempts[1]
				a.ID = 5 + id
				p.Attempts = append(p.Attempts, a)
			}
		}, inconclusive, leak.CodeHarness},
		"a window that begins where another ends": {func(_ *leaktest.Bundle, p *leaktest.Phone) { p.Attempts[1].Window.End = p.Attempts[2].Window.Start }, clean, ""},
		"quiet for longer than its window": {func(_ *leaktest.Bundle, p *leaktest.Phone) {
			p.Attempt("search").Settle.QuietUS = 100 * s
		}, inconclusive, leak.CodeNotQuiet},
		"the recipient got no more than a request for its host": {func(_ *leaktest.Bundle, p *leaktest.Phone) {
			visitPage(p)
			p.Flows[1] = leaktest.Get(leaktest.Browser, "https://duckduckgo.com/favicon.ico", 21*s)
		}, inconclusive, leak.CodeNotPerformed},

		"another app driven than the browser's": {func(_ *leaktest.Bundle, p *leaktest.Phone) {
			p.Attempt("search").App, p.Attempt("search").Postcondition.Need = "com.other", false
			p.Flows[0].App = ""
		}, inconclusive, leak.CodeHarness},
		"a browser that the policy does not know": {func(b *leaktest.Bundle, p *leaktest.Phone) {
			b.PhonePolicy(leaktest.PhoneID).Browsers = nil
		}, inconclusive, leak.CodeHarness},
		"a canary of an unknown role": {func(_ *leaktest.Bundle, p *leaktest.Phone) { p.Secrets[2].Role = "bait" }, inconclusive, leak.CodeHarness},
		"a canary of an unknown role, sent": {func(_ *leaktest.Bundle, p *leaktest.Phone) {
			p.Secrets[2].Role = "bait"
			p.AddFlow(leaktest.Post(leaktest.Browser, stranger, 22*s, said(leaktest.Query)))
		}, leaked, ""},
		"a control that was no request": {func(_ *leaktest.Bundle, p *leaktest.Phone) {
			p.Flows[0].Kind, p.Flows[0].Request.Method = flow.KindTunnel, "CONNECT"
		}, inconclusive, leak.CodeControlMissing},
		"a control that nobody answered": {func(_ *leaktest.Bundle, p *leaktest.Phone) { p.Flows[0].Response = nil }, inconclusive, leak.CodeControlMissing},
		"a drain that was quiet for less than it takes": {func(_ *leaktest.Bundle, p *leaktest.Phone) {
			p.Attempt(leak.DrainScenario).Settle.QuietUS = 2*s - 1
		}, inconclusive, leak.CodeCaptureGap},
		"an app known in a way that is not": {func(_ *leaktest.Bundle, p *leaktest.Phone) {
			p.AddFlow(with(leaktest.Tunnel("com.other", "sa.collector.example", 443, flow.ClassUntrustedCA, 22*s), func(f *leaktest.Flow) { f.AppBy = "guess" }))
		}, inconclusive, leak.CodeOpaqueFlow},
		"an app known by elimination": {func(_ *leaktest.Bundle, p *leaktest.Phone) {
			p.AddFlow(with(leaktest.Tunnel("com.other", "sa.collector.example", 443, flow.ClassUntrustedCA, 22*s), func(f *leaktest.Flow) { f.AppBy = flow.ByElimination }))
		}, clean, ""},

		// Around the proxy.
		"a socket of the uid that is another's": {func(_ *leaktest.Bundle, p *leaktest.Phone) {
			c := &p.Attempt("search").Counters
			c.Deltas = []leak.Delta{{UID: 10001, Apps: []string{leaktest.Browser}, TX: 900}}
			c.Sockets = []leak.Sock{{UID: 10001, Apps: []string{"com.other"}, Proto: "tcp", Addr: "203.0.113.9", Port: 443}}
		}, inconclusive, leak.CodeBypass},
		"a counter that went back": {func(_ *leaktest.Bundle, p *leaktest.Phone) {
			p.Attempt("search").Counters.Deltas = []leak.Delta{{UID: 10009, Apps: []string{"com.other"}, TX: -900}}
		}, inconclusive, leak.CodeBypass},
		"the query in the name of a host of its recipient": {func(_ *leaktest.Bundle, p *leaktest.Phone) {
			const h = "quokka-gantry-4f1c8a9e.duckduckgo.com"
			ride(p, connect(h, h, 22*s), leaktest.Get(leaktest.Browser, "https://"+h+"/", 22*s+1))
		}, inconclusive, leak.CodeCleartext},
		"the host of a page of its own": {func(_ *leaktest.Bundle, p *leaktest.Phone) {
			visitPage(p)
			ride(p, connect(leaktest.Search, leaktest.Search, 22*s), leaktest.Get(leaktest.Browser, page, 22*s+1))
		}, clean, ""},

		// After the window.
		"cut after the window": {func(_ *leaktest.Bundle, p *leaktest.Phone) { p.AddFlow(cut(45 * s)) }, inconclusive, leak.CodeTruncated},
		"another's, cut after the window": {func(_ *leaktest.Bundle, p *leaktest.Phone) {
			p.AddFlow(with(cut(45*s), func(f *leaktest.Flow) { f.App = "com.other" }))
		}, clean, ""},
		"refused after the window, its app not driven again by an attempt that the phone was away for": {func(_ *leaktest.Bundle, p *leaktest.Phone) {
			undone(p)
			p.AddFlow(leaktest.Tunnel(leaktest.Browser, "sa.collector.example", 443, flow.ClassUntrustedCA, 45*s))
		}, inconclusive, leak.CodeOpaqueFlow},
		"refused once its app was driven again, in vain": {func(_ *leaktest.Bundle, p *leaktest.Phone) {
			undone(p).Tunnel.Before = true
			p.AddFlow(leaktest.Tunnel(leaktest.Browser, "sa.collector.example", 443, flow.ClassUntrustedCA, 45*s))
		}, clean, ""},
		"refused after the window, of an action that all the phone counts for": {func(b *leaktest.Bundle, p *leaktest.Phone) {
			p.Attempt("search").Scope = leak.ScopePhone
			p.AddFlow(leaktest.Tunnel(leaktest.Browser, "sa.collector.example", 443, flow.ClassUntrustedCA, 45*s))
		}, inconclusive, leak.CodeOpaqueFlow},
		"no drain after an action that all the phone counts for": {func(b *leaktest.Bundle, p *leaktest.Phone) {
			p.Attempt("search").Scope = leak.ScopePhone
			p.Attempts = p.Attempts[:3]
		}, inconclusive, leak.CodeCaptureGap},
		"cut in an attempt that was made again": {func(_ *leaktest.Bundle, p *leaktest.Phone) {
			voided(p)
			p.AddFlow(cut(16 * s))
		}, inconclusive, leak.CodeTruncated},
		"refused before an attempt was made again": {func(_ *leaktest.Bundle, p *leaktest.Phone) {
			voided(p)
			p.AddFlow(leaktest.Tunnel(leaktest.Browser, "sa.collector.example", 443, flow.ClassUntrustedCA, 19*s))
		}, inconclusive, leak.CodeOpaqueFlow},
		"around the proxy before an attempt was made again": {func(_ *leaktest.Bundle, p *leaktest.Phone) {
			voided(p)
			p.Attempts[1].Between = &leak.Counters{Readable: true, Deltas: []leak.Delta{{UID: 10001, Apps: []string{leaktest.Browser}, TX: 900}}}
		}, inconclusive, leak.CodeBypass},
		"counters lost with the phone before an attempt was made again": {func(_ *leaktest.Bundle, p *leaktest.Phone) {
			voided(p)
			p.Attempts[1].Between = &leak.Counters{Detail: "it rebooted"}
		}, clean, ""},
		"a drain that was not watched to its end": {func(_ *leaktest.Bundle, p *leaktest.Phone) { p.Attempt(leak.DrainScenario).Tunnel.After = false }, inconclusive, leak.CodeCaptureGap},
		"a drain without its home screen":         {func(_ *leaktest.Bundle, p *leaktest.Phone) { p.Attempt(leak.DrainScenario).Postcondition.Seen = false }, inconclusive, leak.CodeCaptureGap},
		"a drain that had no quiet end":           {func(_ *leaktest.Bundle, p *leaktest.Phone) { p.Attempt(leak.DrainScenario).Settle.Quiet = false }, inconclusive, leak.CodeCaptureGap},
		"a drain without counters":                {func(_ *leaktest.Bundle, p *leaktest.Phone) { p.Attempt(leak.DrainScenario).Counters.Readable = false }, inconclusive, leak.CodeCaptureGap},
		"a drain whose window was not closed": {func(_ *leaktest.Bundle, p *leaktest.Phone) {
			w := &p.Attempt(leak.DrainScenario).Window
			w.End = w.Start
		}, inconclusive, leak.CodeCaptureGap},
	} {
		t.Run(name, func(t *testing.T) {
			b := leaktest.Clean()
			c.do(b, b.Phone(leaktest.PhoneID))
			got := claimOf(t, judge(t, b), leaktest.SearchKey, leak.ClaimContent)
			if got.Outcome != c.want || c.code != "" && !slices.Contains(codes(got), c.code) {
				t.Errorf("%s, want %s for %s\nreasons %+v\nfindings %+v", got.Outcome, c.want, c.code, got.Reasons, got.Findings)
			}
		})
	}
}

// What a search leaves out of one message it says.
func TestSearchBeyondLimits(t *testing.T) {
	s, err := leak.NewSearcher([]leak.Needle{{ID: "id", Kind: leak.ValueID, Value: leaktest.AndroidID}, {ID: "q", Kind: leak.ValueText, Value: leaktest.Query}}, decode.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	salted := func(n int) string {
		return `{"salt":"5a17beef","h":[` + strings.Repeat(fmt.Sprintf(`"%x",`, sha256.Sum256([]byte("5a17beef"+leaktest.AndroidID))), n) + `"x"]}`
	}
	words := func(n int) string {
		return `[` + strings.Repeat(`{"w":"quokka"},`, n) + `{"w":"gantry"},{"w":"4f1c8a9e"}]`
	}
	for name, c := range map[string]struct {
		body string
		cut  bool
	}{
		"a few salted digests": {salted(20), false}, "more salted digests than are tried": {salted(300), true},
		"a few places of words": {words(20), false}, "more places of words than are kept": {words(5000), true},
	} {
		if got := s.Search(decode.Sent{Kind: decode.KindRequest, Body: []byte(c.body)}); len(got.Truncated) > 0 != c.cut {
			t.Errorf("%s: truncated for %q", name, got.Truncated)
		}
	}
}

// An identifier that an app sends unattributed may be the app's that is driven.
func TestIdentityOfUnknownApp(t *testing.T) {
	for name, c := range map[string]struct {
		app    string
		shared []string
		at     int64
		want   leak.Outcome
	}{
		"its own":                    {leaktest.Browser, nil, 22 * s, leaked},
		"unknown":                    {"", nil, 22 * s, leaked},
		"unknown, in another window": {"", nil, 32 * s, clean},
		"of its uid":                 {"", []string{leaktest.Browser, "com.other"}, 22 * s, leaked},
		"of another uid":             {"", []string{"com.other", "com.third"}, 22 * s, clean},
		"another app":                {"com.other", nil, 22 * s, clean},
	} {
		t.Run(name, func(t *testing.T) {
			b := leaktest.Clean()
			p := b.Phone(leaktest.PhoneID)
			p.Attempt("search").Claims = []leak.Claim{leak.ClaimContent, leak.ClaimIdentity}
			p.AddFlow(with(leaktest.Post(c.app, stranger, c.at, `{"id":"`+leaktest.AndroidID+`"}`), func(f *leaktest.Flow) {
				if c.shared != nil {
					f.AppBy, f.Candidates = flow.ByRelay, c.shared
				}
			}))
			if got := claimOf(t, judge(t, b), leaktest.SearchKey, leak.ClaimIdentity); got.Outcome != c.want {
				t.Errorf("%s, want %s: %+v", got.Outcome, c.want, got)
			}
		})
	}
}

// More values that could be identifiers than are kept of one message leave the claim open.
func TestIdentityBeyondLimit(t *testing.T) {
	for n, want := range map[int]leak.Outcome{20: clean, 1001: inconclusive} {
		b := leaktest.Clean()
		var list []string
		for i := range n {
			list = append(list, fmt.Sprintf(`"item-%06d-of-the-list"`, i))
		}
		b.Phones[0].AddFlow(leaktest.Post("com.other", stranger, 22*s, "["+strings.Join(list, ",")+"]"))
		v := judge(t, b)
		at := slices.IndexFunc(v.Identity, func(i leak.Identity) bool { return i.App == "com.other" })
		if at < 0 || v.Identity[at].Outcome != want {
			t.Errorf("%d values: %+v", n, v.Identity)
		}
	}
}

// undone adds an attempt of another cell of the browser, after the search, for which the phone was away.
func undone(p *leaktest.Phone) *leak.Attempt {
	b := p.Attempts[1]
	b.ID, b.Key.Scenario, b.Canaries = 5, "visit", []string{}
	b.Fault = &leak.Fault{Class: leak.FaultPhone, Code: leak.CodeDeviceLost, Detail: "it was away"}
	b.Window, b.Tunnel = flow.Window{First: 4, Last: 3, Start: 29*s + s/2, End: 29*s + s/2}, leak.Tunnel{}
	p.Attempts = append(p.Attempts, b)
	return &p.Attempts[len(p.Attempts)-1]
}

// A known identifier that cannot be looked for leaves the claim open.
func TestIdentityThatIsTooShort(t *testing.T) {
	for value, want := range map[string]leak.Outcome{"ab1": inconclusive, "ab12cd34": clean} {
		b := leaktest.Clean()
		serial := b.Phones[0].Secrets[0]
		serial.ID, serial.Value = "serial", value
		b.Phones[0].Secrets = append(b.Phones[0].Secrets, serial)
		for _, id := range judge(t, b).Identity {
			if id.Outcome != want {
				t.Errorf("serial %q: %s is %s, want %s", value, id.App, id.Outcome, want)
			}
		}
	}
}

// A policy that wants no attempt at all is none.
func TestNoRepeats(t *testing.T) {
	for repeat, want := range map[int]bool{1: true, 0: false, -1: false} {
		b := leaktest.Clean()
		b.PhonePolicy(leaktest.PhoneID).Repeat = repeat
		if _, err := leak.Judge(os.DirFS(b.Write(t))); (err == nil) != want {
			t.Errorf("repeat %d: %v", repeat, err)
		}
	}
}
