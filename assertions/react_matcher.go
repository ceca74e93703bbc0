package assertions

import "github.com/telltale-farm/telltale/assertions/leak"

// React succeeds if the phone reported the action itself: what it sent while the action was watched holds a marker of it
// (a package, a page, an event). It is an error when nothing was found and something kept the judge from looking.
func React() *ReactMatcher { return &ReactMatcher{} }

// ReactMatcher is what React returns.
type ReactMatcher struct{ found []leak.Finding }

// Match implements Gomega's matcher.
func (m *ReactMatcher) Match(actual any) (bool, error) {
	o, err := observed("React", actual)
	if err != nil {
		return false, err
	}
	v, err := claimed("React", o, leak.ClaimReaction)
	if err != nil {
		return false, err
	}
	m.found = v.Findings
	if len(m.found) == 0 && len(v.Reasons) > 0 {
		return false, inconclusive(o, v.Reasons)
	}
	return len(m.found) > 0, nil
}

// FailureMessage is for To: nothing reported the action.
func (m *ReactMatcher) FailureMessage(actual any) string {
	return m.sentence(actual, "to react to the action, but nothing that was sent holds a marker of it")
}

// NegatedFailureMessage is for NotTo: something reported the action.
func (m *ReactMatcher) NegatedFailureMessage(actual any) string {
	return m.sentence(actual, "not to react to the action, but") + "\n" + told(m.found)
}

func (m *ReactMatcher) sentence(actual any, what string) string {
	o, err := observed("React", actual)
	if err != nil {
		return err.Error()
	}
	return subject(o) + what
}
