package evidence

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/assertions/leak/leaktest"
)

// record writes a sample run the way a run is written, and gives the bundle before it is closed.
func recorded(t *testing.T, sample *leaktest.Bundle) *Bundle {
	t.Helper()
	b := created(t, sample)
	for _, p := range sample.Phones {
		fill(t, b, p)
	}
	return b
}

func created(t *testing.T, sample *leaktest.Bundle) *Bundle {
	t.Helper()
	plan, err := json.Marshal(sample.Plan)
	if err != nil {
		t.Fatal(err)
	}
	b, err := Create(t.TempDir(), "20261121T120000Z", Inputs{Plan: plan, Policy: sample.Policy, Run: Run{
		Telltale: "v0.0.0-test", Seed: "seed", HostUTC: "2026-11-21T12:00:00Z", Host: "linux/amd64",
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Release() })
	return b
}

func fill(t *testing.T, b *Bundle, p *leaktest.Phone) {
	t.Helper()
	dir, err := OpenPhone(b.Dir(), p.ID)
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Close()
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	check(dir.AppendPhone(p.Lines[0]))
	for _, s := range p.Secrets {
		check(dir.AppendSecret(s))
	}
	p.Record(t, dir.Path())
	for _, a := range p.Attempts {
		check(dir.AppendJournal("command", map[string]any{"argv": []string{"input", "text", "\x1b[2J"}, "exit": 0}))
		check(dir.AppendAttempt(a))
		check(dir.Artefact(a.ID, a.Key.Scenario, "ui.xml", []byte("<hierarchy/>")))
	}
	check(dir.AppendJournal("setting", map[string]any{"key": "http_proxy", "old": nil, "new": ":0"}))
	for _, l := range p.Lines[1:] {
		check(dir.AppendPhone(l))
	}
	v, err := leak.JudgePhone(b.FS(), p.ID)
	check(err)
	for _, c := range v.Cells {
		check(dir.AppendResult(c))
	}
}

func TestCreateCloseJudge(t *testing.T) {
	b := recorded(t, leaktest.Clean())
	if !strings.HasSuffix(b.Dir(), ".partial") || !b.Partial() {
		t.Errorf("an open bundle is in %s", b.Dir())
	}
	open := b.Dir()
	c, err := b.Close()
	if err != nil {
		t.Fatal(err)
	}
	if c.Verdicts.Outcome != leak.Clean || !c.Verdicts.Complete {
		t.Errorf("verdicts %+v", c.Verdicts)
	}
	if c.Dir+".partial" != open || b.Partial() {
		t.Errorf("closed in %s", c.Dir)
	}
	if _, err := os.Lstat(open); !os.IsNotExist(err) {
		t.Errorf("the open folder is still there: %v", err)
	}
	v, raw, same, err := Rejudge(c.Dir)
	if err != nil || !same || v.Outcome != leak.Clean || len(raw) == 0 {
		t.Errorf("judged again: same %v, outcome %s, error %v", same, v.Outcome, err)
	}
	checkModes(t, c.Dir)
	for _, name := range []string{"report.html", "junit.xml", "ctrf.json", "summary.md", "SHA256SUMS", "phones/phone-1/capture.har"} {
		if info, err := os.Stat(filepath.Join(c.Dir, name)); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
	check, err := Verify(c.Dir)
	if err != nil || check.State != Genuine || len(check.Problems) > 0 {
		t.Errorf("verify: %+v, %v", check, err)
	}
}

func checkModes(t *testing.T, dir string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		want := fs.FileMode(0o600)
		if d.IsDir() {
			want = 0o700
		}
		if info.Mode().Perm() != want {
			t.Errorf("%s has mode %v, want %v", name, info.Mode().Perm(), want)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// A copy in another place judges to the same bytes.
func TestRejudgeElsewhere(t *testing.T) {
	c, err := recorded(t, leaktest.Clean()).Close()
	if err != nil {
		t.Fatal(err)
	}
	away := filepath.Join(t.TempDir(), "copied elsewhere")
	if err := os.CopyFS(away, os.DirFS(c.Dir)); err != nil {
		t.Fatal(err)
	}
	if _, _, same, err := Rejudge(away); err != nil || !same {
		t.Errorf("same %v, error %v", same, err)
	}
}

func TestCreateRefuses(t *testing.T) {
	sample := leaktest.Clean()
	plan, err := json.Marshal(sample.Plan)
	if err != nil {
		t.Fatal(err)
	}
	out := t.TempDir()
	in := Inputs{Plan: plan, Policy: sample.Policy}
	for name, id := range map[string]string{"up": "../x", "empty": "", "dot": ".x", "slash": "a/b", "partial": "x.partial", "control": "a\x1bb"} {
		if _, err := Create(out, id, in); err == nil {
			t.Errorf("%s: run id %q was taken", name, id)
		}
	}
	b, err := Create(out, "run", in)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Release()
	if _, err := Create(out, "run", in); err == nil {
		t.Error("the same run id was taken twice")
	}
	if _, err := Create(out, "other", Inputs{Plan: []byte(`{"schema":7}`), Policy: sample.Policy}); err == nil || !strings.Contains(err.Error(), "schema 7") {
		t.Errorf("a plan of another schema: %v", err)
	}
}

// What a killed process left behind opens again: half a line goes, the journal's chain goes on.
func TestOpenPhoneAfterAKill(t *testing.T) {
	b := recorded(t, leaktest.Clean())
	dir := filepath.Join(b.Dir(), "phones", leaktest.PhoneID)
	for _, name := range []string{"journal.jsonl", "attempts.jsonl"} {
		f, err := os.OpenFile(filepath.Join(dir, name), os.O_APPEND|os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.WriteString(`{"schema":1,"n":99`); err != nil {
			t.Fatal(err)
		}
		f.Close()
	}
	if err := os.WriteFile(filepath.Join(dir, "bodies", ".7.part"), []byte("half a body"), 0o600); err != nil {
		t.Fatal(err)
	}
	p, err := OpenPhone(b.Dir(), leaktest.PhoneID)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.AppendJournal("state", map[string]any{"state": "resumed"}); err != nil {
		t.Fatal(err)
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	c, err := b.Close()
	if err != nil {
		t.Fatal(err)
	}
	if check, err := Verify(c.Dir); err != nil || check.State != Genuine {
		t.Errorf("%+v, %v", check, err)
	}
}

func TestArtefactNames(t *testing.T) {
	b := created(t, leaktest.Clean())
	p, err := OpenPhone(b.Dir(), leaktest.PhoneID)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if err := p.Artefact(7, "../../Übel", "ui.xml", []byte("x")); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(p.Path(), "actions", "0007--------bel", "ui.xml")); err != nil {
		t.Error(err)
	}
	if err := p.Artefact(7, "search", "../evil", []byte("x")); err == nil {
		t.Error("a file of another name was taken")
	}
	if _, err := OpenPhone(b.Dir(), "../x"); err == nil {
		t.Error("a phone id that is a path was taken")
	}
}

// An open bundle, as a killed run leaves it, is readable, says that it is incomplete, and can be judged and closed.
func TestKilledRun(t *testing.T) {
	sample := leaktest.Clean()
	phone := sample.Phone(leaktest.PhoneID)
	phone.Lines, phone.Open = phone.Lines[:1], true
	b := recorded(t, sample)
	check, err := Verify(b.Dir())
	if err != nil || check.State != Incomplete || len(check.Problems) == 0 {
		t.Errorf("verify: %+v, %v", check, err)
	}
	v, _, same, err := Rejudge(b.Dir())
	if err != nil || same || v.Complete || v.Outcome != leak.Inconclusive || v.ExitCode() != leak.ExitIncomplete {
		t.Errorf("judged: %+v same %v, %v", v, same, err)
	}
	c, err := b.Close()
	if err != nil {
		t.Fatal(err)
	}
	if check, err = Verify(c.Dir); err != nil || check.State != Incomplete {
		t.Errorf("verify after closing: %+v, %v", check, err)
	}
	again, err := Reopen(c.Dir)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Release()
	if !again.Partial() {
		t.Errorf("reopened as %s", again.Dir())
	}
	if _, err := os.Lstat(filepath.Join(again.Dir(), "verdicts.json")); !os.IsNotExist(err) {
		t.Error("a reopened bundle still has verdicts")
	}
}

func TestReopenRefusesACompleteBundle(t *testing.T) {
	c, err := recorded(t, leaktest.Clean()).Close()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Reopen(c.Dir); err == nil || !strings.Contains(err.Error(), "complete") {
		t.Errorf("error %v", err)
	}
}

// A foreign file does not cost the verdicts: the bundle is closed, and the file is named.
func TestCloseWithAForeignFile(t *testing.T) {
	b := recorded(t, leaktest.Clean())
	if err := os.WriteFile(filepath.Join(b.Dir(), "notes.txt"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := b.Close()
	if err == nil || !strings.Contains(err.Error(), "notes.txt") {
		t.Errorf("error %v", err)
	}
	if c.Verdicts.Outcome != leak.Clean || b.Partial() || strings.HasSuffix(c.Dir, ".partial") {
		t.Errorf("%+v", c)
	}
	named(t, c.Dir, "notes.txt", Tampered)
}
