package harness_test

import (
	"slices"
	"testing"
	"time"

	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/harness/virtual/personality"
	"github.com/telltale-farm/telltale/harness/virtual/phone"
)

// The release of a browser that a phone has may name its icon's component otherwise than the catalogue does, its field may
// take its time, and its start page may never come to rest: none of that takes its phone from the run.
func TestABrowserOfAnotherRelease(t *testing.T) {
	t.Parallel()
	r := newRig(t, clean(func(p *personality.Personality) {
		p.Apps = slices.Clone(p.Apps)
		for i := range p.Apps {
			if p.Apps[i].Package == "com.android.chrome" {
				p.Apps[i].Activity = "com.google.android.apps.chrome.NewMain"
			}
		}
	}), "clean")
	l := r.lease()
	r.phone.State().Faults.Set(phone.Faults{LateFocus: time.Second})
	if seen, err := r.search(l, nil); err != nil || seen.Verdict.Outcome != leak.Clean {
		t.Errorf("%v: %+v", err, seen)
	}
	r.phone.State().Faults.Set(phone.Faults{})
	r.release(l)

	r.options.Progress = func(line string) {
		t.Log(line)
		if line == "proving that we can read it" {
			r.phone.State().Faults.Set(phone.Faults{NoIdle: true})
		}
	}
	l = r.lease()
	r.phone.State().Faults.Set(phone.Faults{})
	all := r.attempts()
	if at := all[len(all)-1]; at.Key.Scenario != leak.ControlScenario || at.Fault != nil || !at.Postcondition.Seen {
		t.Errorf("the control on a page that never rests: %+v", at)
	}
	r.release(l)
}
