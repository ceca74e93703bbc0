package evidence

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/assertions/leak/leaktest"
	"github.com/telltale-farm/telltale/capture/flow"
)

// beside closes a bundle and gives what stands beside its verdicts, and its report.
func beside(t *testing.T, b *leaktest.Bundle) (Beside, string) {
	t.Helper()
	c, err := recorded(t, b).Close()
	if err != nil {
		t.Fatal(err)
	}
	return c.Beside, page(t, c.Dir)
}

// A browser that leaks, one that does not, what both contacted, and both left alone: the whole model, its table and its
// part of the report.
func TestSideBySide(t *testing.T) {
	got, report := beside(t, leaktest.TwoBrowsers(
		leaktest.Post(leaktest.Browser, "https://"+leaktest.Collector+"/v1", 22_000_000, `{"q":"`+leaktest.Query+`"}`),
		leaktest.Get(leaktest.Baseline, "https://favicon.example/favicon.ico", 62_000_000),
		leaktest.Post(leaktest.Browser, "https://"+leaktest.Collector+"/beat", 72_000_000, `{"event":"heartbeat","n":2}`),
	))
	raw, err := json.MarshalIndent(got, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "side_by_side.json", string(raw)+"\n")
	golden(t, "side_by_side.txt", got.Text())
	for _, want := range []string{
		"Contacted is not leaked", "chrome (baseline)", "mi, left alone", "chrome, left alone", "search query to sa.collector.example, 1 time",
		"sa.collector.example: 1 flow, 230 bytes, all read", "no identifier of the phone was found", "duckduckgo.com (where the scenario goes)",
	} {
		if !strings.Contains(report, want) {
			t.Errorf("the report does not say %q", want)
		}
	}
	if !strings.Contains(report, `<details class="sides virtual"`) {
		t.Error("a part of the report about a virtual phone does not say so")
	}
}

// What could not be seen is never set beside what could as if it were the same.
func TestNotComparable(t *testing.T) {
	for name, c := range map[string]struct {
		do   func(*leaktest.Bundle)
		more []leaktest.Flow
		want string // in the lines about what cannot be compared
		not  string // not there
	}{
		"all can be": {not: ":"},
		"a refused handshake of the baseline": {
			more: []leaktest.Flow{leaktest.Tunnel(leaktest.Baseline, "pinned.example", 443, flow.ClassUntrustedCA, 62_000_000)},
			want: "chrome (baseline): inconclusive, opaque-flow (untrusted-ca) pinned.example:443 by com.android.chrome",
		},
		"no idle window": {
			do: func(b *leaktest.Bundle) {
				b.Plan.Cells = b.Plan.Cells[:3]
				p := b.Phone(leaktest.PhoneID)
				for i := range p.Attempts {
					if p.Attempts[i].Key.Scenario == leak.IdleScenario {
						p.Attempts[i].Key = leak.Key{Phone: leaktest.PhoneID, Scenario: leak.DrainScenario, Variant: "default"}
						p.Attempts[i].Claims = []leak.Claim{}
					}
				}
			},
			want: "mi, left alone: no window in which it was left alone was recorded",
		},
		"another variant": {
			do: func(b *leaktest.Bundle) {
				p := b.Phone(leaktest.PhoneID)
				for i := range b.Plan.Cells {
					if b.Plan.Cells[i].Browser == leaktest.BaselineID && b.Plan.Cells[i].Scenario == "search" {
						b.Plan.Cells[i].Variant = "normal"
					}
				}
				p.Attempts[5].Key.Variant, p.Secrets[4].Key.Variant = "normal", "normal"
			},
			want: "chrome (baseline): the run has no such cell of it",
		},
		"a window much shorter": {
			do:   func(b *leaktest.Bundle) { b.Phone(leaktest.PhoneID).Attempts[6].Window.End -= 5_000_000 },
			want: "counts: an attempt of mi was watched for 9 s, one of mi, left alone for 4 s",
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := leaktest.TwoBrowsers(c.more...)
			if c.do != nil {
				c.do(b)
			}
			got, report := beside(t, b)
			if len(got.SideBySide) == 0 {
				t.Fatal("nothing is side by side")
			}
			said := strings.Join(got.SideBySide[len(got.SideBySide)-1].Cannot, "\n")
			if !strings.Contains(said, c.want) || c.not != "" && strings.Contains(said, c.not) {
				t.Errorf("it says:\n%s", said)
			}
			if c.want != "" && (!strings.Contains(report, "Not comparable") || !strings.Contains(got.Text(), "not comparable: ")) {
				t.Error("the report, or the table, does not say so")
			}
		})
	}
}

// Without a baseline, or with nothing beside it, nothing is set side by side.
func TestNothingSideBySide(t *testing.T) {
	alone := leaktest.Clean()
	alone.Policy.Phones[0].Browsers[0].Baseline = true
	none := leaktest.TwoBrowsers()
	none.Policy.Phones[0].Browsers[0].Baseline = false
	for name, b := range map[string]*leaktest.Bundle{"one browser": leaktest.Clean(), "a baseline alone": alone, "two without a baseline": none} {
		if got, report := beside(t, b); len(got.SideBySide) > 0 || strings.Contains(report, "Side by side") || got.Text() != "" {
			t.Errorf("%s: %+v", name, got.SideBySide)
		}
	}
}

// A redacted copy has the verdicts side by side, and says that it does not know who was contacted.
func TestSideBySideRedacted(t *testing.T) {
	dir, out := closed(t, leaktest.TwoBrowsers()), filepath.Join(t.TempDir(), "public")
	if err := Redact(dir, out); err != nil {
		t.Fatal(err)
	}
	report := page(t, out)
	if !strings.Contains(report, "whom it contacted is not known: the recording is not in this copy") || strings.Contains(report, "nobody") {
		t.Error("the copy claims to know who was contacted")
	}
}
