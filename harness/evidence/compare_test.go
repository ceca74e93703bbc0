package evidence

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/assertions/leak/leaktest"
	"github.com/telltale-farm/telltale/capture/flow"
)

func closed(t *testing.T, sample *leaktest.Bundle) string {
	t.Helper()
	c, err := recorded(t, sample).Close()
	if err != nil {
		t.Fatal(err)
	}
	return c.Dir
}

func leaky() *leaktest.Bundle {
	b := leaktest.Clean()
	b.Phones[0].AddFlow(leaktest.Post(leaktest.Browser, "https://sa.example/sa", 22_000_000, leaktest.Query))
	return b
}

func opaque() *leaktest.Bundle {
	b := leaktest.Clean()
	b.Phones[0].AddFlow(leaktest.Tunnel(leaktest.Browser, "sa.example", 443, flow.ClassPinned, 22_000_000))
	return b
}

func TestCompare(t *testing.T) {
	less := leaktest.Clean()
	less.Plan.Cells = less.Plan.Cells[:1] // settings alone
	less.Phones[0].Secrets = less.Phones[0].Secrets[:2]
	less.Phones[0].Attempts[1].Canaries = nil
	for name, c := range map[string]struct {
		old, new *leaktest.Bundle
		want     Change // of the search
		exit     int
	}{
		"still clean":         {leaktest.Clean(), leaktest.Clean(), StillClean, 0},
		"regressed":           {leaktest.Clean(), leaky(), Regressed, 3},
		"fixed":               {leaky(), leaktest.Clean(), Fixed, 0},
		"still leaking":       {leaky(), leaky(), StillLeaking, 0},
		"no claim before":     {opaque(), leaktest.Clean(), NoClaim, 4},
		"no claim after":      {leaktest.Clean(), opaque(), NoClaim, 4},
		"leaks, was not seen": {opaque(), leaky(), LeaksNow, 3},
		"new":                 {less, leaktest.Clean(), New, 0},
		"new and leaking":     {less, leaky(), New, 3},
		"gone":                {leaktest.Clean(), less, Gone, 4},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Compare(closed(t, c.old), closed(t, c.new))
			if err != nil {
				t.Fatal(err)
			}
			var change Change
			for _, x := range got.Claims {
				if x.Cell == leaktest.SearchKey {
					change = x.Change
				} else if x.Change != StillClean {
					t.Errorf("%s: %s", x.Cell, x.Change)
				}
			}
			if change != c.want || got.ExitCode() != c.exit {
				t.Errorf("%s, exit %d; want %s, exit %d\n%s", change, got.ExitCode(), c.want, c.exit, got.Text())
			}
		})
	}
}

func TestComparePhones(t *testing.T) {
	before, after := leaktest.Clean(), leaky()
	old, now := before.Phones[0], after.Phones[0]
	for i := range now.Lines {
		now.Lines[i].Firmware = "V2.0.0"
	}
	id := `{"id":"` + leaktest.AndroidID + `"}`
	old.AddFlow(leaktest.Post(leaktest.Analytics, "https://sa.collector.example/v1/user/1234", 33_000_000, id))
	now.AddFlow(leaktest.Post(leaktest.Analytics, "https://sa.collector.example/v1/user/5678", 33_000_000, id))
	now.AddFlow(leaktest.Post(leaktest.Analytics, "https://sa.collector.example/v2/user/5678", 34_000_000, "{}"))
	now.AddFlow(leaktest.Post(leaktest.Settings, "https://sa.collector.example/beat", 35_000_000, `{"serial":"e64f921f"}`))
	for i, p := range []*leaktest.Phone{old, now} {
		p.Secrets = append(p.Secrets, leak.Secret{Schema: 1, ID: "serial", Role: leak.SecretIdentifier, Kind: leak.ValueID, Value: []string{"a64f921f", "e64f921f"}[i]})
	}
	got, err := Compare(closed(t, before), closed(t, after))
	if err != nil {
		t.Fatal(err)
	}
	want := []PhoneChange{{
		ID: leaktest.PhoneID, Old: "V1.0.0", New: "V2.0.0", Appeared: []string{"sa.example:443"}, Vanished: []string{},
		Endpoints: []string{"POST sa.collector.example/v2/user/*"}, Forgotten: []string{},
		Fields: []string{"POST sa.collector.example/beat: body > json $.serial"}, Dropped: []string{},
		Identifiers: []IdentifierChange{
			{App: leaktest.Settings, ID: "serial", New: true},
			{App: leaktest.Analytics, ID: "android_id", Old: true, New: true, Survived: true},
		},
	}}
	slices.SortFunc(want[0].Identifiers, func(a, b IdentifierChange) int { return strings.Compare(a.App, b.App) })
	if diff := cmp.Diff(want, got.Phones); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	golden(t, "compare.txt", got.Text())
}

// What an old run stated then plays no part: both are judged by the rules of today. A run whose sums do not hold is compared
// all the same, and named.
func TestCompareJudgesTheOldAgain(t *testing.T) {
	old, now := closed(t, leaky()), closed(t, leaky())
	edit(t, old, "verdicts.json", func(s string) string { return strings.ReplaceAll(s, `"outcome":"leaked"`, `"outcome":"clean"`) })
	got, err := Compare(old, now)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(got.Claims, func(c ClaimChange) bool { return c.Cell == leaktest.SearchKey })
	if got.Claims[i].Change != StillLeaking || got.ExitCode() != 0 || got.Rules != leak.RulesVersion {
		t.Errorf("%+v, exit %d", got.Claims[i], got.ExitCode())
	}
	if len(got.Doubts) != 1 || !strings.Contains(got.Text(), "unverified: 20261121T120000Z: verdicts.json: its bytes changed") {
		t.Errorf("it says nothing of the change: %v", got.Doubts)
	}
}

func TestCompareRefusesOtherKinds(t *testing.T) {
	real := leaktest.Clean()
	real.Policy.Phones[0].Kind = leak.KindUSB
	for i := range real.Plan.Cells {
		real.Plan.Cells[i].Kind = leak.KindUSB
	}
	for i := range real.Phones[0].Lines {
		real.Phones[0].Lines[i].Kind = leak.KindUSB
	}
	if _, err := Compare(closed(t, leaktest.Clean()), closed(t, real)); err == nil || !strings.Contains(err.Error(), "do not compare") {
		t.Errorf("error %v", err)
	}
}

func TestRedact(t *testing.T) {
	dir := closed(t, leaktest.Farm())
	out := filepath.Join(t.TempDir(), "public")
	if err := Redact(dir, out); err != nil {
		t.Fatal(err)
	}
	err := fs.WalkDir(os.DirFS(out), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		raw, err := os.ReadFile(filepath.Join(out, name))
		if err != nil {
			return err
		}
		for _, raws := range []string{leaktest.AndroidID, "actions/"} {
			if strings.Contains(string(raw), raws) && name != "SHA256SUMS.original" {
				t.Errorf("%s holds %q", name, raws)
			}
		}
		for _, private := range []string{"secrets", "bodies", "flows", "journal", "capture.har", "actions"} {
			if strings.Contains(name, private) {
				t.Errorf("it holds %s", name)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	check, err := Verify(out)
	if err != nil || check.State != Genuine || !check.Redacted || check.Verdicts.Outcome != leak.Leaked {
		t.Errorf("%+v, %v", check, err)
	}
	edit(t, out, "verdicts.json", func(s string) string { return strings.ReplaceAll(s, `"outcome":"leaked"`, `"outcome":"clean"`) })
	sums(t, out)
	named(t, out, "verdicts.json", Tampered)
	if err := Redact(dir, out); err == nil {
		t.Error("it wrote over what was there")
	}
}

func TestHistory(t *testing.T) {
	out := t.TempDir()
	for name, sample := range map[string]*leaktest.Bundle{"20261101T000000Z": leaktest.Clean(), "20261102T000000Z": leaky(), "20261103T000000Z": opaque()} {
		if err := os.CopyFS(filepath.Join(out, name), os.DirFS(closed(t, sample))); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.CopyFS(filepath.Join(out, "20261104T000000Z.partial"), os.DirFS(recorded(t, leaktest.Clean()).Dir())); err != nil {
		t.Fatal(err)
	}
	edit(t, filepath.Join(out, "20261103T000000Z"), "phones/phone-1/attempts.jsonl", func(s string) string { return s + "\n" })
	if err := os.Mkdir(filepath.Join(out, "no bundle"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(out, "broken"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(out, "broken", "plan.json"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	past, err := History(out)
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "history.txt", HistoryText(past))
}
