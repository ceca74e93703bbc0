package assertions_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/onsi/gomega"

	"github.com/telltale-farm/telltale/assertions"
	"github.com/telltale-farm/telltale/assertions/leak"
)

var update = flag.Bool("update", false, "write the golden files")

// canary is a canary as a scenario holds it.
type canary struct {
	label string
	ids   []string
}

func (c canary) Label() string { return c.label }
func (c canary) IDs() []string { return c.ids }

var query = canary{"search query", []string{"c1", "c2"}}

// seen makes an observation of a search with one claim.
func seen(claim leak.Claim, v leak.ClaimVerdict) *leak.Observation {
	return &leak.Observation{
		Verdict: leak.CellVerdict{
			Key:      leak.Key{Phone: "redmi", Browser: "mi", Scenario: "search", Variant: "private"},
			Attempts: 2, Claims: map[leak.Claim]leak.ClaimVerdict{claim: v},
			Coverage: leak.Coverage{Flows: 12, Bytes: 4096},
		},
		Contacts: []leak.Contact{
			{Host: "duckduckgo.com", Port: 443, App: "com.android.browser", Flows: 3, Answered: 3, First: 2},
			{Host: "sa.example", Port: 443, Flows: 1, Unread: 1, First: 9},
		},
	}
}

func findings(n int, id string) (out []leak.Finding) {
	for i := range n {
		out = append(out, leak.Finding{
			Flow: int64(7 + i), Attempt: 1, App: "com.android.browser", Host: "sa.example", Canary: id, Class: leak.ClassExact,
			Location: "body > form data_list > base64 > gzip > json $[0].properties.url", Transforms: []string{"form", "base64", "gzip", "json"},
			Preview: "https://duckduckgo.com/?q=quokka gantry 4f1c8a9e", Late: i == 1,
		})
	}
	return out
}

// compared is a claim whose windows were compared, n of each kind.
func compared(n int, reacts bool) leak.ClaimVerdict {
	text := fmt.Sprintf("within 3.9 s, 1.2 kB to tracking.miui.com:443, %d of %d times; idle 0 of %d; chance 0.01 %%", n, n, n)
	v := leak.ClaimVerdict{Outcome: leak.Clean, Trials: &leak.Trials{Planned: n, Actions: n, Idles: n, WindowUS: 9_000_000, WallUS: 198_000_000, Need: 40}}
	if reacts {
		v.Outcome = leak.Leaked
		v.Trials.Effect = []leak.TrialEffect{{Host: "tracking.miui.com", Port: 443, Seen: n, Reacts: true, Text: text}}
		v.Findings = []leak.Finding{{Attempt: 4, Host: "tracking.miui.com", App: "com.miui.analytics", Canary: "the action itself", Class: leak.ClassReaction, Location: text}}
	}
	return v
}

// identifiers are one that was read from the phone and one that was learned.
func identifiers() []leak.Finding {
	out := findings(2, "android_id")
	out[1].Late, out[1].Canary, out[1].Class, out[1].Preview = false, "learned:uuid", leak.ClassLearned, "learned:uuid#5f2c09d1..9e4f"
	out[1].Proof = &leak.Proof{Sessions: []int{1, 2, 3}, Survived: []string{leak.EventPrivate, leak.EventRestart}, Changed: []string{leak.EventReinstall}, Like: 1}
	return out
}

func reasons(n int) (out []leak.Reason) {
	for i := range n {
		out = append(out, leak.Reason{
			Code: leak.CodeOpaqueFlow, Class: "pinned", Host: fmt.Sprintf("sa%d.example", i), Port: 443, App: "com.android.browser",
			Detail: "closed without a request", Accept: fmt.Sprintf("- {app: com.android.browser, host: sa%d.example, port: 443, why: ...}", i),
		})
	}
	return out
}

func verdict(o leak.Outcome, fs []leak.Finding, rs []leak.Reason) leak.ClaimVerdict {
	return leak.ClaimVerdict{Outcome: o, Findings: fs, Reasons: rs}
}

type matcher interface {
	Match(any) (bool, error)
	FailureMessage(any) string
	NegatedFailureMessage(any) string
}

// Each case says what To and NotTo do with it: "yes" and "no" are matches, "error" fails both.
func TestMatchers(t *testing.T) {
	content := func(v leak.ClaimVerdict) *leak.Observation { return seen(leak.ClaimContent, v) }
	reaction := func(v leak.ClaimVerdict) *leak.Observation { return seen(leak.ClaimReaction, v) }
	identity := func(v leak.ClaimVerdict) *leak.Observation { return seen(leak.ClaimIdentity, v) }
	none := content(verdict(leak.Clean, nil, nil))
	none.Contacts = nil
	many := content(verdict(leak.Clean, nil, nil))
	for i := range 500 {
		many.Contacts = append(many.Contacts, leak.Contact{Host: fmt.Sprintf("h%03d.example", i), Port: 443, Flows: 1})
	}
	var nobody *leak.Observation
	for name, c := range map[string]struct {
		m      matcher
		actual any
		want   string
	}{
		"leak of the canary":              {assertions.Leak(query), content(verdict(leak.Leaked, findings(2, "c2"), nil)), "yes"},
		"leak of any canary":              {assertions.Leak(), content(verdict(leak.Leaked, findings(1, "c9"), nil)), "yes"},
		"leak of another canary":          {assertions.Leak(query), content(verdict(leak.Leaked, findings(1, "c9"), nil)), "no"},
		"leak with much to tell":          {assertions.Leak(query), content(verdict(leak.Leaked, findings(500, "c1"), reasons(3))), "yes"},
		"leak in spite of reasons":        {assertions.Leak(query), content(verdict(leak.Leaked, findings(1, "c1"), reasons(1))), "yes"},
		"leak of another, and reasons":    {assertions.Leak(query), content(verdict(leak.Leaked, findings(1, "c9"), reasons(1))), "error"},
		"no leak":                         {assertions.Leak(query), content(verdict(leak.Clean, nil, nil)), "no"},
		"leak inconclusive":               {assertions.Leak(query), content(verdict(leak.Inconclusive, nil, reasons(2))), "error"},
		"leak inconclusive, many":         {assertions.Leak(query), content(verdict(leak.Inconclusive, nil, reasons(40))), "error"},
		"leak of nothing observed":        {assertions.Leak(query), nil, "error"},
		"leak of a nil observation":       {assertions.Leak(query), nobody, "error"},
		"leak of a string":                {assertions.Leak(query), "duckduckgo", "error"},
		"leak of an unused canary":        {assertions.Leak(canary{label: "page"}), none, "error"},
		"leak of a nil canary":            {assertions.Leak(nil), none, "error"},
		"leak where none is claimed":      {assertions.Leak(query), reaction(verdict(leak.Clean, nil, nil)), "error"},
		"reach":                           {assertions.Reach("duckduckgo.com"), content(verdict(leak.Clean, nil, nil)), "yes"},
		"reach by a sister host":          {assertions.Reach("html.duckduckgo.com"), content(verdict(leak.Clean, nil, nil)), "yes"},
		"reach of a look-alike":           {assertions.Reach("duckduckgo.com.evil.example"), content(verdict(leak.Clean, nil, nil)), "no"},
		"reach of what could not be read": {assertions.Reach("sa.example"), content(verdict(leak.Inconclusive, nil, reasons(1))), "error"},
		"reach, with no contact":          {assertions.Reach("duckduckgo.com"), none, "no"},
		"reach, with many others":         {assertions.Reach("nowhere.example"), many, "no"},
		"reach, only a short settle": {assertions.Reach("nowhere.example"),
			content(verdict(leak.Inconclusive, nil, []leak.Reason{{Code: leak.CodeSettleTooShort}})), "no"},
		"reach of no host":       {assertions.Reach("https://duckduckgo.com/"), none, "error"},
		"reach of a string":      {assertions.Reach("duckduckgo.com"), "x", "error"},
		"reaction":               {assertions.React(), reaction(verdict(leak.Leaked, findings(1, "com.android.settings"), nil)), "yes"},
		"reaction by windows":    {assertions.React(), reaction(compared(8, true)), "yes"},
		"no reaction in windows": {assertions.React(), reaction(compared(6, false)), "no"},
		"no reaction":            {assertions.React(), reaction(verdict(leak.Clean, nil, nil)), "no"},
		"reaction inconclusive":  {assertions.React(), reaction(verdict(leak.Inconclusive, nil, reasons(1))), "error"},
		"identity":               {assertions.Identify(), identity(verdict(leak.Leaked, identifiers(), nil)), "yes"},
		"identity by name":       {assertions.Identify("learned:uuid"), identity(verdict(leak.Leaked, identifiers(), reasons(1))), "yes"},
		"identity by another":    {assertions.Identify("serial"), identity(verdict(leak.Leaked, identifiers(), nil)), "no"},
		"no identity":            {assertions.Identify(), identity(verdict(leak.Clean, nil, nil)), "no"},
		"identity inconclusive":  {assertions.Identify(), identity(verdict(leak.Inconclusive, nil, reasons(1))), "error"},
		"identity not claimed":   {assertions.Identify(), none, "error"},
		"identity without name":  {assertions.Identify(""), identity(verdict(leak.Clean, nil, nil)), "error"},
		"identity of a string":   {assertions.Identify(), "android_id", "error"},
		"reaction not claimed":   {assertions.React(), none, "error"},
	} {
		t.Run(name, func(t *testing.T) {
			yes, err := c.m.Match(c.actual)
			got := "no"
			var message string
			switch {
			case err != nil:
				got, message = "error", err.Error()
			case yes:
				got, message = "yes", c.m.NegatedFailureMessage(c.actual)
			default:
				message = c.m.FailureMessage(c.actual)
			}
			if got != c.want {
				t.Errorf("%s, want %s\n%s", got, c.want, message)
			}
			if yes && err != nil {
				t.Error("a match with an error")
			}
			if n := strings.Count(message, "\n") + 1; n > 20 {
				t.Errorf("the message has %d lines", n)
			}
			golden(t, name, message)
		})
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", strings.NewReplacer(" ", "-", ",", "").Replace(name)+".txt")
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got+"\n" != string(want) {
		t.Errorf("%s differs (-update writes it)\ngot:\n%s\nwant:\n%s", file, got, want)
	}
}

// Inconclusive fails a spec both ways, and so does misuse.
func TestErrorsFailBothWays(t *testing.T) {
	o := seen(leak.ClaimContent, verdict(leak.Inconclusive, nil, reasons(1)))
	for name, expect := range map[string]func(g gomega.Gomega){
		"To":    func(g gomega.Gomega) { g.Expect(o).To(assertions.Leak(query)) },
		"NotTo": func(g gomega.Gomega) { g.Expect(o).NotTo(assertions.Leak(query)) },
	} {
		failed := ""
		g := gomega.NewGomega(func(message string, _ ...int) { failed = message })
		expect(g)
		if !strings.Contains(failed, "inconclusive:") {
			t.Errorf("%s: %q", name, failed)
		}
	}
}
