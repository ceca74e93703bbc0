package leak_test

import (
	"testing"

	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/assertions/leak/leaktest"
)

// A canary that was cut in two is found when both pieces went to the same stranger from the same app, and only then.
func TestACanaryInTwoMessages(t *testing.T) {
	q := leaktest.Query
	cut := func(at int) (string, string) { return `{"a":"` + q[:at] + `"}`, `{"b":"` + q[at:] + `"}` }
	for _, tc := range []struct {
		name string
		at   int
		add  func(p *leaktest.Phone, first, second string)
		want leak.Outcome
	}{
		{"in two requests", len(q) / 2, func(p *leaktest.Phone, first, second string) {
			p.AddFlow(leaktest.Post(leaktest.Browser, stranger, 22*s, first))
			p.AddFlow(leaktest.Post(leaktest.Browser, stranger, 22*s+1, second))
		}, leak.Leaked},
		{"the end first", len(q) / 3, func(p *leaktest.Phone, first, second string) {
			p.AddFlow(leaktest.Post(leaktest.Browser, stranger, 22*s, second))
			p.AddFlow(leaktest.Post(leaktest.Browser, stranger, 22*s+1, first))
		}, leak.Leaked},
		{"the first half alone", len(q) / 2, func(p *leaktest.Phone, first, _ string) {
			p.AddFlow(leaktest.Post(leaktest.Browser, stranger, 22*s, first))
			p.AddFlow(leaktest.Post(leaktest.Browser, stranger, 22*s+1, first))
		}, leak.Clean},
		{"a letter is missing between them", len(q) / 2, func(p *leaktest.Phone, _, second string) {
			p.AddFlow(leaktest.Post(leaktest.Browser, stranger, 22*s, `{"a":"`+q[:len(q)/2-1]+`"}`))
			p.AddFlow(leaktest.Post(leaktest.Browser, stranger, 22*s+1, second))
		}, leak.Clean},
		{"inside other words", len(q) / 2, func(p *leaktest.Phone, _, _ string) {
			p.AddFlow(leaktest.Post(leaktest.Browser, stranger, 22*s, `{"a":"x`+q[:len(q)/2]+`"}`))
			p.AddFlow(leaktest.Post(leaktest.Browser, stranger, 22*s+1, `{"b":"`+q[len(q)/2:]+`x"}`))
		}, leak.Clean},
		{"each to another party", len(q) / 2, func(p *leaktest.Phone, first, second string) {
			p.AddFlow(leaktest.Post(leaktest.Browser, stranger, 22*s, first))
			p.AddFlow(leaktest.Post(leaktest.Browser, "https://other.example/e", 22*s+1, second))
		}, leak.Clean},
		{"one of them to whom it is meant for", len(q) / 2, func(p *leaktest.Phone, first, second string) {
			p.AddFlow(leaktest.Post(leaktest.Browser, stranger, 22*s, first))
			p.AddFlow(leaktest.Post(leaktest.Browser, "https://duckduckgo.com/e", 22*s+1, second))
		}, leak.Clean},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b := leaktest.Clean()
			first, second := cut(tc.at)
			tc.add(b.Phone(leaktest.PhoneID), first, second)
			got := claimOf(t, judge(t, b), leaktest.SearchKey, leak.ClaimContent)
			if got.Outcome != tc.want {
				t.Errorf("%s, want %s: %+v", got.Outcome, tc.want, got)
			}
		})
	}
}
