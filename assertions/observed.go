package assertions

import (
	"fmt"
	"strings"

	"github.com/onsi/gomega/format"

	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/capture/flow/safe"
)

// Bounds of a message: at most twenty lines, none of them wrapping more than a few times.
const (
	maxFindings = 6
	maxReasons  = 5
	maxLine     = 240
)

// observed checks that a matcher was given what Session.Do returned.
func observed(matcher string, actual any) (*leak.Observation, error) {
	o, ok := actual.(*leak.Observation)
	if !ok {
		return nil, fmt.Errorf("%s matcher expects a *leak.Observation, as Session.Do returns it. Got:\n%s", matcher, format.Object(actual, 1))
	}
	if o == nil {
		return nil, fmt.Errorf("%s matcher expects a *leak.Observation, as Session.Do returns it. Got nil: was the error of Do checked?", matcher)
	}
	return o, nil
}

// claimed gives the claim of an observation that a matcher speaks of.
func claimed(matcher string, o *leak.Observation, claim leak.Claim) (leak.ClaimVerdict, error) {
	v, ok := o.Claim(claim)
	if !ok {
		return v, fmt.Errorf("%s matcher expects an observation with the claim %q. Got one of cell %s, whose action does not make it", matcher, claim, o.Verdict.Key)
	}
	return v, nil
}

// subject is the first part of every message: which cell, and what was looked at.
func subject(o *leak.Observation) string {
	c := o.Verdict.Coverage
	return fmt.Sprintf("Expected\n    cell %s: %s, %s, %s\n", o.Verdict.Key,
		count(o.Verdict.Attempts, "attempt"), count(c.Flows, "flow"), count(int(c.Bytes), "byte"))
}

// told lists findings: where each went, what carried it, and what it looked like.
func told(findings []leak.Finding) string {
	var b strings.Builder
	for i, f := range findings {
		if i == maxFindings {
			fmt.Fprintf(&b, "  ... and %s more", count(len(findings)-i, "finding"))
			break
		}
		who := f.App
		if who == "" {
			who = "an unknown app"
		}
		late := ""
		if f.Late {
			late = ", sent after the action's window"
		}
		if f.Class == leak.ClassReaction {
			fmt.Fprintf(&b, "  %s by %s: %s\n", safe.Line(f.Host, maxLine), safe.Line(who, maxLine), safe.Line(f.Location, maxLine))
			continue
		}
		line := fmt.Sprintf("flow #%d to %s by %s carries %s (%s%s): %s", f.Flow, f.Host, who, f.Canary, f.Class, late, chain(f))
		if f.Proof != nil {
			line += ", " + f.Proof.String()
		}
		fmt.Fprintf(&b, "  %s\n", safe.Line(line, maxLine))
		if f.Preview != "" {
			fmt.Fprintf(&b, "    %s\n", safe.Line(f.Preview, maxLine))
		}
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// chain is the way to the value, outermost layer first.
func chain(f leak.Finding) string {
	if f.Location != "" {
		return f.Location
	}
	return strings.Join(f.Transforms, " > ")
}

// inconclusive is the error of a matcher that cannot say: it fails To and NotTo.
func inconclusive(o *leak.Observation, reasons []leak.Reason) error {
	var b strings.Builder
	fmt.Fprintf(&b, "inconclusive: cell %s cannot be judged:", o.Verdict.Key)
	pasted := map[string]bool{}
	for i, r := range reasons {
		if i == maxReasons {
			fmt.Fprintf(&b, "\n  ... and %s more", count(len(reasons)-i, "reason"))
			break
		}
		fmt.Fprintf(&b, "\n  %s", safe.Line(reason(r), maxLine))
		if r.Accept != "" && !pasted[r.Accept] {
			pasted[r.Accept] = true
			fmt.Fprintf(&b, "\n    devices.yaml, under accept: %s", safe.Line(r.Accept, maxLine))
		}
	}
	return fmt.Errorf("%s", b.String())
}

// reason says one reason in a line.
func reason(r leak.Reason) string {
	var b strings.Builder
	b.WriteString(string(r.Code))
	if r.Class != "" {
		fmt.Fprintf(&b, " (%s)", r.Class)
	}
	if r.Host != "" {
		fmt.Fprintf(&b, " %s", r.Host)
		if r.Port > 0 {
			fmt.Fprintf(&b, ":%d", r.Port)
		}
	}
	if r.App != "" {
		fmt.Fprintf(&b, " by %s", r.App)
	}
	fmt.Fprintf(&b, ": %s", r.Detail)
	return b.String()
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
