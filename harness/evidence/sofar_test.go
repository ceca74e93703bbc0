package evidence

import (
	"encoding/json"
	"slices"
	"testing"
	"testing/fstest"

	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/capture/flow"
)

// A run that goes on makes the windows that are left of an order, and none of them twice.
func TestSoFarOfWindows(t *testing.T) {
	key := leak.Key{Phone: "p", Scenario: "s", Variant: "default"}
	order := leak.TrialOrder(leak.TrialSeed("run", key), 3)
	var lines []byte
	line := func(id int64, n int, fault *leak.Fault) {
		a := leak.Attempt{Schema: leak.Schema, ID: id, Key: key, Repeat: n, Trial: leak.PlaceOf(order, 1, n), Fault: fault}
		a.Window = flow.Window{Start: id * 100, End: id*100 + id}
		raw, err := json.Marshal(a)
		if err != nil {
			t.Fatal(err)
		}
		lines = append(append(lines, raw...), '\n')
	}
	line(1, 1, nil)
	line(2, 2, nil)
	line(3, 3, &leak.Fault{Class: leak.FaultPhone, Code: leak.CodeDeviceLost})
	p, err := ReadSoFar(fstest.MapFS{"attempts.jsonl": {Data: lines}})
	if err != nil {
		t.Fatal(err)
	}
	cell := p.Cells[key]
	if left := p.Left(key, leak.TrialPlaces(1, 3)); !slices.Equal(left, []int{3, 4, 5, 6, 7}) || cell.Faulted[3] != 3 || cell.Longest != 2 {
		t.Errorf("left %v of %+v", left, cell)
	}
}
