package evidence

import (
	"strings"
	"testing"
)

// What was said while the run lasted agrees with what was recorded, or is named: what no telltale can have written as
// tampering, and what a later look, other rules or ginkgo alone may have made otherwise as not relied on.
func TestVerifyWhatWasSaidMeanwhile(t *testing.T) {
	const results = "phones/phone-1/results.jsonl"
	spec := func(state, phone, scenario string) string {
		return `{"LeafNodeType":"It","LeafNodeLabels":["browser:mi","variant:private","phone:` + phone + `","scenario:` + scenario + `"],"State":"` + state + `"}`
	}
	report := func(specs ...string) func(*testing.T, string) {
		return func(t *testing.T, dir string) {
			put(t, dir, ginkgoName, `[{"SuitePath":"x","SpecReports":[`+strings.Join(specs, ",")+`]}]`)
		}
	}
	change := func(from, to string) func(*testing.T, string) {
		return func(t *testing.T, dir string) {
			edit(t, dir, results, func(s string) string {
				if !strings.Contains(s, from) {
					t.Fatalf("no %s in %s", from, s)
				}
				return strings.Replace(s, from, to, 1)
			})
		}
	}
	more := func(text string) func(*testing.T, string) {
		return func(t *testing.T, dir string) { edit(t, dir, results, func(s string) string { return s + text }) }
	}
	whole := closedCopy(t)
	for _, tt := range []struct {
		name  string
		do    func(*testing.T, string)
		file  string
		bad   string // what is said of the file, as tampering
		other string // what is said of it, as not relied on
	}{
		{"nothing changed", func(*testing.T, string) {}, results, "", ""},
		{"no provisional verdicts, as of a run that was killed early", func(t *testing.T, dir string) { gone(t, dir, results) }, results, "", ""},
		{"a last line that was cut off", more(`{"schema":1,"verd`), results, "", ""},
		{"a field of another version", change(`"verdict":{`, `"verdict":{"colour":"red",`), results, "", ""},
		{"another result of the same cell, as of a run that was resumed", func(t *testing.T, dir string) {
			edit(t, dir, results, func(s string) string { return s + s })
		}, results, "", ""},
		{"better than what came of it", change(`"outcome":"clean"`, `"outcome":"inconclusive"`), results, "", ""},
		{"a leak that is none any more", change(`"outcome":"clean","attempts"`, `"outcome":"leaked","attempts"`), results, "", "line 1 said that phone-1/-/settings/default leaked, and the verdict is clean"},
		{"no JSON", more("{\n"), results, "is no provisional verdict", ""},
		{"a key twice", change(`"schema":1,`, `"schema":1,"Schema":1,`), results, "occurs twice", ""},
		{"another schema", change(`"schema":1,`, `"schema":2,`), results, "schema 2 is unknown", ""},
		{"another phone's", change(`"phone":"phone-1"`, `"phone":"phone-2"`), results, "speaks of phone phone-2", ""},
		{"a cell that was never attempted", change(`"browser":"mi"`, `"browser":"opera"`), results, "attempts.jsonl has no attempt", ""},

		{"specs as the verdicts", report(spec("passed", "phone-1", "search"), `{"LeafNodeType":"BeforeSuite","State":"passed"}`), ginkgoName, "", ""},
		{"specs that labels or a resume left out", report(spec("skipped", "phone-1", "switch apps")), ginkgoName, "", ""},
		{"a spec that failed", report(spec("failed", "phone-1", "search")), ginkgoName, "", "phone-1, search, private, mi: the spec failed, the final verdict is clean"},
		{"a spec of no cell", report(spec("passed", "phone-9", "search")), ginkgoName, "", "phone-9, search, private, mi: the verdicts have no such cell"},
		{"no report, as of a disk that was full", func(t *testing.T, dir string) { put(t, dir, ginkgoName, `[{"SuitePath":`) }, ginkgoName, "", "it is no report of ginkgo"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := another(t, whole)
			tt.do(t, dir)
			sums(t, dir)
			check, err := Verify(dir)
			if err != nil {
				t.Fatal(err)
			}
			if want := map[bool]State{true: Genuine, false: Tampered}[tt.bad == ""]; check.State != want {
				t.Errorf("it is %s, want %s", check.State, want)
			}
			said := func(list []Problem) (out string) {
				for _, p := range list {
					if p.File == tt.file {
						out += p.Reason + "\n"
					}
				}
				return out
			}
			for kind, c := range map[string]struct{ got, want string }{"problems": {said(check.Problems), tt.bad}, "differs": {said(check.Differs), tt.other}} {
				if (c.got == "") != (c.want == "") || !strings.Contains(c.got, c.want) {
					t.Errorf("%s: %q, want %q", kind, c.got, c.want)
				}
			}
		})
	}
}
