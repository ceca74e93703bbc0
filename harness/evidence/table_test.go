package evidence

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/telltale-farm/telltale/assertions/leak"
)

// cellTable is the table of one cell, without its head and what stands at its end.
func cellTable(c leak.CellVerdict) string {
	_, text, _ := strings.Cut(Table(leak.Verdicts{Complete: true, Cells: []leak.CellVerdict{c}}), "\n")
	text, _, _ = strings.Cut(text, "\n\n")
	return text
}

func TestTableBeneathARow(t *testing.T) {
	key := leak.Key{Phone: "p", Browser: "mi", Scenario: "search", Variant: "private"}
	control := key
	control.Scenario = leak.ControlScenario
	content := func(x leak.ClaimVerdict) map[leak.Claim]leak.ClaimVerdict {
		return map[leak.Claim]leak.ClaimVerdict{leak.ClaimContent: x}
	}
	found := leak.ClaimVerdict{Outcome: leak.Leaked, Findings: []leak.Finding{{Host: "a.example", App: "com.a", Class: "exact", Location: "body > json $.q", Flow: 3}}}
	clean := leak.ClaimVerdict{Outcome: leak.Clean}
	for name, c := range map[string]struct {
		cell    leak.CellVerdict
		has     string
		without string
	}{
		"nothing sent":       {leak.CellVerdict{Key: key, Outcome: leak.Clean, Claims: content(clean), Coverage: leak.Coverage{Attempts: 2}}, "    2 attempts, nothing was sent, quiet", "0 of 0"},
		"sent around":        {leak.CellVerdict{Key: key, Outcome: leak.Clean, Claims: content(clean), Coverage: leak.Coverage{Attempts: 2, Bypass: 7}}, "nothing was sent through the proxy, 7 bytes around", "0 of 0"},
		"something sent":     {leak.CellVerdict{Key: key, Outcome: leak.Clean, Claims: content(clean), Coverage: leak.Coverage{Attempts: 1, Flows: 2, Readable: 2}}, "1 attempt, 2 of 2 flows read", "nothing"},
		"control":            {leak.CellVerdict{Key: control, Outcome: leak.Leaked, Claims: content(found)}, "\n    control: outside the plan\n    a.example by com.a: body > json $.q, exact, flow 3", "drain"},
		"a cell of the plan": {leak.CellVerdict{Key: key, Outcome: leak.Leaked, Claims: content(found)}, "\n    a.example by com.a: body > json $.q, exact, flow 3", "outside the plan"},
	} {
		t.Run(name, func(t *testing.T) {
			got := cellTable(c.cell)
			if !strings.Contains(got, c.has) || strings.Contains(got, c.without) {
				t.Errorf("want %q and no %q in\n%s", c.has, c.without, got)
			}
		})
	}
}

// What is too long for a terminal is wrapped between words, with the chain on a line of its own; what is to be pasted is not.
func TestTableWraps(t *testing.T) {
	chain := "body" + strings.Repeat(" > json $[0].properties.url > base64", 6)
	paste := "- {app: com.android.browser, host: " + strings.Repeat("very-long.", 9) + "example, port: 443, why: ...}"
	got := cellTable(leak.CellVerdict{Outcome: leak.Inconclusive, Claims: map[leak.Claim]leak.ClaimVerdict{leak.ClaimContent: {
		Outcome:  leak.Inconclusive,
		Findings: []leak.Finding{{Host: "a.example", App: "com.a", Class: "exact", Location: chain, Flow: 3}},
		Reasons:  []leak.Reason{{Code: leak.CodeHarness, Detail: strings.Repeat("word ", 40), Accept: paste}},
	}}})
	if !strings.Contains(got, "\n    a.example by com.a: exact, flow 3\n        body > json") || !strings.Contains(got, "\n        "+paste) {
		t.Errorf("\n%s", got)
	}
	if joined := strings.Join(strings.Fields(got), " "); !strings.Contains(joined, chain) || strings.Count(joined, "word") != 40 {
		t.Errorf("something is lost in\n%s", got)
	}
	for line := range strings.Lines(got) {
		if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > tableWidth && !strings.Contains(line, paste) {
			t.Errorf("%d columns: %s", n, line)
		}
	}
}
