package leak_test

import (
	"os"
	"testing"

	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/assertions/leak/leaktest"
	"github.com/telltale-farm/telltale/capture/flow"
)

// Whom a cell contacted is counted as its coverage is: nothing more, nothing less.
func TestContactedIsCoverage(t *testing.T) {
	b := leaktest.TwoBrowsers(
		leaktest.Post(leaktest.Browser, "https://"+leaktest.Collector+"/v1", 22_000_000, `{"q":"`+leaktest.Query+`"}`),
		leaktest.Get("", "https://a.unknown.example/", 23_000_000),
		leaktest.Tunnel(leaktest.Baseline, "pinned.example", 443, flow.ClassUntrustedCA, 62_000_000),
		leaktest.Get(leaktest.Browser, "https://b.collector.example/", 63_000_000), // of another app: not the baseline's
	)
	b.PhonePolicy(leaktest.PhoneID).Accept = []leak.Accept{{App: leaktest.Baseline, Host: "pinned.example", Why: "a test"}}
	dir := b.Write(t)
	v, err := leak.Judge(os.DirFS(dir))
	if err != nil {
		t.Fatal(err)
	}
	all, err := leak.ContactedBy(os.DirFS(dir), leaktest.PhoneID)
	if err != nil {
		t.Fatal(err)
	}
	of := map[leak.Key]leak.CellDestinations{}
	for _, c := range all {
		of[c.Key] = c
	}
	for _, c := range v.Cells {
		var sum leak.Destinations
		for _, d := range of[c.Key].To {
			sum.Flows, sum.Readable, sum.Opaque, sum.Accepted, sum.Bytes = sum.Flows+d.Flows, sum.Readable+d.Readable, sum.Opaque+d.Opaque, sum.Accepted+d.Accepted, sum.Bytes+d.Bytes
		}
		if k := c.Coverage; sum.Flows != k.Flows || sum.Readable != k.Readable || sum.Opaque != k.Opaque || sum.Accepted != k.Accepted || sum.Bytes != k.Bytes {
			t.Errorf("%s: contacted %+v, coverage %+v", c.Key, sum, k)
		}
	}
	mi := of[leaktest.SearchKey].To
	if len(mi) != 3 || mi[0].Domain != "collector.example" || mi[0].Meant || mi[1].Domain != leaktest.Search || !mi[1].Meant || mi[2].App != "" {
		t.Errorf("%+v", mi)
	}
	other := leaktest.SearchKey
	other.Browser = leaktest.BaselineID
	if to := of[other].To; len(to) != 2 || to[1].Domain != "pinned.example" || to[1].Accepted != 1 || of[other].WatchedUS != 9_000_000 {
		t.Errorf("%+v", of[other])
	}
	if _, err := leak.ContactedBy(os.DirFS(dir), "nobody"); err == nil {
		t.Error("a phone that there is not contacted somebody")
	}
}

// A browser that sends nothing while it is left alone is clean there, whatever is open about its other windows; one that
// sends a value of which nobody can tell what it is, is not.
func TestIdleIsItsOwnWindow(t *testing.T) {
	const body = `{"uuid":"5b7f0c7e-6d0e-4b8e-9a51-0f6c2d9f4e11"}`
	for name, c := range map[string]struct {
		at   int64
		want leak.Outcome
	}{"sent before": {23_000_000, leak.Clean}, "sent while it was left alone": {73_000_000, leak.Inconclusive}} {
		v, err := leak.Judge(os.DirFS(leaktest.TwoBrowsers(leaktest.Post(leaktest.Browser, "https://"+leaktest.Collector+"/v1", c.at, body)).Write(t)))
		if err != nil {
			t.Fatal(err)
		}
		for _, cell := range v.Cells {
			if cell.Scenario == leak.IdleScenario && cell.Browser == leaktest.BrowserID && cell.Outcome != c.want {
				t.Errorf("%s: left alone it is %s, want %s: %+v", name, cell.Outcome, c.want, cell.Claims)
			}
		}
	}
}
