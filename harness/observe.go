package harness

import (
	"fmt"

	"github.com/telltale-farm/telltale/assertions/leak"
)

// observe asks the judge what this phone's files say of a cell so far. It is the same judge, over the same files, that
// has the last word after the run.
func (l *Lease) observe(key leak.Key) (*leak.Observation, error) {
	if err := l.rec.Sync(); err != nil {
		return nil, fmt.Errorf("syncing the record of %s: %w", l.profile.ID, err)
	}
	verdicts, err := leak.JudgePhone(l.Bundle, l.profile.ID)
	if err != nil {
		return nil, fmt.Errorf("judging %s so far: %w", l.profile.ID, err)
	}
	seen, ok := verdicts.Observe(key)
	if !ok {
		return nil, fmt.Errorf("judging %s so far: the recording has no attempt of %s", l.profile.ID, key.Scenario)
	}
	return seen, l.dir.AppendResult(seen.Verdict)
}

// progress says in a line how an attempt ended. Its verdict comes after the cell.
func (l *Lease) progress(key leak.Key, at *leak.Attempt) {
	what := key.Scenario
	if key.Variant != "" && key.Variant != "default" {
		what += ", " + key.Variant
	}
	if key.Browser != "" {
		what += ", " + key.Browser
	}
	how := "driven"
	switch {
	case at.Fault != nil:
		how = at.Fault.Class + " fault: " + at.Fault.Detail
	case !at.Postcondition.Seen:
		how = "not performed: " + at.Postcondition.Got
	case !at.Settle.Quiet:
		how = "driven, never quiet"
	}
	if key.Scenario != leak.ControlScenario && key.Scenario != leak.DrainScenario {
		what += fmt.Sprintf(" %d/%d", at.Repeat, leak.TrialPlaces(l.repeat, l.Trials[key]))
		if at.Trial != nil && at.Trial.Kind == leak.TrialIdle {
			what += ", left alone"
		}
	}
	l.say(what + ": " + how)
}
