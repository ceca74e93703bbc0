package harness_test

import (
	"testing"
	"time"

	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/harness/action"
	"github.com/telltale-farm/telltale/harness/virtual/personality"
)

// A browser is left alone for as long as the longest of its windows; what it sends by itself then is seen, and what it
// sent before is none of it.
func TestIdle(t *testing.T) {
	t.Parallel()
	r := newRig(t, personality.Leaky2020(), "leaky-2020")
	l := r.lease()
	if _, err := r.search(l, nil); err != nil {
		t.Fatal(err)
	}
	// On a busy computer the search's last batch may come behind its window: then it would be in the idle one.
	sent, since := -1, time.Now()
	until(t, "the phone to send nothing more", func() bool {
		if n := len(r.phone.Manifest().Uploads); n != sent {
			sent, since = n, time.Now()
		}
		return time.Since(since) > 3*time.Second
	})
	key := leak.Key{Phone: phoneID, Browser: "b", Scenario: leak.IdleScenario, Variant: "default"}
	seen, err := l.Session(key).Do(t.Context(), action.Idle(r.browser()))
	if err != nil {
		t.Fatal(err)
	}
	if seen.Verdict.Claims[leak.ClaimIdentity].Outcome != leak.Clean || seen.Verdict.Coverage.Flows != 0 {
		t.Errorf("%+v %+v", seen.Verdict.Claims, seen.Verdict.Coverage)
	}
	all := r.attempts()
	search, idle := all[len(all)-2], all[len(all)-1]
	if was, is := search.Window.End-search.Window.Start, idle.Window.End-idle.Window.Start; is < was || !idle.Settle.Quiet || !idle.Postcondition.Seen {
		t.Errorf("the search was watched for %d us, and left alone for %d: %+v", was, is, idle)
	}
	if err := l.Release(t.Context()); err != nil {
		t.Fatal(err)
	}
}
