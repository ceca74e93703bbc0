package leak_test

import (
	"testing"

	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/assertions/leak/leaktest"
	"github.com/telltale-farm/telltale/capture/flow"
)

// What an app sent around the proxy between two windows is counted when the next one opens. It keeps the app's earlier
// attempts from being clean until it was driven again.
func TestBetweenWindows(t *testing.T) {
	sent := func(apps ...string) *leak.Counters {
		return &leak.Counters{Readable: true, Deltas: []leak.Delta{{UID: 10001, Apps: apps, TX: 700}}}
	}
	for name, c := range map[string]struct {
		scenario string // before whose window
		between  *leak.Counters
		want     leak.Outcome // of the search
	}{
		"the app's, before the next window": {"settings", sent(leaktest.Browser), leak.Inconclusive},
		"the app's, before the drain":       {"drain", sent(leaktest.Browser), leak.Inconclusive},
		"a service's":                       {"drain", sent("com.google.android.webview"), leak.Inconclusive},
		"before the search itself":          {"search", sent(leaktest.Browser), leak.Clean},
		"another app's":                     {"settings", sent("com.other"), leak.Clean},
		"only received":                     {"settings", &leak.Counters{Readable: true, Deltas: []leak.Delta{{UID: 10001, Apps: []string{leaktest.Browser}, RX: 9}}}, leak.Clean},
		"counters reset":                    {"settings", &leak.Counters{Detail: "the phone rebooted"}, leak.Inconclusive},
		"nothing":                           {"settings", &leak.Counters{Readable: true}, leak.Clean},
	} {
		t.Run(name, func(t *testing.T) {
			b := leaktest.Clean()
			b.Phone(leaktest.PhoneID).Attempt(c.scenario).Between = c.between
			got := claimOf(t, judge(t, b), leaktest.SearchKey, leak.ClaimContent)
			if got.Outcome != c.want {
				t.Errorf("%s: %+v", got.Outcome, got.Reasons)
			}
			if c.want == leak.Inconclusive && (len(got.Reasons) != 1 || got.Reasons[0].Code != leak.CodeBypass || got.Reasons[0].Attempt != 2) {
				t.Errorf("reasons %+v", got.Reasons)
			}
		})
	}
	// A reboot takes what was not stopped and counted before it.
	for name, c := range map[string]struct {
		stopped   []string
		installed string
		want      leak.Outcome
	}{
		"the app was stopped": {[]string{leaktest.Browser}, "", leak.Clean},
		"another was":         {[]string{"com.other"}, "", leak.Inconclusive},
		"the app was, and not a service that it has": {[]string{leaktest.Browser}, "com.google.android.webview", leak.Inconclusive},
		"both were": {[]string{leaktest.Browser, "com.google.android.webview"}, "com.google.android.webview", leak.Clean},
	} {
		b := leaktest.Clean()
		p := b.Phone(leaktest.PhoneID)
		for i := range p.Lines {
			if c.installed != "" {
				p.Lines[i].Apps = append(p.Lines[i].Apps, leak.App{Package: c.installed, Version: "1", Code: "1", UID: 10009})
			}
		}
		p.Attempt("settings").Between = &leak.Counters{Detail: "the phone was rebooted", Stopped: c.stopped}
		if got := claimOf(t, judge(t, b), leaktest.SearchKey, leak.ClaimContent); got.Outcome != c.want {
			t.Errorf("%s: %s, %+v", name, got.Outcome, got.Reasons)
		}
		p.Attempt("settings").Between.Deltas = sent(leaktest.Browser).Deltas
		if got := claimOf(t, judge(t, b), leaktest.SearchKey, leak.ClaimContent); got.Outcome != leak.Inconclusive {
			t.Errorf("%s, and it had sent something: %s", name, got.Outcome)
		}
	}
	// Driven again, the app has a new window to answer for what it sent since the last.
	b := leaktest.Clean()
	p := b.Phone(leaktest.PhoneID)
	again := *p.Attempt("search")
	again.ID, again.Window, again.Between = 5, leaktest.At(3), sent(leaktest.Browser)
	again.Window.First, again.Window.Last = 4, 3
	p.Attempts[2].Window, p.Attempts[3].Window = leaktest.At(4), leaktest.At(5)
	p.Attempts = append(p.Attempts, again)
	p.Attempts[3].Between = sent(leaktest.Browser)
	if got := claimOf(t, judge(t, b), leaktest.SearchKey, leak.ClaimContent); len(got.Reasons) != 2 {
		t.Errorf("two attempts, each with bytes behind it: %+v", got.Reasons)
	}
}

// Services that send on behalf of browsers answer for what they send late as the app does, and for what they are known to
// hold back.
func TestServicesOfAnApp(t *testing.T) {
	const webview = "com.google.android.webview"
	b := leaktest.Clean()
	p := b.Phone(leaktest.PhoneID)
	f := leaktest.Tunnel(webview, "seeds.example", 443, flow.ClassPinned, p.Attempt("search").Window.End+1000)
	p.AddFlow(f)
	if got := claimOf(t, judge(t, b), leaktest.SearchKey, leak.ClaimContent); len(got.Reasons) != 1 || got.Reasons[0].Code != leak.CodeOpaqueFlow {
		t.Errorf("a service's late tunnel: %+v", got.Reasons)
	}
	for _, c := range []struct {
		us   int64
		want int
	}{{1_000_000, 0}, {30_000_000, 1}} {
		b = leaktest.Clean()
		for i := range b.Phone(leaktest.PhoneID).Lines {
			l := &b.Phone(leaktest.PhoneID).Lines[i]
			l.Apps = append(l.Apps, leak.App{Package: webview, Version: "1", Code: "1", UID: 10009})
		}
		policy := b.PhonePolicy(leaktest.PhoneID)
		if got := claimOf(t, judge(t, b), leaktest.SearchKey, leak.ClaimContent); got.Outcome != leak.Clean {
			t.Errorf("a service of which nothing is known: %+v", got.Reasons)
		}
		policy.Flush = append(policy.Flush, leak.Flush{App: webview, US: c.us})
		got := claimOf(t, judge(t, b), leaktest.SearchKey, leak.ClaimContent)
		if len(got.Reasons) != c.want || c.want == 1 && (got.Reasons[0].Code != leak.CodeSettleTooShort || got.Reasons[0].App != webview) {
			t.Errorf("held back for %d us: %+v", c.us, got.Reasons)
		}
	}
}

// A canary that its recipient got without TLS was there to read for everybody on the way.
func TestCleartext(t *testing.T) {
	for name, c := range map[string]struct {
		target string
		accept []leak.Accept
		want   leak.Outcome
		code   leak.Code
	}{
		"https":      {"https://duckduckgo.com/?q=quokka+gantry+4f1c8a9e", nil, leak.Clean, ""},
		"http":       {"http://duckduckgo.com/?q=quokka+gantry+4f1c8a9e", nil, leak.Inconclusive, leak.CodeCleartext},
		"http, bare": {"http://duckduckgo.com/", nil, leak.Clean, ""},
		"accepted":   {"http://duckduckgo.com/?q=quokka+gantry+4f1c8a9e", []leak.Accept{{App: leaktest.Browser, Host: "duckduckgo.com", Port: 80}}, leak.Clean, ""},
		"to another": {"http://collector.example/?q=quokka+gantry+4f1c8a9e", nil, leak.Leaked, ""},
	} {
		t.Run(name, func(t *testing.T) {
			b := leaktest.Clean()
			p := b.Phone(leaktest.PhoneID)
			p.AddFlow(leaktest.Get(leaktest.Browser, c.target, p.Attempt("search").Window.Start+500_000))
			b.PhonePolicy(leaktest.PhoneID).Accept = c.accept
			got := claimOf(t, judge(t, b), leaktest.SearchKey, leak.ClaimContent)
			if got.Outcome != c.want || c.code != "" && (len(got.Reasons) != 1 || got.Reasons[0].Code != c.code || got.Reasons[0].Accept == "") || len(got.Accepted) != len(c.accept) {
				t.Errorf("%s: %+v, accepted %+v", got.Outcome, got.Reasons, got.Accepted)
			}
		})
	}
}

// Counters that could not be read when the app was driven again leave open what it sent until then, or the next reading says it.
func TestCountersUnreadWhenDrivenAgain(t *testing.T) {
	lost := &leak.Fault{Class: leak.FaultPhone, Code: leak.CodeDeviceLost, Detail: "it went away"}
	read := func(tx int64) *leak.Counters {
		return &leak.Counters{Readable: true, Deltas: []leak.Delta{{UID: 10001, Apps: []string{leaktest.Browser}, TX: tx}}}
	}
	for name, c := range map[string]struct {
		readable bool
		fault    *leak.Fault
		next     *leak.Counters // before the window after that
		want     leak.Outcome
	}{
		"read":                            {true, nil, nil, leak.Clean},
		"not read":                        {false, nil, nil, leak.Inconclusive},
		"not read, and a fault":           {false, lost, read(0), leak.Clean},
		"not read, and a fault, and more": {false, lost, read(700), leak.Inconclusive},
	} {
		b := leaktest.Clean()
		p := b.Phone(leaktest.PhoneID)
		again := *p.Attempt("search")
		again.ID, again.Key.Scenario, again.Canaries, again.Fault, again.Window = 5, "visit", []string{}, c.fault, leaktest.At(3)
		again.Window.First, again.Window.Last, again.Counters.Readable = 3, 3, c.readable
		p.Attempts[2].Window, p.Attempts[3].Window = leaktest.At(4), leaktest.At(5)
		p.Attempts[2].Window.Last, p.Attempts[3].Window.Last = 3, 3
		p.Attempts[2].Between = c.next
		p.Attempts = append(p.Attempts, again)
		if got := claimOf(t, judge(t, b), leaktest.SearchKey, leak.ClaimContent); got.Outcome != c.want {
			t.Errorf("%s: %s, %+v", name, got.Outcome, got.Reasons)
		}
	}
}
