package leak_test

import (
	"testing"

	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/assertions/leak/leaktest"
	"github.com/telltale-farm/telltale/capture/flow"
)

// shared makes a flow one of a uid that packages share.
func shared(f *leaktest.Flow, apps ...string) { f.App, f.AppBy, f.Candidates = "", flow.ByRelay, apps }

// TestDoubts has what could be seen of the search say less than it seems to, or be about somebody else; beside each stands
// what only looks like it.
func TestDoubts(t *testing.T) {
	late := func(change func(*leaktest.Flow)) func(*leaktest.Bundle, *leaktest.Phone) {
		return func(_ *leaktest.Bundle, p *leaktest.Phone) {
			p.AddFlow(with(leaktest.Post(leaktest.Browser, stranger, 45*s, said("x")), change))
		}
	}
	around := func(counters leak.Counters, fault *leak.Fault) func(*leaktest.Bundle, *leaktest.Phone) {
		return func(_ *leaktest.Bundle, p *leaktest.Phone) {
			p.Attempt("settings").Counters, p.Attempt("settings").Fault = counters, fault
		}
	}
	fronted := func(host string) func(*leaktest.Bundle, *leaktest.Phone) {
		return func(_ *leaktest.Bundle, p *leaktest.Phone) {
			ride(p, connect(leaktest.Search, leaktest.Search, 22*s), with(askFor(leaktest.Search, 22*s+1), func(f *leaktest.Flow) { f.Request.Headers[0].Value = host }))
		}
	}
	atPort := func(port, accepted int) func(*leaktest.Bundle, *leaktest.Phone) {
		return func(b *leaktest.Bundle, p *leaktest.Phone) {
			outer := connect(leaktest.Collector, leaktest.Collector, 22*s)
			outer.Port = port
			ride(p, outer, with(leaktest.Post(leaktest.Browser, stranger, 22*s+1, said("x")), func(f *leaktest.Flow) { f.Class = flow.ClassEncrypted }))
			b.PhonePolicy(leaktest.PhoneID).Accept = []leak.Accept{{App: leaktest.Browser, Host: leaktest.Collector, Port: accepted, Why: "known"}}
		}
	}
	for name, c := range map[string]struct {
		do   func(*leaktest.Bundle, *leaktest.Phone)
		want leak.Outcome
		code leak.Code
	}{
		// Whose control it was.
		"a control of a uid that is another's": {func(_ *leaktest.Bundle, p *leaktest.Phone) { shared(&p.Flows[0], "com.other", "com.third") }, inconclusive, leak.CodeControlMissing},
		"a control of a uid that is its own":   {func(_ *leaktest.Bundle, p *leaktest.Phone) { shared(&p.Flows[0], leaktest.Browser, "com.third") }, clean, ""},

		// Whose connection it was that carried no request.
		"closed without a request by a uid that is not the one that made requests there": {func(_ *leaktest.Bundle, p *leaktest.Phone) {
			p.Attempt("search").Scope = leak.ScopePhone
			p.AddFlow(with(leaktest.Tunnel("", leaktest.Search, 443, flow.ClassPinned, 22*s), func(f *leaktest.Flow) { shared(f, "com.other", "com.third") }))
		}, inconclusive, leak.CodeOpaqueFlow},
		"closed without a request by a uid of those that made requests there": {func(_ *leaktest.Bundle, p *leaktest.Phone) {
			p.AddFlow(with(leaktest.Tunnel("", leaktest.Search, 443, flow.ClassPinned, 22*s), func(f *leaktest.Flow) { shared(f, "com.other", leaktest.Browser) }))
		}, clean, ""},

		// What our proxy broke after the window.
		"broken by us after the window, in mid-request":  {late(func(f *leaktest.Flow) { f.Fault, f.Partial = flow.FaultHarness, true }), inconclusive, leak.CodeCaptureGap},
		"broken by us after the window, with its answer": {late(func(f *leaktest.Flow) { f.Fault = flow.FaultHarness }), clean, ""},
		"broken by the phone after the window":           {late(func(f *leaktest.Flow) { f.Fault, f.Partial = flow.FaultPhone, true }), clean, ""},
		"another's, broken by us after the window":       {late(func(f *leaktest.Flow) { f.App, f.Fault, f.Partial = "com.other", flow.FaultHarness, true }), clean, ""},
		"refused by us after the window, for want of room": {late(func(f *leaktest.Flow) {
			f.Kind, f.Fault, f.Request, f.Response, f.Body, f.BytesUp = flow.KindError, flow.FaultHarness, nil, nil, nil, 0
		}), inconclusive, leak.CodeCaptureGap},

		// What was counted while another attempt was made.
		"counters of the next window reset":                         {around(leak.Counters{Detail: "they went back"}, nil), inconclusive, leak.CodeBypass},
		"counters of the next window not read again, after a fault": {around(leak.Counters{}, &leak.Fault{Class: leak.FaultPhone, Code: leak.CodeDeviceLost}), clean, ""},

		"counted in an attempt that was made again, its tables not read": {func(_ *leaktest.Bundle, p *leaktest.Phone) {
			voided(p).Counters = leak.Counters{Detail: "the socket tables could not be read", Deltas: []leak.Delta{{UID: 10001, Apps: []string{leaktest.Browser}, TX: 900}}}
		}, inconclusive, leak.CodeBypass},
		"another's, counted in an attempt that was made again": {func(_ *leaktest.Bundle, p *leaktest.Phone) {
			voided(p).Counters = leak.Counters{Detail: "the socket tables could not be read", Deltas: []leak.Delta{{UID: 10003, Apps: []string{"com.other"}, TX: 900}}}
		}, clean, ""},

		// Whom a request went to.
		"the Host header of somebody else, behind an address of the recipient's": {fronted("sa.collector.example"), leaked, ""},
		"the Host header of the recipient's, with its port":                      {fronted("DuckDuckGo.com:443"), clean, ""},
		"a name that Unicode folds into the recipient's": {func(_ *leaktest.Bundle, p *leaktest.Phone) {
			p.AddFlow(with(askFor("collector.example", 22*s), func(f *leaktest.Flow) { f.Host = "duc\u212aduckgo.com"; f.Request.Headers[0].Value = f.Host }))
		}, leaked, ""},
		"unread at the port that is accepted":                        {atPort(443, 443), clean, ""},
		"unread at another port, which its Host header does not say": {atPort(8443, 443), inconclusive, leak.CodeOpaqueFlow},
		"unread at any port":                                         {atPort(8443, 0), clean, ""},
	} {
		t.Run(name, func(t *testing.T) {
			b := leaktest.Clean()
			c.do(b, b.Phone(leaktest.PhoneID))
			got := claimOf(t, judge(t, b), leaktest.SearchKey, leak.ClaimContent)
			if got.Outcome != c.want || c.code != "" && (len(got.Reasons) != 1 || got.Reasons[0].Code != c.code) {
				t.Errorf("%s, want %s for %s\nreasons %+v\nfindings %+v", got.Outcome, c.want, c.code, got.Reasons, got.Findings)
			}
		})
	}
}

// A claim about identifiers is open as long as what an app that is not known sent in its windows leaves it open.
func TestIdentityLeftOpenByUnknownApp(t *testing.T) {
	token := `{"id":"` + random("some phone") + `"}`
	for name, c := range map[string]struct {
		app    string
		shared []string
		at     int64
		body   string
		known  bool // an identifier to look for
		want   leak.Outcome
	}{
		"its own, nothing known":         {leaktest.Browser, nil, 22 * s, said("x"), false, inconclusive},
		"unknown, nothing known":         {"", nil, 22 * s, said("x"), false, inconclusive},
		"unknown, something known":       {"", nil, 22 * s, said("x"), true, clean},
		"its own, may be one":            {leaktest.Browser, nil, 22 * s, token, true, inconclusive},
		"unknown, may be one":            {"", nil, 22 * s, token, true, inconclusive},
		"unknown, may be one, elsewhere": {"", nil, 32 * s, token, true, clean},
		"of its uid, may be one":         {"", []string{leaktest.Browser, "com.other"}, 22 * s, token, true, inconclusive},
		"of another uid, may be one":     {"", []string{"com.other", "com.third"}, 22 * s, token, true, clean},
		"another app, may be one":        {"com.other", nil, 22 * s, token, true, clean},
	} {
		t.Run(name, func(t *testing.T) {
			b := leaktest.Clean()
			p := b.Phone(leaktest.PhoneID)
			p.Attempt("search").Claims = []leak.Claim{leak.ClaimContent, leak.ClaimIdentity}
			if !c.known {
				p.Secrets[0].Role, p.Secrets[0].ID, p.Secrets[0].Value = leak.SecretCanary, "c9", "xylem umlaut 00aa11bb"
			}
			if c.app == "" {
				shared(&p.Flows[1]) // nothing else is known to be the browser's
				p.Flows[1].AppBy = flow.ByUnknown
			}
			p.AddFlow(with(leaktest.Post(c.app, stranger, c.at, c.body), func(f *leaktest.Flow) {
				if c.shared != nil {
					shared(f, c.shared...)
				}
			}))
			if got := claimOf(t, judge(t, b), leaktest.SearchKey, leak.ClaimIdentity); got.Outcome != c.want {
				t.Errorf("%s, want %s: %+v", got.Outcome, c.want, got)
			}
		})
	}
}
