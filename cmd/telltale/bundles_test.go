package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/assertions/leak/leaktest"
	"github.com/telltale-farm/telltale/harness/evidence"
)

// sampleBundles makes one bundle of each kind that a script can ask for: clean, leaked, leaked on a real phone (greeted: to a host that answers), inconclusive, incomplete,
// compared (two browsers, one of them the baseline) and open, which a killed run left.
func sampleBundles(t *testing.T) map[string]string {
	t.Helper()
	leaked := leaktest.Clean()
	leaked.Phone(leaktest.PhoneID).AddFlow(leaktest.Post(leaktest.Browser, "https://"+leaktest.Collector+"/v1", 22_000_000, `{"q":"`+leaktest.Query+`"}`))
	inconclusive := leaktest.Clean()
	inconclusive.Phone(leaktest.PhoneID).Attempt("search").Postcondition.Seen = false
	incomplete := leaktest.Clean()
	missing := leak.Cell{Key: leak.Key{Phone: leaktest.PhoneID, Scenario: "switch apps", Variant: "default"}, Kind: leak.KindVirtual}
	incomplete.Plan.Cells = append(incomplete.Plan.Cells, missing)
	compared := leaktest.TwoBrowsers(leaktest.Post(leaktest.Browser, "https://"+leaktest.Collector+"/v1", 22_000_000, `{"q":"`+leaktest.Query+`"}`))
	all := map[string]string{}
	for name, sample := range map[string]*leaktest.Bundle{"clean": leaktest.Clean(), "leaked": leaked, "real": leakedForReal(leaktest.Collector + "/v1"), "greeted": leakedForReal("example.com/"), "inconclusive": inconclusive, "incomplete": incomplete, "compared": compared} {
		b := recorded(t, sample)
		if name == "clean" {
			leaveOut(t, b.Dir())
		}
		closed, err := b.Close()
		if err != nil {
			t.Fatal(err)
		}
		all[name] = closed.Dir
	}
	all["open"] = recorded(t, leaktest.Clean()).Dir()
	return all
}

// leakedForReal is a leak to a destination, on a phone that is not virtual.
func leakedForReal(to string) *leaktest.Bundle {
	b := leaktest.Clean()
	b.Phones[0].AddFlow(leaktest.Post(leaktest.Browser, "https://"+to, 22_000_000, `{"q":"`+leaktest.Query+`"}`))
	b.Policy.Phones[0].Kind = leak.KindUSB
	for i := range b.Plan.Cells {
		b.Plan.Cells[i].Kind = leak.KindUSB
	}
	for i := range b.Phones[0].Lines {
		b.Phones[0].Lines[i].Kind = leak.KindUSB
	}
	return b
}

// leaveOut says in run.json that a run was given no labels and left something out.
func leaveOut(t *testing.T, dir string) {
	t.Helper()
	name := filepath.Join(dir, "run.json")
	raw, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var run evidence.Run
	if err := json.Unmarshal(raw, &run); err != nil {
		t.Fatal(err)
	}
	run.Filter, run.LeftOut = notExtended, []evidence.LeftOut{{Scenario: "first start", Cells: 2}, {Scenario: "identity", Cells: 12}}
	if raw, err = json.Marshal(run); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, raw, 0o600); err != nil {
		t.Fatal(err)
	}
}

// recorded writes a sample the way a run does.
func recorded(t *testing.T, sample *leaktest.Bundle) *evidence.Bundle {
	t.Helper()
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	plan, err := json.Marshal(sample.Plan)
	check(err)
	b, err := evidence.Create(t.TempDir(), "20261121T120000Z", evidence.Inputs{Plan: plan, Policy: sample.Policy, Run: evidence.Run{
		Telltale: "test", Seed: "seed", HostUTC: "2026-11-21T12:00:00Z", Host: "linux/amd64",
	}})
	check(err)
	t.Cleanup(func() { b.Release() })
	for _, p := range sample.Phones {
		dir, err := evidence.OpenPhone(b.Dir(), p.ID)
		check(err)
		check(dir.AppendPhone(p.Lines[0]))
		for _, s := range p.Secrets {
			check(dir.AppendSecret(s))
		}
		p.Record(t, dir.Path())
		for _, a := range p.Attempts {
			check(dir.AppendJournal("command", map[string]any{"argv": []string{"input", "tap"}, "exit": 0}))
			check(dir.AppendAttempt(a))
		}
		for _, l := range p.Lines[1:] {
			check(dir.AppendPhone(l))
		}
		check(dir.Close())
	}
	return b
}

// bundleCommand copies a sample bundle into the script's folder: bundle KIND FOLDER.
func bundleCommand(samples map[string]string) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, neg bool, args []string) {
		if neg || len(args) != 2 || samples[args[0]] == "" {
			ts.Fatalf("usage: bundle clean|leaked|real|greeted|inconclusive|incomplete|compared|open FOLDER")
		}
		ts.Check(os.CopyFS(ts.MkAbs(args[1]), os.DirFS(samples[args[0]])))
	}
}

// tamper appends a byte to a file of a bundle: tamper FILE.
func tamper(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: tamper FILE")
	}
	name := ts.MkAbs(filepath.FromSlash(args[0]))
	b, err := os.ReadFile(name)
	ts.Check(err)
	ts.Check(os.WriteFile(name, append(b, '\n'), 0o600))
}
