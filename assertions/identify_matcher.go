package assertions

import (
	"errors"
	"slices"
	"strings"

	"github.com/telltale-farm/telltale/assertions/leak"
)

// Identify succeeds if the action's app sent an identifier of the phone in the windows of the cell: one read from the
// phone beforehand, or one that was learned because it came back after what should have changed it. With names it counts
// those alone: "android_id", "learned:uuid". It is an error when nothing was found and something kept the judge from looking.
func Identify(names ...string) *IdentifyMatcher {
	return &IdentifyMatcher{claimMatcher{name: "Identify", claim: leak.ClaimIdentity}, names}
}

// IdentifyMatcher is what Identify returns.
type IdentifyMatcher struct {
	claimMatcher
	names []string
}

// Match implements Gomega's matcher.
func (m *IdentifyMatcher) Match(actual any) (bool, error) {
	return m.match(actual, m.check, func(_ *leak.Observation, v leak.ClaimVerdict) (found []leak.Finding) {
		for _, f := range v.Findings {
			if len(m.names) == 0 || slices.Contains(m.names, f.Canary) {
				found = append(found, f)
			}
		}
		return found
	})
}

func (m *IdentifyMatcher) check() error {
	if slices.Contains(m.names, "") {
		return errors.New("Identify matcher expects names of identifiers, as secrets.jsonl has them. Got an empty one")
	}
	return nil
}

// FailureMessage is for To: nothing identified the phone.
func (m *IdentifyMatcher) FailureMessage(actual any) string {
	return m.expected(actual, "to identify the phone by "+m.listed()+", but nothing that was sent does")
}

// NegatedFailureMessage is for NotTo: something identified the phone.
func (m *IdentifyMatcher) NegatedFailureMessage(actual any) string {
	return m.unexpected(actual, "not to identify the phone by "+m.listed()+", but")
}

func (m *IdentifyMatcher) listed() string {
	if len(m.names) == 0 {
		return "any identifier"
	}
	return strings.Join(m.names, " or ")
}
