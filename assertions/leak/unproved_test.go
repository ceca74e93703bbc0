package leak_test

import (
	"strings"
	"testing"

	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/assertions/leak/leaktest"
	"github.com/telltale-farm/telltale/capture/flow"
)

// address is where a tunnel leads that an app asks for without a name.
const address = "203.0.113.9"

// unanswered is a request whose server did not come to prove anything.
func unanswered(f *leaktest.Flow) {
	f.ServerTLS, f.Response, f.Fault = nil, nil, flow.FaultUpstream
}

// Anybody can write the recipient's name into a ClientHello. Where the tunnel leads to an address, the name counts only if a
// server there proved it: else nobody knows who was meant.
func TestNamesThatNobodyProved(t *testing.T) {
	for name, c := range map[string]struct {
		do   func(b *leaktest.Bundle, p *leaktest.Phone)
		want leak.Outcome
		code leak.Code
	}{
		"proved": {func(_ *leaktest.Bundle, p *leaktest.Phone) {
			ride(p, connect(address, leaktest.Search, 22*s), askFor(leaktest.Search, 22*s+1))
		}, clean, ""},
		"not proved": {func(_ *leaktest.Bundle, p *leaktest.Phone) {
			ride(p, connect(address, leaktest.Search, 22*s), with(askFor(leaktest.Search, 22*s+1), unanswered))
		}, inconclusive, leak.CodeOpaqueFlow},
		"not proved, of a name that our computer resolved": {func(_ *leaktest.Bundle, p *leaktest.Phone) {
			ride(p, connect(leaktest.Search, leaktest.Search, 22*s), with(askFor(leaktest.Search, 22*s+1), unanswered))
		}, clean, ""},
		"proved to another request of the tunnel": {func(_ *leaktest.Bundle, p *leaktest.Phone) {
			ride(p, connect(address, leaktest.Search, 22*s), with(askFor(leaktest.Search, 22*s+1), unanswered))
			other := leaktest.Get(leaktest.Browser, "https://"+leaktest.Search+"/logo.png", 22*s+2)
			other.Parent = int64(len(p.Flows)) - 1
			p.AddFlow(other)
		}, clean, ""},
		"not proved, by another app, after the window": {func(_ *leaktest.Bundle, p *leaktest.Phone) {
			ride(p, connect(address, leaktest.Search, 45*s), with(askFor(leaktest.Search, 45*s+1), func(f *leaktest.Flow) { unanswered(f); f.App = "com.other" }))
		}, inconclusive, leak.CodeOpaqueFlow},
		"not proved, and nothing of the query": {func(_ *leaktest.Bundle, p *leaktest.Phone) {
			ride(p, connect(address, leaktest.Search, 22*s), with(leaktest.Get(leaktest.Browser, "https://"+leaktest.Search+"/logo.png", 22*s+1), unanswered))
		}, clean, ""},
		"not proved, the address accepted": {func(b *leaktest.Bundle, p *leaktest.Phone) {
			b.PhonePolicy(leaktest.PhoneID).Accept = []leak.Accept{{App: leaktest.Browser, Host: address}}
			ride(p, connect(address, leaktest.Search, 22*s), with(askFor(leaktest.Search, 22*s+1), unanswered))
		}, clean, ""},
		"not proved, the name accepted": {func(b *leaktest.Bundle, p *leaktest.Phone) {
			b.PhonePolicy(leaktest.PhoneID).Accept = []leak.Accept{{App: leaktest.Browser, Host: leaktest.Search}}
			ride(p, connect(address, leaktest.Search, 22*s), with(askFor(leaktest.Search, 22*s+1), unanswered))
		}, inconclusive, leak.CodeOpaqueFlow},
		"in pieces": {func(_ *leaktest.Bundle, p *leaktest.Phone) {
			for i, half := range []string{"quokka+gan", "try+4f1c8a9e"} {
				at := 22*s + int64(2*i)
				ride(p, connect(address, leaktest.Search, at), with(leaktest.Get(leaktest.Browser, "https://"+leaktest.Search+"/?p="+half, at+1), unanswered))
			}
		}, inconclusive, leak.CodeOpaqueFlow},
		"a piece": {func(_ *leaktest.Bundle, p *leaktest.Phone) {
			ride(p, connect(address, leaktest.Search, 22*s), with(leaktest.Get(leaktest.Browser, "https://"+leaktest.Search+"/?p=quokka+gan", 22*s+1), unanswered))
		}, clean, ""},
		"encrypted": {func(_ *leaktest.Bundle, p *leaktest.Phone) {
			ride(p, connect(address, leaktest.Search, 22*s), with(leaktest.Post(leaktest.Browser, "https://"+leaktest.Search+"/", 22*s+1, "x"), func(f *leaktest.Flow) { unanswered(f); f.Body = bytesOfNoise(400) }))
		}, inconclusive, leak.CodeOpaqueFlow},
		"the only request of the search": {func(_ *leaktest.Bundle, p *leaktest.Phone) {
			p.Flows[1] = with(askFor(leaktest.Search, 22*s+1), func(f *leaktest.Flow) { f.ServerTLS = nil })
			p.Flows[1].Parent = 4
			p.AddFlow(connect(address, leaktest.Search, 22*s))
		}, inconclusive, leak.CodeNotPerformed},
		"a name in TLS that is none, before an address that proved itself": {func(_ *leaktest.Bundle, p *leaktest.Phone) {
			ride(p, with(connect(address, leaktest.Search, 22*s), func(f *leaktest.Flow) { f.Host, f.TLS = address, &flow.TLS{SNI: leaktest.Search + " "} }), askFor(leaktest.Search, 22*s+1))
		}, leaked, ""},
		"in a request that broke off, made again": {func(_ *leaktest.Bundle, p *leaktest.Phone) {
			voided(p)
			ride(p, connect(address, leaktest.Search, 16*s), with(askFor(leaktest.Search, 16*s+1), unanswered))
		}, inconclusive, leak.CodeOpaqueFlow},
		"our control host's": {func(_ *leaktest.Bundle, p *leaktest.Phone) {
			ride(p, connect(address, leaktest.Control, 22*s), with(askFor(leaktest.Control, 22*s+1), func(f *leaktest.Flow) { f.Control, f.ServerTLS = true, nil }))
		}, leaked, ""},
	} {
		t.Run(name, func(t *testing.T) {
			b := leaktest.Clean()
			c.do(b, b.Phone(leaktest.PhoneID))
			got := claimOf(t, judge(t, b), leaktest.SearchKey, leak.ClaimContent)
			said := false
			for _, r := range got.Reasons {
				said = said || r.Code == c.code
				if r.Class == "unproved-name" && (r.Host != address || !strings.Contains(r.Detail, leaktest.Search) || !strings.Contains(r.Accept, address)) {
					t.Errorf("it does not say where to: %+v", r)
				}
			}
			if got.Outcome != c.want || !said && c.code != "" {
				t.Errorf("%s, want %s for %s\nreasons %+v\nfindings %+v", got.Outcome, c.want, c.code, got.Reasons, got.Findings)
			}
		})
	}
}

// What policy accepts unread by a name that only a ClientHello says is listed as such.
func TestAcceptedByAnUnprovedName(t *testing.T) {
	for target, want := range map[string]bool{address: true, "push.example": false} {
		b := leaktest.Clean()
		b.PhonePolicy(leaktest.PhoneID).Accept = []leak.Accept{{App: leaktest.Browser, Host: "push.example"}}
		b.Phones[0].AddFlow(with(connect(target, "push.example", 22*s), func(f *leaktest.Flow) { f.Class, f.Requests = flow.ClassUntrustedCA, 0 }))
		got := claimOf(t, judge(t, b), leaktest.SearchKey, leak.ClaimContent)
		if got.Outcome != clean || len(got.Accepted) != 1 || got.Accepted[0].Unproved != want {
			t.Errorf("a tunnel to %s: %s, %+v", target, got.Outcome, got.Accepted)
		}
	}
}
