package assertions

import (
	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/capture/flow/safe"
)

// React succeeds if the phone reported the action itself: what it sent while the action was watched holds a marker of it
// (a package, a page, an event), or windows with the action differ from windows without it in whom the phone sends to, or
// how much, by more than chance. It is an error when nothing was found and something kept the judge from looking.
func React() *ReactMatcher {
	return &ReactMatcher{claimMatcher: claimMatcher{name: "React", claim: leak.ClaimReaction}}
}

// ReactMatcher is what React returns.
type ReactMatcher struct {
	claimMatcher
	trials *leak.Trials
}

// Match implements Gomega's matcher.
func (m *ReactMatcher) Match(actual any) (bool, error) {
	return m.match(actual, func() error { return nil }, func(_ *leak.Observation, v leak.ClaimVerdict) []leak.Finding {
		m.trials = v.Trials
		return v.Findings
	})
}

// FailureMessage is for To: nothing reported the action.
func (m *ReactMatcher) FailureMessage(actual any) string {
	return m.expected(actual, "to react to the action, but nothing that was sent holds a marker of it") + m.compared()
}

// NegatedFailureMessage is for NotTo: something reported the action.
func (m *ReactMatcher) NegatedFailureMessage(actual any) string {
	return m.unexpected(actual, "not to react to the action, but") + m.compared()
}

// compared says what windows with and without the action showed, if there were any.
func (m *ReactMatcher) compared() string {
	out := ""
	for _, line := range m.trials.Lines() {
		out += "\n  " + safe.Line(line, maxLine)
	}
	return out
}
