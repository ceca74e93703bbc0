package main

import (
	"context"
	"fmt"

	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/capture/flow/safe"
	"github.com/telltale-farm/telltale/harness/evidence"
)

// verifyCmd checks that a bundle is what was recorded.
type verifyCmd struct {
	Dir  string `arg:"" help:"Evidence bundle."`
	JSON bool   `name:"json" help:"One JSON object."`
}

// Help is shown below the flags.
func (verifyCmd) Help() string {
	return `Checks the sums, the names of bodies and certificates, the chain of the journal, what it says of screens and logs, what was said
meanwhile (results.jsonl), and the completeness of a bundle, then judges it again; of a redacted copy it reads the stored verdicts. Every file that does not
hold is named with the reason. Reports that this telltale writes otherwise, and provisional verdicts or specs that do not agree
with the verdicts, are named as "not relied on", signatures as "not checked": neither makes a bundle less genuine.

Example:
  telltale verify evidence/20261121T120000Z

EXIT STATUS
  0  genuine, whatever the verdict is
  1  usage error, or the bundle could not be read
  5  nothing was changed, but the run did not reach its end
  6  not genuine, or judged by other rules, so that this telltale cannot tell`
}

// verified is what --json prints.
type verified struct {
	State    evidence.State `json:"state"`
	Redacted bool           `json:"redacted"`
	Outcome  leak.Outcome   `json:"outcome,omitempty"` // what the files say, or of a redacted copy verdicts.json; empty when they could not be judged
	Problems []problem      `json:"problems"`

	Uncovered []string  `json:"uncovered,omitempty"` // files that no sum covers: answers of destinations, fetched after the run
	Unchecked []string  `json:"unchecked,omitempty"` // files that may hold a signature, which is not checked
	Differs   []problem `json:"differs,omitempty"`   // what no verdict rests on and says otherwise: reports, provisional verdicts, ginkgo.json
}

// problem is what does not hold, and the file where it shows.
type problem struct {
	File   string `json:"file"`
	Reason string `json:"reason"`
}

// Run checks.
func (v *verifyCmd) Run(_ context.Context, c *console) error {
	dir, err := bundlePath(v.Dir)
	if err != nil {
		return err
	}
	check, err := evidence.Verify(dir)
	if err != nil {
		return err
	}
	if v.JSON {
		out := verified{check.State, check.Redacted, check.Verdicts.Outcome, []problem{}, check.Uncovered, check.Unchecked, nil}
		for _, p := range check.Differs {
			out.Differs = append(out.Differs, problem(p))
		}
		for _, p := range check.Problems {
			out.Problems = append(out.Problems, problem(p))
		}
		err = printJSON(c.Out, out)
	} else {
		err = printCheck(c, check)
	}
	if err != nil {
		return err
	}
	switch check.State {
	case evidence.Genuine:
		return nil
	case evidence.Incomplete:
		return &exitStatus{Code: exitIncomplete}
	}
	return &exitStatus{Code: exitTampered}
}

func printCheck(c *console, check evidence.Check) error {
	for _, p := range check.Problems {
		if _, err := fmt.Fprintln(c.Out, p); err != nil {
			return err
		}
	}
	for _, name := range check.Uncovered {
		if _, err := fmt.Fprintf(c.Out, "not covered: %s: what destinations answered to the host after the run; no sum and no verdict speaks of it\n", safe.Text(name)); err != nil {
			return err
		}
	}
	for _, name := range check.Unchecked {
		if _, err := fmt.Fprintf(c.Out, "not checked: %s: it may hold a signature; this telltale checks none\n", safe.Text(name)); err != nil {
			return err
		}
	}
	for _, p := range check.Differs {
		if _, err := fmt.Fprintf(c.Out, "not relied on: %s; what counts is verdicts.json\n", p); err != nil {
			return err
		}
	}
	line := string(check.State)
	if check.State == evidence.Unjudged {
		line = "not shown to be genuine: the files hold together, but other rules judged it"
	}
	if check.Verdicts.Outcome != "" {
		how := "judged again"
		if check.Redacted {
			how = "stored verdict"
		}
		line += "; " + how + ": " + string(check.Verdicts.Outcome)
	}
	if check.Redacted {
		line += "; redacted, so that it cannot be judged again: only who has the original can tell if it is its copy"
	}
	_, err := fmt.Fprintln(c.Out, line)
	return err
}
