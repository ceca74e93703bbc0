package leak_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/assertions/leak/leaktest"
)

// What is sent to so seldom that it has no test, and what is sent to a new host each time, is not taken for silence.
func TestTrialsSayWhatTheyCannotTell(t *testing.T) {
	busy := func(p leak.Place, at int64) (out []leaktest.Flow) { // more hosts than are listed, in two windows each
		for i := range 210 {
			if p.N == 1+i%8 || p.N == 9+i%8 {
				out = append(out, leaktest.Get(leaktest.Analytics, fmt.Sprintf("https://h%d.example%d.test/", i, i), at+int64(i+1)))
			}
		}
		return out
	}
	once := func(p leak.Place, at int64) []leaktest.Flow {
		if out := busy(p, at); p.N != 3 {
			return out
		} else {
			return append(out, opaqueTo(leaktest.Analytics, push, at))
		}
	}
	fresh := func(actions, idles int) func(leak.Place, int64) []leaktest.Flow { // in so many windows of either kind
		seen := map[string]int{}
		return func(p leak.Place, at int64) []leaktest.Flow {
			seen[p.Kind]++
			if p.Kind == leak.TrialAction && seen[p.Kind] > actions || p.Kind == leak.TrialIdle && seen[p.Kind] > idles {
				return nil
			}
			return []leaktest.Flow{opaqueTo(leaktest.Analytics, fmt.Sprintf("n%d.%s", p.N, reports), at)}
		}
	}
	for name, c := range map[string]struct {
		n      int
		sent   func(leak.Place, int64) []leaktest.Flow
		accept string
		want   leak.Outcome
		says   string
	}{
		"many hosts, read":                                      {8, busy, push, leak.Clean, ""},
		"many hosts, read, and one unread":                      {8, once, push, leak.Inconclusive, "to push.example:443, "},
		"a new host each time, nearly always":                   {60, fresh(47, 44), "*." + reports, leak.Inconclusive, "to *.tracking.example"},
		"a new host each time, less often than a reaction":      {60, fresh(9, 44), "*." + reports, leak.Clean, ""},
		"a new host each time, as seldom whatever is done":      {60, fresh(4, 4), "*." + reports, leak.Clean, ""},
		"a new host each time, seldom without, often with":      {60, fresh(40, 2), "*." + reports, leak.Leaked, ""},
		"a new host each time, as often as a reaction may hide": {60, fresh(18, 20), "*." + reports, leak.Inconclusive, "to *.tracking.example"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := leaktest.Clean()
			b.AddTrials(c.n, c.sent)
			accept(b, leaktest.Analytics, c.accept)
			got := judgedSettings(t, b)
			if got.Outcome != c.want || c.says != "" && !slices.ContainsFunc(got.Reasons, func(r leak.Reason) bool {
				return r.Code == leak.CodeTooFewRepeats && strings.Contains(r.Detail, c.says)
			}) {
				t.Errorf("%s, want %s that says %q: %+v", got.Outcome, c.want, c.says, got.Reasons)
			}
		})
	}
}

// A window in which somebody did something is none in which the phone was left alone.
func TestTrialsLeaveOutDisturbedWindows(t *testing.T) {
	for closed, want := range map[bool]leak.Outcome{true: leak.Clean, false: leak.Inconclusive} {
		b := leaktest.Clean()
		b.AddTrials(8, func(leak.Place, int64) []leaktest.Flow { return nil })
		idleWindow(b).Disturbed = []leak.Disturbance{{What: "in front", App: "com.other", Closed: closed}}
		got := judgedSettings(t, b)
		if got.Outcome != want || (len(got.Trials.Left) > 0) == closed {
			t.Errorf("closed %v: %s, %+v", closed, got.Outcome, got.Trials.Left)
		}
	}
}
