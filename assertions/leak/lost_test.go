package leak_test

import (
	"crypto/md5"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/assertions/leak/leaktest"
	"github.com/telltale-farm/telltale/capture/decode"
	"github.com/telltale-farm/telltale/capture/flow"
)

// ownCanary gives an attempt a canary of its own, as every attempt has, and says what it is.
func ownCanary(p *leaktest.Phone, a *leak.Attempt) string {
	s := p.Secrets[2]
	s.ID, s.Value = "c2", "walrus pylon 77d0c3e1"
	p.Secrets = append(p.Secrets, s)
	a.Canaries = []string{s.ID}
	return s.Value
}

// What was lost, or says more than it should, leaves a cell open.
func TestWhatWasLost(t *testing.T) {
	for name, c := range map[string]struct {
		do   func(b *leaktest.Bundle, p *leaktest.Phone)
		want leak.Outcome
		code leak.Code
	}{
		"the canary of an attempt that was made again": {func(_ *leaktest.Bundle, p *leaktest.Phone) {
			voided(p).Canaries = []string{"c2"}
		}, inconclusive, leak.CodeHarness},
		"nothing of an attempt that was made again": {func(_ *leaktest.Bundle, p *leaktest.Phone) { ownCanary(p, voided(p)) }, clean, ""},
		"the canary of an attempt that was made again, in the clear": {func(_ *leaktest.Bundle, p *leaktest.Phone) {
			q := ownCanary(p, voided(p))
			p.AddFlow(leaktest.Get(leaktest.Browser, "http://duckduckgo.com/?q="+strings.ReplaceAll(q, " ", "+"), 16*s))
		}, inconclusive, leak.CodeCleartext},
		"the canary of an attempt that was made again, by a name that nobody proved": {func(_ *leaktest.Bundle, p *leaktest.Phone) {
			q := ownCanary(p, voided(p))
			ride(p, connect(address, leaktest.Search, 16*s), with(leaktest.Get(leaktest.Browser, "https://duckduckgo.com/?q="+strings.ReplaceAll(q, " ", "+"), 16*s+1), unanswered))
		}, inconclusive, leak.CodeOpaqueFlow},
		"an app of which nothing says how it was known": {func(_ *leaktest.Bundle, p *leaktest.Phone) {
			p.AddFlow(with(leaktest.Tunnel("com.other", "sa.collector.example", 443, flow.ClassUntrustedCA, 22*s), func(f *leaktest.Flow) { f.AppBy = flow.ByUnknown }))
		}, inconclusive, leak.CodeOpaqueFlow},
		"a handshake made in advance": {func(_ *leaktest.Bundle, p *leaktest.Phone) { inAdvance(p, 2200) }, clean, ""},
		"a handshake longer than any": {func(_ *leaktest.Bundle, p *leaktest.Phone) { inAdvance(p, 20_000) }, inconclusive, leak.CodeOpaqueFlow},
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

// inAdvance is a connection that is never used, beside one that is, and whose handshake had so many bytes.
func inAdvance(p *leaktest.Phone, bytes int64) {
	p.AddFlow(leaktest.Get(leaktest.Browser, "https://sa.collector.example/ok", 22*s))
	p.AddFlow(with(leaktest.Tunnel(leaktest.Browser, "sa.collector.example", 443, flow.ClassPinned, 22*s), func(f *leaktest.Flow) { f.BytesUp = bytes }))
}

// A name that an object has twice stands for two values at one place: that one is explained explains not the other.
func TestSaltedTwiceAtOnePlace(t *testing.T) {
	search, err := leak.NewSearcher([]leak.Needle{{ID: "id", Kind: leak.ValueID, Value: leaktest.AndroidID}}, decode.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	known, other := md5.Sum([]byte(leaktest.AndroidID)), md5.Sum([]byte("pepper"+leaktest.AndroidID))
	for name, c := range map[string]struct {
		body   string
		closed int
	}{
		"one that is explained":             {fmt.Sprintf(`{"salt":"5a17beef","h":"%x"}`, known), 0},
		"one that is not":                   {fmt.Sprintf(`{"salt":"5a17beef","h":"%x"}`, other), 1},
		"one that is, and one that is not":  {fmt.Sprintf(`{"salt":"5a17beef","h":"%x","h":"%x"}`, known, other), 1},
		"the same, the other way around":    {fmt.Sprintf(`{"salt":"5a17beef","h":"%x","h":"%x"}`, other, known), 1},
		"two of which each has its own key": {fmt.Sprintf(`{"salt":"5a17beef","h":"%x","g":"%x"}`, known, other), 1},
	} {
		got := search.Search(decode.Sent{Kind: decode.KindRequest, Body: []byte(c.body)})
		if len(got.Opaque) != c.closed {
			t.Errorf("%s: opaque %+v", name, got.Opaque)
		}
	}
}

// An app is not clean of identifiers for what it sent through the proxy, if it sent something else around it.
func TestIdentityAroundTheProxy(t *testing.T) {
	for name, c := range map[string]struct {
		do   func(p *leaktest.Phone)
		want leak.Outcome
	}{
		"nothing": {func(*leaktest.Phone) {}, clean},
		"bytes": {func(p *leaktest.Phone) {
			p.Attempt("settings").Counters.Deltas = []leak.Delta{{UID: 10002, Apps: []string{leaktest.Analytics}, TX: 900}}
		}, inconclusive},
		"bytes received": {func(p *leaktest.Phone) {
			p.Attempt("settings").Counters.Deltas = []leak.Delta{{UID: 10002, Apps: []string{leaktest.Analytics}, RX: 900}}
		}, clean},
		"another's bytes": {func(p *leaktest.Phone) {
			p.Attempt("settings").Counters.Deltas = []leak.Delta{{UID: 10009, Apps: []string{"com.other"}, TX: 900}}
		}, clean},
		"bytes between two windows": {func(p *leaktest.Phone) {
			p.Attempt("drain").Between = &leak.Counters{Readable: true, Deltas: []leak.Delta{{UID: 10002, Apps: []string{leaktest.Analytics, "com.other"}, TX: 900}}}
		}, inconclusive},
		"a socket": {func(p *leaktest.Phone) {
			p.Attempt("search").Counters.Sockets = []leak.Sock{{UID: 10002, Apps: []string{leaktest.Analytics}, Proto: "udp", Addr: "203.0.113.7", Port: 443}}
		}, inconclusive},
		"counters that could not be read": {func(p *leaktest.Phone) { p.Attempt("search").Counters = leak.Counters{Detail: "denied"} }, inconclusive},
		"counters that could not be read, of an app that was stopped": {func(p *leaktest.Phone) {
			p.Attempt("search").Between = &leak.Counters{Detail: "the phone was rebooted", Stopped: []string{leaktest.Analytics}}
		}, clean},
	} {
		b := leaktest.Clean()
		c.do(b.Phones[0])
		v := judge(t, b)
		at := slices.IndexFunc(v.Identity, func(i leak.Identity) bool { return i.App == leaktest.Analytics })
		if at < 0 || v.Identity[at].Outcome != c.want {
			t.Errorf("%s: want %s, got %+v", name, c.want, v.Identity)
		}
	}
}

// What policy accepts unread, sent in an attempt that was made again, may hold the marker as well as what the other sent.
func TestReactionOfAnAttemptMadeAgain(t *testing.T) {
	for unread, want := range map[bool]leak.Outcome{false: clean, true: inconclusive} {
		b := leaktest.Clean()
		p := b.Phones[0]
		accept(b, leaktest.Analytics, push)
		first := p.Attempts[2]
		first.ID, first.RetriedBy, first.Window = 5, 6, flow.Window{First: 3, Last: 2, Start: 29*s + s/4, End: 29*s + 3*s/4}
		first.Fault = &leak.Fault{Class: leak.FaultNetwork, Code: leak.CodeCaptureGap, Detail: "the tunnel dropped"}
		p.Attempts[2].ID, p.Attempts[2].RetryOf = 6, 5
		p.Attempts = append(p.Attempts, first)
		if unread {
			p.AddFlow(leaktest.Tunnel(leaktest.Analytics, push, 443, flow.ClassUntrustedCA, 29*s+s/2))
		}
		got := claimOf(t, judge(t, b), leaktest.SettingsKey, leak.ClaimReaction)
		if got.Outcome != want || unread && !slices.Contains(codes(got), leak.CodeTooFewRepeats) {
			t.Errorf("unread %v: %s, %+v", unread, got.Outcome, got.Reasons)
		}
	}
}

// What a site keeps in the browsers of its visitors names no phone; what another app uploads to the same party may.
func TestIdentityToASite(t *testing.T) {
	for app, want := range map[string]leak.Outcome{leaktest.Browser: clean, leaktest.Analytics: inconclusive} {
		b := leaktest.Clean()
		b.Phones[0].AddFlow(leaktest.Post(app, "https://log.duckduckgo.com/", 22*s, `{"uuid":"5b7f0c7e-6d0e-4b8e-9a51-0f6c2d9f4e11"}`))
		v := judge(t, b)
		at := slices.IndexFunc(v.Identity, func(i leak.Identity) bool { return i.App == app })
		if at < 0 || v.Identity[at].Outcome != want {
			t.Errorf("%s: want %s, got %+v", app, want, v.Identity)
		}
	}
}
