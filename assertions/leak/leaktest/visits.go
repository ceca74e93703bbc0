package leaktest

import (
	"fmt"
	"net/url"

	"github.com/telltale-farm/telltale/assertions/leak"
)

// Visits are the variants of the cells that a phone of [Visited] has, in order: what was done before each.
var Visits = []string{"start", leak.EventPrivate, leak.EventRestart, leak.EventDataReset, leak.EventReinstall, leak.EventReboot}

// VisitKey is the cell of one visit.
func VisitKey(phone, variant string) leak.Key {
	return leak.Key{Phone: phone, Browser: BrowserID, Scenario: "identity", Variant: variant}
}

// Visited is a run of phones whose browser visits a page once for each of [Visits], and that sends what is given: the body of
// one upload to [Collector] for a phone and the number of a visit, from 0. Nothing is sent for an empty body.
func Visited(phones []string, visits int, sent func(phone string, visit int) string) *Bundle {
	b := Clean()
	b.Plan.Cells, b.Policy.Phones, b.Phones = nil, nil, nil
	for _, id := range phones {
		one := Clean()
		p := one.Phones[0]
		one.Plan.Cells, p.Attempts, p.Flows = nil, p.Attempts[:1], p.Flows[:1]
		p.Attempts[0].Window.Last = 1
		for n, variant := range Visits[:visits] {
			key := VisitKey(PhoneID, variant)
			a := attempt(int64(n+2), key, leak.ScopeApp, Browser, leak.ClaimContent, fmt.Sprintf("c%d", n+1))
			a.Claims = append(a.Claims, leak.ClaimIdentity)
			a.Window.First, a.Window.Last = int64(len(p.Flows)+1), int64(len(p.Flows))
			switch {
			case variant == leak.EventPrivate:
				a.Private = true
			case variant == leak.EventReboot:
				a.Events = []leak.Event{{Kind: variant, AtUS: a.Window.Start - 1}}
			case n > 0:
				a.Events = []leak.Event{{Kind: variant, App: Browser, AtUS: a.Window.Start - 1}}
			}
			p.Attempts = append(p.Attempts, a)
			query := fmt.Sprintf("plinth sextant 5b%d1ce0f", n)
			p.Secrets = append(p.Secrets, leak.Secret{Schema: leak.Schema, ID: a.Canaries[0], Role: leak.SecretCanary, Kind: leak.ValueText, Label: "search query", Value: query, Recipient: Search, Key: key})
			one.Plan.Cells = append(one.Plan.Cells, leak.Cell{Key: key, Kind: leak.KindVirtual})
			at := a.Window.Start + second
			p.AddFlow(Get(Browser, "https://"+Search+"/?q="+url.QueryEscape(query), at))
			if body := sent(id, n); body != "" {
				p.AddFlow(Post(Browser, "https://"+Collector+"/v1/e", at+second, body))
			}
		}
		p.Secrets = withoutCell(p.Secrets, SearchKey)
		last := attempt(int64(visits+2), drainKey, leak.ScopePhone, "", "")
		last.Window.First, last.Window.Last = int64(len(p.Flows)+1), int64(len(p.Flows))
		p.Attempts = append(p.Attempts, last)
		b.add(id, one)
	}
	return b
}

func withoutCell(in []leak.Secret, key leak.Key) (out []leak.Secret) {
	for _, s := range in {
		if s.Key != key {
			out = append(out, s)
		}
	}
	return out
}
