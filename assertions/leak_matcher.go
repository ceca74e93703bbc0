package assertions

import (
	"fmt"
	"strings"

	"github.com/telltale-farm/telltale/assertions/leak"
)

// Leak succeeds if what the phone sent carried one of the canaries to anyone but its recipient; without arguments, if it
// carried any canary of the cell. It is an error, so neither To nor NotTo passes, when nothing was found and something kept
// the judge from looking.
func Leak(canaries ...leak.Canary) *LeakMatcher {
	return &LeakMatcher{claimMatcher{name: "Leak", claim: leak.ClaimContent}, canaries}
}

// LeakMatcher is what Leak returns.
type LeakMatcher struct {
	claimMatcher
	canaries []leak.Canary
}

// Match implements Gomega's matcher.
func (m *LeakMatcher) Match(actual any) (bool, error) {
	return m.match(actual, m.check, func(o *leak.Observation, _ leak.ClaimVerdict) []leak.Finding {
		return o.Findings(m.canaries...)
	})
}

func (m *LeakMatcher) check() error {
	for _, c := range m.canaries {
		if c == nil || len(c.IDs()) == 0 {
			return fmt.Errorf("Leak matcher expects a canary that an action used. Got %s, of which no attempt made a value", m.label(c))
		}
	}
	return nil
}

// FailureMessage is for To: nothing leaked.
func (m *LeakMatcher) FailureMessage(actual any) string {
	return m.expected(actual, "to leak "+m.labels()+", but nothing that was sent carries it")
}

// NegatedFailureMessage is for NotTo: something leaked.
func (m *LeakMatcher) NegatedFailureMessage(actual any) string {
	return m.unexpected(actual, "not to leak "+m.labels()+", but")
}

func (m *LeakMatcher) labels() string {
	if len(m.canaries) == 0 {
		return "any canary"
	}
	var labels []string
	for _, c := range m.canaries {
		labels = append(labels, m.label(c))
	}
	return strings.Join(labels, " or ")
}

func (m *LeakMatcher) label(c leak.Canary) string {
	if c == nil {
		return "nil"
	}
	return fmt.Sprintf("%q", c.Label())
}
