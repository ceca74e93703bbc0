package evidence

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/assertions/leak/leaktest"
)

func put(t *testing.T, dir, name, text string) {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func gone(t *testing.T, dir, name string) {
	t.Helper()
	if err := os.RemoveAll(filepath.Join(dir, name)); err != nil {
		t.Fatal(err)
	}
}

// another copies a bundle, so that the test may break it.
func another(t *testing.T, of string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "copy")
	if err := os.CopyFS(dir, os.DirFS(of)); err != nil {
		t.Fatal(err)
	}
	return dir
}

func read(t *testing.T, dir, name string) string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// Facts that no verdict rests on contradict each other when somebody changes one, and takes the sums again.
func TestVerifyFactsBesideTheVerdicts(t *testing.T) {
	const phone = "phones/phone-1/"
	swap := func(name, from, to string) func(*testing.T, string) {
		return func(t *testing.T, dir string) {
			edit(t, dir, name, func(s string) string { return strings.Replace(s, from, to, 1) })
		}
	}
	remove := func(name string) func(*testing.T, string) {
		return func(t *testing.T, dir string) { gone(t, dir, name) }
	}
	write := func(name, text string) func(*testing.T, string) {
		return func(t *testing.T, dir string) { put(t, dir, name, text) }
	}
	sum := sha256.Sum256([]byte("0\x03\x02\x01\x07"))
	cert := phone + "certs/" + hex.EncodeToString(sum[:]) + ".der"
	screen := phone + "actions/0002-search/ui.xml"
	whole := closedCopy(t)
	for name, c := range map[string]struct {
		do    func(*testing.T, string)
		names string // empty: nothing is wrong
	}{
		"no run.json":                      {remove("run.json"), "run.json"},
		"run.json is no JSON":              {write("run.json", "x"), "run.json"},
		"a key twice in run.json":          {swap("run.json", `"schema": 1,`, `"schema": 1, "seed": "other",`), "run.json"},
		"a key twice, but for its case":    {swap("run.json", `"schema": 1,`, `"schema": 1, "Seed": "other",`), "run.json"},
		"an unknown key in run.json":       {swap("run.json", `"schema": 1,`, `"schema": 1, "judge": "other",`), "run.json"},
		"a run's id that is markup":        {swap("run.json", `"id": "2`, `"id": "<script>2`), "run.json"},
		"a plan that the run did not have": {swap("run.json", `"plan": "`, `"plan": "0`), "plan.json"},
		"no journal":                       {remove(phone + "journal.jsonl"), phone + "journal.jsonl"},
		"an empty journal":                 {write(phone+"journal.jsonl", ""), phone + "journal.jsonl"},
		"no journal of a phone that never came": {func(t *testing.T, dir string) {
			gone(t, dir, phone+"journal.jsonl")
			gone(t, dir, phone+"actions")
			gone(t, dir, phone+"flows.jsonl")
			gone(t, dir, phone+"bodies")
			edit(t, dir, phone+"attempts.jsonl", func(s string) string {
				return strings.ReplaceAll(s, `"settle":{`, `"fault":{"class":"phone","code":"device-lost","detail":"it never came"},"settle":{`)
			})
			_, raw, _, err := Rejudge(dir)
			if err != nil {
				t.Fatal(err)
			}
			put(t, dir, "verdicts.json", string(raw))
		}, ""},
		"a key twice in the last line":       {swap(phone+"journal.jsonl", `"key":"http_proxy"`, `"key":"other","key":"http_proxy"`), phone + "journal.jsonl"},
		"an unknown key in the last line":    {swap(phone+"journal.jsonl", `"event":"setting"`, `"was":"x","event":"setting"`), phone + "journal.jsonl"},
		"a certificate":                      {write(cert, "0\x03\x02\x01\x070\x03\x02\x01\x08"), ""},
		"a certificate under another's name": {write(cert, "0\x03\x02\x01\x08"), cert},
		"a phone that the policy has not":    {write("phones/ghost/attempts.jsonl", ""), "phones/ghost"},
		"the screen of another attempt":      {write(screen, "<hierarchy another=''/>"), screen},
		"a screen that was not taken":        {write(phone+"actions/0002-search/screen-after.png", "x"), phone + "actions/0002-search/screen-after.png"},
		"a screen of no attempt":             {write(phone+"actions/0999-search/ui.xml", "<hierarchy/>"), phone + "actions/0999-search/ui.xml"},
		"no screen":                          {remove(screen), screen},
	} {
		t.Run(name, func(t *testing.T) {
			dir := another(t, whole)
			if _, err := os.Stat(filepath.Join(dir, screen)); err != nil {
				t.Fatal(err)
			}
			c.do(t, dir)
			sums(t, dir)
			if c.names != "" {
				named(t, dir, c.names, Tampered)
			} else if check, err := Verify(dir); err != nil || !check.sound() {
				t.Errorf("%+v, %v", check, err)
			}
		})
	}
}

// A bundle cannot be passed off as a redacted copy, whose verdicts nobody can judge, and nothing can be added to one.
func TestVerifyACopyThatIsNone(t *testing.T) {
	dir := closedCopy(t)
	edit(t, dir, "verdicts.json", func(s string) string { return strings.Replace(s, `"outcome":"clean"`, `"outcome":"leaked"`, 1) })
	sums(t, dir)
	put(t, dir, originalName, read(t, dir, sumsName))
	sums(t, dir)
	named(t, dir, "phones/phone-1/flows.jsonl", Tampered)

	copied := filepath.Join(t.TempDir(), "public")
	if err := Redact(closedCopy(t), copied); err != nil {
		t.Fatal(err)
	}
	redacted := func() string { return another(t, copied) }
	for _, name := range []string{"phones/phone-1/actions/0002-search/ui.xml", "phones/phone-1/journal.jsonl", "phones/phone-2/attempts.jsonl", "ginkgo.json"} {
		out := redacted()
		put(t, out, name, "x")
		sums(t, out)
		named(t, out, name, Tampered)
	}
	out := redacted()
	edit(t, out, originalName, func(s string) string {
		return strings.Join(slices.DeleteFunc(strings.SplitAfter(s, "\n"), func(l string) bool { return strings.HasSuffix(l, "  verdicts.json\n") }), "")
	})
	sums(t, out)
	named(t, out, "verdicts.json", Tampered)
	for _, name := range []string{"run.json", "verdicts.json", "phones/phone-1/attempts.jsonl"} {
		out := redacted()
		gone(t, out, name)
		sums(t, out)
		named(t, out, name, Tampered)
	}
}

// What was written from the verdicts may say something else than they: nobody should have to notice that himself.
func TestVerifyNamesReportsThatSayOtherwise(t *testing.T) {
	dir := closedCopy(t)
	for _, name := range []string{"report.html", "summary.md", "junit.xml", "ctrf.json", "phones/phone-1/capture.har"} {
		whole := read(t, dir, name)
		for how, text := range map[string]string{"changed": whole + " ", "missing": ""} {
			if how == "missing" {
				gone(t, dir, name)
			} else {
				put(t, dir, name, text)
			}
			sums(t, dir)
			check, err := Verify(dir)
			differs := slices.DeleteFunc(check.Differs, func(p Problem) bool { // the report links to what is there
				return how == "missing" && p.File == reportName && name != reportName
			})
			if err != nil || check.State != Genuine || len(differs) != 1 || differs[0].File != name {
				t.Errorf("%s %s: %+v, %v", name, how, check, err)
			}
		}
		put(t, dir, name, whole)
	}
	sums(t, dir)
	put(t, dir, "attestation.dsse.json", "{}")
	check, err := Verify(dir)
	if err != nil || check.State != Genuine || len(check.Differs) != 0 || !slices.Equal(check.Unchecked, []string{"attestation.dsse.json"}) {
		t.Errorf("%+v, %v", check, err)
	}
	if _, _, err := WriteReport(dir); err == nil || !strings.Contains(err.Error(), "signature") {
		t.Errorf("its report was written again under a signature: %v", err)
	}
}

// After an update of telltale an honest bundle is not accused by the verbs that need a genuine one.
func TestOtherRulesAreNoTampering(t *testing.T) {
	dir := closedCopy(t)
	edit(t, dir, "verdicts.json", func(s string) string {
		return strings.Replace(s, fmt.Sprintf(`"rules":%d`, leak.RulesVersion), `"rules":99`, 1)
	})
	sums(t, dir)
	_, _, report := WriteReport(dir)
	for verb, err := range map[string]error{"report": report, "redact": Redact(dir, filepath.Join(t.TempDir(), "out"))} {
		if err == nil || !strings.Contains(err.Error(), "cannot be shown to be genuine: verdicts.json: it was judged by rules 99") {
			t.Errorf("%s: %v", verb, err)
		}
	}
	edit(t, dir, "plan.json", func(s string) string { return s + " " })
	if _, _, err := WriteReport(dir); err == nil || !strings.Contains(err.Error(), "changed since it was closed: plan.json") {
		t.Errorf("a changed one: %v", err)
	}
}

// A folder that is no bundle, such as the one that bundles lie in, is not called tampered with.
func TestVerifyAFolderThatIsNoBundle(t *testing.T) {
	dir := closedCopy(t)
	if _, err := Verify(filepath.Dir(dir)); err == nil || !strings.Contains(err.Error(), "no evidence bundle") {
		t.Errorf("the folder above: %v", err)
	}
	for _, name := range files(t, dir) {
		if name != "summary.md" {
			gone(t, dir, name)
		}
	}
	named(t, dir, sumsName, Tampered)
}

// A run that was killed while it was closed, and then gone on with, has no verdicts of before: they would be shown for what
// was recorded since, and files that grew under sums would look changed.
func TestReopenForgetsHowFarClosingCame(t *testing.T) {
	for _, left := range []string{sumsName, verdictsName} {
		closed := closedCopy(t)
		if left == verdictsName {
			gone(t, closed, sumsName)
		}
		dir := closed + partial
		if err := os.Rename(closed, dir); err != nil {
			t.Fatal(err)
		}
		b, err := Reopen(dir)
		if err != nil {
			t.Fatal(err)
		}
		p, err := OpenPhone(b.Dir(), leaktest.PhoneID)
		if err != nil {
			t.Fatal(err)
		}
		err = p.AppendAttempt(leak.Attempt{ID: 99, Key: leak.Key{Phone: leaktest.PhoneID, Scenario: leak.DrainScenario, Variant: "default"}, Scope: leak.ScopePhone, Repeat: 1,
			Fault: &leak.Fault{Class: leak.FaultPhone, Code: leak.CodeDeviceLost, Detail: "gone"}})
		if err = errors.Join(err, p.AppendJournal("state", nil), p.Close(), b.Release()); err != nil {
			t.Fatal(err)
		}
		if check, err := Verify(dir); err != nil || check.State != Incomplete {
			t.Errorf("%s was left: %+v, %v", left, check, err)
		}
		for _, name := range []string{verdictsName, reportName, "phones/phone-1/" + harName} {
			if _, err := os.Lstat(filepath.Join(dir, name)); err == nil {
				t.Errorf("%s was left: %s is still there", left, name)
			}
		}
	}
	dir := closedCopy(t) + partial
	if err := os.Rename(strings.TrimSuffix(dir, partial), dir); err != nil {
		t.Fatal(err)
	}
	edit(t, dir, "plan.json", func(s string) string { return s + " " })
	if _, err := Reopen(dir); err == nil || !strings.Contains(err.Error(), "plan.json") {
		t.Errorf("a changed one was gone on with: %v", err)
	}
}

// What a killed process was still writing is no foreign file of a run that was never closed.
func TestVerifyWhatAKillLeftHalfWritten(t *testing.T) {
	b := recorded(t, leaktest.Clean())
	for _, name := range []string{"verdicts.json.tmp", "phones/phone-1/bodies/.7.part", "phones/phone-1/actions/0002-search/ui.xml.tmp", "phones/phone-1/capture.har.tmp"} {
		put(t, b.Dir(), name, "half")
	}
	check, err := Verify(b.Dir())
	if err != nil || check.State != Incomplete {
		t.Errorf("%+v, %v", check, err)
	}
	put(t, b.Dir(), "other.tmp", "half")
	named(t, b.Dir(), "other.tmp", Tampered)

	dir := closedCopy(t) // killed while its report was written again
	put(t, dir, "report.html.tmp", "half")
	named(t, dir, "report.html.tmp", Tampered)
	if _, _, err := WriteReport(dir); err != nil {
		t.Fatal(err)
	}
	if check, err := Verify(dir); err != nil || check.State != Genuine {
		t.Errorf("%+v, %v", check, err)
	}
}
