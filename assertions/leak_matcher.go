package assertions

import (
	"fmt"
	"strings"

	"github.com/telltale-farm/telltale/assertions/leak"
)

// Leak succeeds if what the phone sent carried one of the canaries to anyone but its recipient; without arguments, if it
// carried any canary of the cell. It is an error, so neither To nor NotTo passes, when nothing was found and something kept
// the judge from looking.
func Leak(canaries ...leak.Canary) *LeakMatcher { return &LeakMatcher{canaries: canaries} }

// LeakMatcher is what Leak returns.
type LeakMatcher struct {
	canaries []leak.Canary
	found    []leak.Finding
}

// Match implements Gomega's matcher.
func (m *LeakMatcher) Match(actual any) (bool, error) {
	o, err := observed("Leak", actual)
	if err != nil {
		return false, err
	}
	for _, c := range m.canaries {
		if c == nil || len(c.IDs()) == 0 {
			return false, fmt.Errorf("Leak matcher expects a canary that an action used. Got %s, of which no attempt made a value", m.name(c))
		}
	}
	v, err := claimed("Leak", o, leak.ClaimContent)
	if err != nil {
		return false, err
	}
	m.found = o.Findings(m.canaries...)
	if len(m.found) == 0 && len(v.Reasons) > 0 {
		return false, inconclusive(o, v.Reasons)
	}
	return len(m.found) > 0, nil
}

// FailureMessage is for To: nothing leaked.
func (m *LeakMatcher) FailureMessage(actual any) string {
	return m.sentence(actual, "to leak %s, but nothing that was sent carries it")
}

// NegatedFailureMessage is for NotTo: something leaked.
func (m *LeakMatcher) NegatedFailureMessage(actual any) string {
	return m.sentence(actual, "not to leak %s, but") + "\n" + told(m.found)
}

func (m *LeakMatcher) sentence(actual any, form string) string {
	o, err := observed("Leak", actual)
	if err != nil {
		return err.Error()
	}
	return subject(o) + fmt.Sprintf(form, m.names())
}

func (m *LeakMatcher) names() string {
	if len(m.canaries) == 0 {
		return "any canary"
	}
	var names []string
	for _, c := range m.canaries {
		names = append(names, m.name(c))
	}
	return strings.Join(names, " or ")
}

func (m *LeakMatcher) name(c leak.Canary) string {
	if c == nil {
		return "nil"
	}
	return fmt.Sprintf("%q", c.Label())
}
