package assertions

import (
	"fmt"
	"slices"
	"strings"

	"github.com/telltale-farm/telltale/assertions/leak"
)

// Identify succeeds if the action's app sent an identifier of the phone in the windows of the cell: one read from the
// phone beforehand, or one that was learned because it came back after what should have changed it. With names it counts
// those alone: "android_id", "learned:uuid". It is an error when nothing was found and something kept the judge from looking.
func Identify(names ...string) *IdentifyMatcher { return &IdentifyMatcher{names: names} }

// IdentifyMatcher is what Identify returns.
type IdentifyMatcher struct {
	names []string
	found []leak.Finding
}

// Match implements Gomega's matcher.
func (m *IdentifyMatcher) Match(actual any) (bool, error) {
	o, err := observed("Identify", actual)
	if err != nil {
		return false, err
	}
	if slices.Contains(m.names, "") {
		return false, fmt.Errorf("Identify matcher expects names of identifiers, as secrets.jsonl has them. Got an empty one")
	}
	v, err := claimed("Identify", o, leak.ClaimIdentity)
	if err != nil {
		return false, err
	}
	m.found = nil
	for _, f := range v.Findings {
		if len(m.names) == 0 || slices.Contains(m.names, f.Canary) {
			m.found = append(m.found, f)
		}
	}
	if len(m.found) == 0 && len(v.Reasons) > 0 {
		return false, inconclusive(o, v.Reasons)
	}
	return len(m.found) > 0, nil
}

// FailureMessage is for To: nothing identified the phone.
func (m *IdentifyMatcher) FailureMessage(actual any) string {
	return m.sentence(actual, "to identify the phone by %s, but nothing that was sent does")
}

// NegatedFailureMessage is for NotTo: something identified the phone.
func (m *IdentifyMatcher) NegatedFailureMessage(actual any) string {
	return m.sentence(actual, "not to identify the phone by %s, but") + "\n" + told(m.found)
}

func (m *IdentifyMatcher) sentence(actual any, form string) string {
	o, err := observed("Identify", actual)
	if err != nil {
		return err.Error()
	}
	names := "any identifier"
	if len(m.names) > 0 {
		names = strings.Join(m.names, " or ")
	}
	return subject(o) + fmt.Sprintf(form, names)
}
