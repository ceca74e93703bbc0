package evidence

import (
	"encoding/xml"
	"fmt"
	"strings"

	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/capture/flow/safe"
)

// JUnit, as continuous integration servers read it: leaked is a failure, inconclusive an error, nothing is ever skipped.
type junitSuites struct {
	XMLName xml.Name     `xml:"testsuites"`
	Name    string       `xml:"name,attr"`
	Suites  []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Errors   int         `xml:"errors,attr"`
	Skipped  int         `xml:"skipped,attr"`
	Cases    []junitCase `xml:"testcase"`
}

type junitCase struct {
	Name      string     `xml:"name,attr"`
	Classname string     `xml:"classname,attr"`
	Failure   *junitText `xml:"failure"`
	Error     *junitText `xml:"error"`
	Out       string     `xml:"system-out,omitempty"`
}

type junitText struct {
	Type    string `xml:"type,attr"`
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

// junit gives the verdicts as JUnit XML, a suite for each phone.
func junit(v leak.Verdicts) ([]byte, error) {
	out := junitSuites{Name: "telltale"}
	for _, c := range v.Cells {
		if n := len(out.Suites); n == 0 || out.Suites[n-1].Name != c.Phone {
			out.Suites = append(out.Suites, junitSuite{Name: c.Phone})
		}
		s := &out.Suites[len(out.Suites)-1]
		s.Tests++
		x := junitCase{Name: cellTitle(c), Classname: "telltale." + c.Kind + "." + c.Phone}
		first, all := cellText(c)
		switch c.Outcome {
		case leak.Leaked:
			s.Failures++
			x.Failure = &junitText{Type: "leaked", Message: first, Text: all}
		case leak.Clean:
			x.Out = all
		default:
			s.Errors++
			x.Error = &junitText{Type: "inconclusive", Message: first, Text: all}
		}
		out.Suites[len(out.Suites)-1].Cases = append(s.Cases, x)
	}
	raw, err := xml.MarshalIndent(out, "", " ")
	if err != nil {
		return nil, fmt.Errorf("writing %s: %w", junitName, err)
	}
	return append([]byte(xml.Header), append(raw, '\n')...), nil
}

// cellTitle names a cell within its phone.
func cellTitle(c leak.CellVerdict) string {
	parts := []string{c.Scenario}
	if c.Variant != "" && c.Variant != "default" {
		parts = append(parts, c.Variant)
	}
	if c.Browser != "" {
		parts = append(parts, c.Browser)
	}
	return safe.Text(strings.Join(parts, ", "))
}

// cellText says what there is to say of a cell: its first line, and all.
func cellText(c leak.CellVerdict) (first, all string) {
	var b strings.Builder
	beneath(&b, c, unwrapped)
	if text := banner(c.Kind); text != "" {
		fmt.Fprintf(&b, "    %s\n", text)
	}
	all = strings.TrimRight(b.String(), "\n")
	first, _, _ = strings.Cut(all, "\n")
	return strings.TrimSpace(first), all
}
