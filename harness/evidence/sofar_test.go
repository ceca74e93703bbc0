package evidence

import (
	"encoding/json"
	"fmt"
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

// A run that goes on makes again what its stop cut off: the last attempt of each app before it, unless the phone was drained.
func TestSoFarOfWhatWasCutOff(t *testing.T) {
	search, visit := leak.Key{Phone: "p", Browser: "mi", Scenario: "search", Variant: "default"}, leak.Key{Phone: "p", Browser: "mi", Scenario: "visit", Variant: "default"}
	drain, settings := leak.Key{Phone: "p", Scenario: leak.DrainScenario, Variant: "default"}, leak.Key{Phone: "p", Scenario: "settings", Variant: "default"}
	for name, c := range map[string]struct {
		made  []leak.Key
		stop  int64 // of the recording, for another part that has gone on; 0 for none
		again leak.Key
	}{
		"one":                          {[]leak.Key{search}, 0, search},
		"two of one app":               {[]leak.Key{search, visit}, 0, visit},
		"one that has no canary":       {[]leak.Key{settings}, 0, leak.Key{}},
		"drained":                      {[]leak.Key{search, drain}, 0, leak.Key{}},
		"stopped, and went on":         {[]leak.Key{search, visit, drain}, 150, search},
		"stopped, went on, made again": {[]leak.Key{search, search, drain}, 150, leak.Key{}},
	} {
		var lines []byte
		for i, key := range c.made {
			id := int64(i + 1)
			a := leak.Attempt{Schema: leak.Schema, ID: id, Key: key, Repeat: 1, Window: flow.Window{Start: id * 100, End: id*100 + 40}}
			a.Postcondition.Seen, a.Settle.Quiet, a.Tunnel, a.Counters.Readable = true, true, leak.Tunnel{Before: true, After: true}, true
			if key.Browser != "" {
				a.App, a.Claims = "com.android.browser", []leak.Claim{leak.ClaimContent}
			}
			raw, err := json.Marshal(a)
			if err != nil {
				t.Fatal(err)
			}
			lines = append(append(lines, raw...), '\n')
		}
		flows := `{"rec":"open","schema":1,"epoch_utc":"2026-11-21T12:00:00Z"}` + "\n"
		if c.stop > 0 {
			flows += fmt.Sprintf(`{"rec":"resume","schema":1,"end_us":%d}`+"\n", c.stop)
		}
		p, err := ReadSoFar(fstest.MapFS{"attempts.jsonl": {Data: lines}, "flows.jsonl": {Data: []byte(flows)}})
		if err != nil {
			t.Fatal(err)
		}
		for _, key := range c.made {
			want := []int(nil)
			if key == c.again {
				want = []int{1}
			}
			if left := p.Left(key, 1); !slices.Equal(left, want) || key == c.again && p.Cells[key].Faulted[1] == 0 {
				t.Errorf("%s: left %v of %s, want %v", name, left, key, want)
			}
		}
	}
}
