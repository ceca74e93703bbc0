package matrix

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/telltale-farm/telltale/assertions/leak"
)

// tally counts cells and keeps a line of each.
type tally struct {
	lines                              []string
	falseClean, falseLeak, wrongReason int
	cells, limits                      int
	tokens, counted                    int               // cells with a ciphertext that looks like a token, and those whose coverage counts one
	leaking, near                      map[string]int    // by encoding
	reasons                            map[leak.Code]int // cells that had to have it, and had
	outcomes                           map[leak.Outcome]int
}

func (s *tally) errors() int { return s.falseClean + s.falseLeak + s.wrongReason }

// add compares the cells of a phone with the truth.
func (s *tally) add(t *testing.T, d driven) {
	t.Helper()
	if s.reasons == nil {
		s.leaking, s.near, s.reasons, s.outcomes = map[string]int{}, map[string]int{}, map[leak.Code]int{}, map[leak.Outcome]int{}
	}
	if d.phone.Manifest().Dropped > 0 {
		t.Errorf("%s: the manifest is not whole", d.row.name)
	}
	for i, c := range d.cells {
		want := truth(d, i)
		got, codes, how := d.verdictOf(c)
		mark := ""
		if !c.limit {
			s.cells++
			mark = s.judge(want, got, codes)
			s.count(d.row, want, codes)
		} else {
			s.limits++
			mark = "limit"
			if c.token {
				s.tokens++
				s.counted += min(d.tokens(c), 1)
			}
		}
		name := c.scenario
		if c.variant != "" {
			name += ", " + c.variant
		}
		line := fmt.Sprintf("%-12s %-44s %-24s %-36s %-36s %s", mark, d.row.name, name, said(want.outcome, want.must), said(got, codes), how)
		s.lines = append(s.lines, strings.TrimRight(line, " "))
		if mark != "ok" && mark != "limit" {
			t.Logf("%s\n%s", line, strings.Join(d.log, "\n"))
		}
	}
}

// judge says which kind of error a verdict is.
func (s *tally) judge(want expected, got leak.Outcome, codes []leak.Code) string {
	switch {
	case got == leak.Clean && want.outcome != leak.Clean:
		s.falseClean++
		return "FALSE CLEAN"
	case got == leak.Leaked && want.outcome != leak.Leaked:
		s.falseLeak++
		return "FALSE LEAK"
	case got == leak.Inconclusive && want.outcome == leak.Clean && len(codes) > 0 && subset(codes, want.open):
		return "ok"
	case got != want.outcome:
		s.wrongReason++
		return "WRONG"
	case got != leak.Inconclusive:
		return "ok"
	}
	for _, c := range want.must {
		if !slices.Contains(codes, c) {
			s.wrongReason++
			return "WRONG REASON"
		}
	}
	for _, c := range codes {
		if !slices.Contains(want.must, c) && !slices.Contains(want.may, c) {
			s.wrongReason++
			return "WRONG REASON"
		}
	}
	return "ok"
}

func subset(codes, of []leak.Code) bool {
	return !slices.ContainsFunc(codes, func(c leak.Code) bool { return !slices.Contains(of, c) })
}

func (s *tally) count(r row, want expected, codes []leak.Code) {
	s.outcomes[want.outcome]++
	switch {
	case r.encoding != "" && want.outcome != leak.Clean && !r.near:
		s.leaking[r.encoding]++
	case r.encoding != "" && want.outcome == leak.Clean && r.near:
		s.near[r.encoding]++
	}
	for _, c := range want.must {
		if slices.Contains(codes, c) {
			s.reasons[c]++
		}
	}
}

func said(o leak.Outcome, codes []leak.Code) string {
	text := string(o)
	for i, c := range codes {
		text += map[bool]string{true: ": ", false: ", "}[i == 0] + string(c)
	}
	return text
}

// print shows the table when asked to, and the counts always. The errors are the last line.
func (s *tally) print(table bool) {
	out := os.Stdout
	if table {
		for _, l := range s.lines {
			fmt.Fprintln(out, l)
		}
	}
	fmt.Fprintf(out, "\ncells that must be leaked %d, inconclusive %d, clean %d; shown but not counted, for they are known limits, %d\n",
		s.outcomes[leak.Leaked], s.outcomes[leak.Inconclusive], s.outcomes[leak.Clean], s.limits)
	fmt.Fprintf(out, "cells with a ciphertext that looks like a token %d; their coverage counts it in %d\n", s.tokens, s.counted)
	var encodings []string
	for _, e := range slices.Sorted(maps.Keys(s.leaking)) {
		encodings = append(encodings, fmt.Sprintf("%s %d/%d", e, s.leaking[e], s.near[e]))
	}
	fmt.Fprintf(out, "leaking/near-miss cells of %d encodings: %s\n", len(encodings), strings.Join(encodings, ", "))
	var reasons []string
	for _, c := range slices.SortedFunc(maps.Keys(s.reasons), func(a, b leak.Code) int { return cmp.Compare(a, b) }) {
		reasons = append(reasons, fmt.Sprintf("%s %d", c, s.reasons[c]))
	}
	fmt.Fprintf(out, "cells of %d reasons: %s\n", len(reasons), strings.Join(reasons, ", "))
	fmt.Fprintf(out, "false clean %d, false leak %d, wrong reason %d, cells %d\n", s.falseClean, s.falseLeak, s.wrongReason, s.cells)
}

// enough checks that the matrix speaks of every reason that the product knows, and of each of these encodings, often enough.
func (s *tally) enough(t *testing.T, encodings []string, least int) {
	t.Helper()
	for _, c := range reasonCodes(t) {
		if s.reasons[c] < least {
			t.Errorf("%d cells of the reason %s, want %d", s.reasons[c], c, least)
		}
	}
	for _, e := range encodings {
		if s.leaking[e] < least || s.near[e] < least {
			t.Errorf("%d leaking and %d near-miss cells of %s, want %d of each", s.leaking[e], s.near[e], e, least)
		}
	}
}
