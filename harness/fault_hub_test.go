package harness_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"io/fs"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/harness"
	"github.com/telltale-farm/telltale/harness/evidence"
	"github.com/telltale-farm/telltale/harness/virtual/adbd"
)

// TestHubReset drops eight phones at once: each says that others went with it, all come back and are clean in the end,
// and they come back a few at a time.
func TestHubReset(t *testing.T) {
	t.Parallel()
	const phones, together = 8, 4
	d := newDesk(t)
	var rigs []*rig
	for range phones {
		rigs = append(rigs, d.rig(t, clean(nil), "clean", adbd.NoAuth))
	}
	var here, all sync.WaitGroup
	var alone atomic.Int32 // that say of no others: a busy computer may hear of their drops seconds apart
	here.Add(phones)
	reset := sync.OnceFunc(func() {
		for _, r := range rigs {
			r.phone.ADB().DropLinks()
		}
	})
	for i, r := range rigs {
		all.Go(func() {
			r.options.Progress = nil
			l, err := harness.Acquire(t.Context(), r.options)
			if err != nil {
				t.Error(err)
				here.Done()
				return
			}
			strike := &sync.Once{}
			seen, err := r.search(l, func(a harness.Action) harness.Action {
				return struck{Action: a, once: strike, happens: func() {
					here.Done()
					here.Wait() // until all are in the middle of their action
					reset()
				}}
			})
			if err != nil || seen.Verdict.Outcome != leak.Clean {
				t.Errorf("phone %d: %+v, %v", i, seen, err)
			}
			if f := r.made()[0].Fault; f == nil || f.Class != leak.FaultPhone {
				t.Errorf("phone %d: its first attempt has the fault %+v", i, f)
			} else if f.Code == leak.CodeCaptureGap && !strings.Contains(f.Detail, "other phones of its adb server with it: look at their hub") {
				t.Logf("phone %d: %s", i, f.Detail)
				alone.Add(1)
			}
			if err := l.Release(t.Context()); err != nil {
				t.Errorf("phone %d: %v", i, err)
			}
		})
	}
	all.Wait()
	if n := alone.Load(); n > phones/2 {
		t.Errorf("%d phones of %d do not say that others went with them", n, phones)
	}

	type edge struct {
		us    int64
		delta int
	}
	var edges []edge
	for _, r := range rigs {
		raw, err := fs.ReadFile(r.bundle.FS(), "phones/"+phoneID+"/journal.jsonl")
		if err != nil {
			t.Fatal(err)
		}
		var began int64
		for line := range bytes.Lines(raw) {
			var j evidence.JournalLine
			if err := json.Unmarshal(line, &j); err != nil {
				t.Fatal(err)
			}
			switch {
			case j.Event != "recovery":
			case j.Data["what"] == "begin":
				began = j.HostUS
				edges = append(edges, edge{j.HostUS, 1})
			default: // one that takes longer than two seconds gives its place away; it had that before it said that it began
				edges = append(edges, edge{min(j.HostUS, began+1_000_000), -1})
			}
		}
	}
	slices.SortFunc(edges, func(a, b edge) int { return cmp.Or(cmp.Compare(a.us, b.us), cmp.Compare(a.delta, b.delta)) })
	now, most := 0, 0
	for _, e := range edges {
		now += e.delta
		most = max(most, now)
	}
	if len(edges) < 2*phones || most > together {
		t.Errorf("%d recoveries of %d phones, at most %d at a time; want at most %d", len(edges)/2, phones, most, together)
	}
}
