package main

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/assertions/leak/leaktest"
	"github.com/telltale-farm/telltale/harness/evidence"
	"github.com/telltale-farm/telltale/harness/world"
)

// What a run without a filter leaves out is said below the table of verdicts; with a filter nothing is.
func TestLeftOutIsSaid(t *testing.T) {
	planned := &world.Planned{LeftOut: map[string]int{"read the news": 3, "first start": 1}}
	want := []evidence.LeftOut{{Scenario: "first start", Cells: 1}, {Scenario: "read the news", Cells: 3}}
	for filter, says := range map[string]bool{notExtended: true, "smoke": false, "": false} {
		r := runCmd{filter: filter}
		left := r.leftOut(planned)
		if says && (len(left) != 2 || left[0] != want[0] || left[1] != want[1]) || !says && left != nil {
			t.Errorf("filter %q leaves out %v", filter, left)
		}
	}
	if (&runCmd{filter: notExtended}).leftOut(&world.Planned{}) != nil {
		t.Error("a plan that has everything leaves something out")
	}
	for _, leaves := range []bool{true, false} {
		b := recorded(t, leaktest.Clean())
		if leaves {
			leaveOut(t, b.Dir())
		}
		closed, err := b.Close()
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		if err := finish(context.Background(), &console{Out: &out, Err: &out}, closed, nil); err != nil {
			t.Fatal(err)
		}
		table, below, _ := strings.Cut(out.String(), string(leak.Clean))
		if got := strings.Contains(below, "14 cells of extended scenarios: first start (2), identity (12)"); got != leaves || strings.Contains(table, "extended") {
			t.Errorf("left out %v, and it says:\n%s", leaves, out.String())
		}
	}
}
