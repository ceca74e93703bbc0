package evidence

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/telltale-farm/telltale/assertions/leak"
)

// CTRF, the common test report format (draft 0.0.0). Inconclusive is `other`.
type ctrfReport struct {
	Format  string      `json:"reportFormat"`
	Version string      `json:"specVersion"`
	Results ctrfResults `json:"results"`
}

type ctrfResults struct {
	Tool    ctrfTool    `json:"tool"`
	Summary ctrfSummary `json:"summary"`
	Tests   []ctrfTest  `json:"tests"`
}

type ctrfTool struct {
	Name    string `json:"name"`
	Version string `json:"version,omitempty"`
}

type ctrfSummary struct {
	Tests   int   `json:"tests"`
	Passed  int   `json:"passed"`
	Failed  int   `json:"failed"`
	Pending int   `json:"pending"`
	Skipped int   `json:"skipped"`
	Other   int   `json:"other"`
	Start   int64 `json:"start"`
	Stop    int64 `json:"stop"`
}

type ctrfTest struct {
	Name     string            `json:"name"`
	Status   string            `json:"status"`
	Duration int               `json:"duration"`
	Suite    []string          `json:"suite"`
	Message  string            `json:"message,omitempty"`
	Trace    string            `json:"trace,omitempty"`
	Tags     []string          `json:"tags"`
	Device   string            `json:"device"`
	Extra    map[string]string `json:"extra"`
}

// ctrf gives the verdicts in CTRF. Its times are those of the run's start: verdicts have no duration.
func ctrf(v leak.Verdicts, run Run) ([]byte, error) {
	at := int64(0)
	if t, err := time.Parse(time.RFC3339, run.HostUTC); err == nil {
		at = t.UnixMilli()
	}
	out := ctrfReport{Format: "CTRF", Version: "0.0.0", Results: ctrfResults{
		Tool: ctrfTool{Name: "telltale", Version: run.Telltale}, Summary: ctrfSummary{Tests: len(v.Cells), Start: at, Stop: at}, Tests: []ctrfTest{},
	}}
	for _, c := range v.Cells {
		first, all := cellText(c)
		t := ctrfTest{
			Name: cellTitle(c), Suite: []string{c.Phone}, Message: first, Trace: all, Device: c.Phone, Tags: []string{c.Kind},
			Extra: map[string]string{"telltale.outcome": string(c.Outcome), "telltale.cell": c.Key.String()},
		}
		s := &out.Results.Summary
		switch c.Outcome {
		case leak.Leaked:
			t.Status = "failed"
			s.Failed++
		case leak.Clean:
			t.Status = "passed"
			s.Passed++
		default:
			t.Status = "other"
			s.Other++
		}
		out.Results.Tests = append(out.Results.Tests, t)
	}
	raw, err := json.MarshalIndent(out, "", " ")
	if err != nil {
		return nil, fmt.Errorf("writing %s: %w", ctrfName, err)
	}
	return append(raw, '\n'), nil
}
