package leak_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/assertions/leak/leaktest"
	"github.com/telltale-farm/telltale/capture/flow"
)

// A recording that went on while a window was open saw nothing of what was sent before that, and one that went on behind
// it, before the app was driven again or the phone drained, nothing of what was held back: unless that attempt was made
// again.
func TestResumed(t *testing.T) {
	for name, c := range map[string]struct {
		at     int64
		change func(p *leaktest.Phone)
		want   leak.Outcome
	}{
		"in the window":                {25 * s, nil, inconclusive},
		"before it":                    {19*s + s/2, nil, clean},
		"behind it":                    {29*s + s/2, nil, inconclusive},
		"behind the next":              {39*s + s/2, nil, inconclusive},
		"behind the drain":             {49*s + s/2, nil, clean},
		"behind a drain that was none": {49*s + s/2, func(p *leaktest.Phone) { badDrain(p, 49*s+s/2) }, inconclusive},
		"behind it, made again":        {29*s + s/2, func(p *leaktest.Phone) { searchAgain(p, 1) }, clean},
		"behind it, another repeat":    {29*s + s/2, func(p *leaktest.Phone) { searchAgain(p, 2) }, inconclusive},
		"behind it, made again, in vain": {29*s + s/2, func(p *leaktest.Phone) {
			searchAgain(p, 1).Fault = &leak.Fault{Class: leak.FaultPhone, Code: leak.CodeDeviceLost, Detail: "it was away"}
		}, inconclusive},
		"when the app had been driven again": {39*s + s/2, func(p *leaktest.Phone) { searchAgain(p, 2).Key.Scenario = "visit" }, clean},
	} {
		t.Run(name, func(t *testing.T) {
			b := leaktest.Clean()
			if c.change != nil {
				c.change(b.Phones[0])
			}
			v := judgeResumed(t, b, c.at)
			got := claimOf(t, v, leaktest.SearchKey, leak.ClaimContent)
			if got.Outcome != c.want || c.want == inconclusive && !slices.Contains(codes(got), leak.CodeCaptureGap) && !slices.Contains(codes(got), leak.CodeDeviceLost) {
				t.Errorf("%s, want %s: %+v", got.Outcome, c.want, got.Reasons)
			}
		})
	}
}

// searchAgain puts an attempt of the search behind the first, and what follows behind that.
func searchAgain(p *leaktest.Phone, repeat int) *leak.Attempt {
	again := p.Attempts[1]
	again.ID, again.Repeat, again.Window, again.Postcondition.Need = 5, repeat, leaktest.At(3), false
	again.Window.First, again.Window.Last = 3, 3
	for i := range p.Attempts[2:] {
		a := &p.Attempts[2+i]
		w := leaktest.At(int64(4 + i))
		w.First, w.Last = 4, 3
		a.Window = w
	}
	p.Attempts = append(p.Attempts, again)
	return &p.Attempts[len(p.Attempts)-1]
}

// badDrain gives a drain that was not quiet in its end, and a good one behind a moment.
func badDrain(p *leaktest.Phone, at int64) {
	again := *p.Attempt(leak.DrainScenario)
	p.Attempt(leak.DrainScenario).Settle.Quiet = false
	again.ID, again.Window.Start, again.Window.End = 5, at+s/4, at+9*s
	p.Attempts = append(p.Attempts, again)
}

// judgeResumed judges a recording that stopped, and went on at a moment; 0 for one that did not.
func judgeResumed(t *testing.T, b *leaktest.Bundle, at int64) leak.Verdicts {
	t.Helper()
	dir := b.Write(t)
	if at > 0 {
		f, err := os.OpenFile(filepath.Join(dir, "phones", leaktest.PhoneID, "flows.jsonl"), os.O_APPEND|os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := fmt.Fprintf(f, `{"rec":"resume","schema":1,"end_us":%d}`+"\n"+`{"rec":"close","end_us":%d}`+"\n", at, 90*s); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	v, err := leak.Judge(os.DirFS(dir))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// Of an attempt that a kill kept from being written down its canary is left: what was sent unread until the recording stopped
// may be the action's.
func TestAttemptThatIsNotRecorded(t *testing.T) {
	const killed = 19*s + s/2
	refused := func(app string, at int64) leaktest.Flow {
		return leaktest.Tunnel(app, "sa.collector.example", 443, flow.ClassUntrustedCA, at)
	}
	for name, c := range map[string]struct {
		minted bool
		stop   int64
		sent   *leaktest.Flow
		want   leak.Outcome
		code   leak.Code
	}{
		"none":                                   {false, killed, new(refused(leaktest.Browser, 19*s+s/4)), clean, ""},
		"nothing unread":                         {true, killed, nil, clean, ""},
		"unread":                                 {true, killed, new(refused(leaktest.Browser, 19*s+s/4)), inconclusive, leak.CodeOpaqueFlow},
		"unread, by another app":                 {true, killed, new(refused("com.other", 19*s+s/4)), clean, ""},
		"unread, before it":                      {true, killed, new(refused(leaktest.Browser, 15*s)), clean, ""},
		"unread, before the app is driven again": {true, killed, new(refused(leaktest.Browser, 19*s+3*s/4)), inconclusive, leak.CodeOpaqueFlow},
		"in a recording that never stopped":      {true, 0, nil, inconclusive, leak.CodeHarness},
	} {
		t.Run(name, func(t *testing.T) {
			b := leaktest.Clean()
			p := b.Phones[0]
			if c.minted {
				ownCanary(p, &leak.Attempt{})
			}
			if c.sent != nil {
				p.AddFlow(*c.sent)
			}
			got := claimOf(t, judgeResumed(t, b, c.stop), leaktest.SearchKey, leak.ClaimContent)
			if got.Outcome != c.want || c.code != "" && !slices.Contains(codes(got), c.code) {
				t.Errorf("%s, want %s: %+v", got.Outcome, c.want, got.Reasons)
			}
		})
	}
}
