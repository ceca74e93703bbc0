package harness_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"
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
	with := fmt.Sprintf("and %d other phones of its adb server with it: look at their hub", phones-1)
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
			if f := r.made()[0].Fault; f == nil || f.Class != leak.FaultPhone || !strings.Contains(f.Detail, with) {
				t.Errorf("phone %d: its first attempt has the fault %+v, want one %q", i, f, with)
			}
			if err := l.Release(t.Context()); err != nil {
				t.Errorf("phone %d: %v", i, err)
			}
		})
	}
	all.Wait()

	type edge struct {
		us    int64
		delta int
	}
	var edges []edge
	began := 0
	for _, r := range rigs {
		raw, err := fs.ReadFile(r.bundle.FS(), "phones/"+phoneID+"/journal.jsonl")
		if err != nil {
			t.Fatal(err)
		}
		holds := false
		for line := range bytes.Lines(raw) {
			var j evidence.JournalLine
			if err := json.Unmarshal(line, &j); err != nil {
				t.Fatal(err)
			}
			switch {
			case j.Event != "recovery":
			case j.Data["what"] == "begin": // it has its place by now
				began++
				holds = true
				edges = append(edges, edge{j.HostUS, 1})
			case holds: // it gives its place away, or ended before that: it has it still
				holds = false
				edges = append(edges, edge{j.HostUS, -1})
			}
		}
	}
	slices.SortFunc(edges, func(a, b edge) int { return cmp.Or(cmp.Compare(a.us, b.us), cmp.Compare(a.delta, b.delta)) })
	now, most := 0, 0
	for _, e := range edges {
		now += e.delta
		most = max(most, now)
	}
	if began < phones || len(edges) != 2*began || most > together {
		t.Errorf("%d recoveries of %d phones, %d of them at a time; want at most %d", began, phones, most, together)
	}
}
