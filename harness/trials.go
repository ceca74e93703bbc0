package harness

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/telltale-farm/telltale/adb/ui"
	"github.com/telltale-farm/telltale/assertions/leak"
)

// A reaction cell of the plan may compare windows: with its action, and without, from the same screen, as long, and in an
// order that was drawn from the run's seed before the first of them.

// trials is how many windows of each kind the plan wants of the session's cell; 0 for none.
func (s *Session) trials() int { return s.lease.Trials[s.key] }

// fit refuses an action in a cell whose windows cannot be compared.
func (s *Session) fit(a Action) error {
	if s.trials() > 0 && !slices.Contains(a.About().Claims, leak.ClaimReaction) {
		return fmt.Errorf("%s makes no claim about reactions: its spec may not have the label trials", a.Name())
	}
	return nil
}

// idle is the window beside that of an action: the home key is pressed and the screen is looked at, as every action does,
// and nothing else.
type idle struct{ of Action }

func (i idle) Name() string { return i.of.Name() + "-idle" }

func (i idle) About() About {
	of := i.of.About()
	return About{Scope: of.Scope, App: of.App, Claims: []leak.Claim{}, Private: of.Private, Before: of.Before, Own: of.Own,
		Postcondition: "the home screen, left alone"}
}

func (i idle) Run(ctx context.Context, d *Driver) error {
	if err := d.Screen.Home(ctx); err != nil {
		return err
	}
	return d.Await(ctx, "a screen", func(*ui.Tree) bool { return true })
}

// level puts the phone where every window that is compared begins: on its home screen. It returns from when on the phone
// has to be quiet.
func (s *Session) level(ctx context.Context, at *leak.Attempt) (since int64, err error) {
	if at.Trial == nil || s.home {
		return 0, nil
	}
	if err := s.lease.driver.Screen.Home(ctx); err != nil {
		return 0, err
	}
	return s.lease.rec.Now(), nil
}

// asLong keeps a window in which a browser is left alone open until it is as long as the longest of that browser so far,
// so that what is sent in both can be looked at side by side.
func (s *Session) asLong(ctx context.Context, a Action, at *leak.Attempt) error {
	l := s.lease
	longest := l.longest[s.key.Browser]
	for key, cell := range l.past.Cells {
		if key.Browser == s.key.Browser && compared(key.Scenario) {
			longest = max(longest, cell.Longest)
		}
	}
	if !a.About().AsLong || longest <= l.rec.Now()-at.Window.Start {
		return nil
	}
	if err := pause(ctx, time.Duration(at.Window.Start+longest-l.rec.Now())*time.Microsecond); err != nil {
		return err
	}
	var err error
	at.Settle, err = settle(ctx, l.rec, at.Window.Acted, l.profile.Settle.Min, l.profile.Settle.Max)
	return err
}

// watched remembers how long the longest window of each browser took.
func (l *Lease) watched(at *leak.Attempt) {
	if at.Fault != nil || at.Trial != nil || !compared(at.Key.Scenario) {
		return
	}
	if l.longest == nil {
		l.longest = map[string]int64{}
	}
	l.longest[at.Key.Browser] = max(l.longest[at.Key.Browser], at.Window.End-at.Window.Start)
}

// compared says whether windows of a scenario are looked at beside those in which a browser is left alone.
func compared(scenario string) bool {
	return scenario != leak.ControlScenario && scenario != leak.DrainScenario && scenario != leak.IdleScenario
}

// fill keeps a window that is compared open until it is as long as the others. took is how long its action and its settle
// tail took; all windows are a quarter longer than the longest of these so far, but one that took very long does not make all
// others so.
func (s *Session) fill(ctx context.Context, at *leak.Attempt, took int64) error {
	l := s.lease
	s.home = at.Trial != nil && at.Trial.Kind == leak.TrialIdle
	if s.trials() == 0 {
		return nil
	}
	if s.first == 0 {
		s.first = max(s.length, took)
	}
	s.length = max(s.length, min(took+took/4, 2*s.first))
	if at.Trial == nil {
		return nil
	}
	if err := pause(ctx, time.Duration(at.Window.Start+s.length-l.rec.Now())*time.Microsecond); err != nil {
		return err
	}
	var err error
	at.Settle, err = settle(ctx, l.rec, at.Window.Acted, l.profile.Settle.Min, l.profile.Settle.Max)
	return err
}
