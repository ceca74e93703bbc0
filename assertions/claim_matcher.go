package assertions

import "github.com/telltale-farm/telltale/assertions/leak"

// claimMatcher is what the matchers share that speak of one claim: they ask for it, refuse to answer where the judge could
// not look, and say what was found.
type claimMatcher struct {
	name  string // as specs write it
	claim leak.Claim
	found []leak.Finding
}

// match succeeds if anything was picked. check refuses what the matcher was made with, before the claim is looked at.
func (m *claimMatcher) match(actual any, check func() error, pick func(*leak.Observation, leak.ClaimVerdict) []leak.Finding) (bool, error) {
	o, err := observed(m.name, actual)
	if err != nil {
		return false, err
	}
	if err := check(); err != nil {
		return false, err
	}
	v, err := claimed(m.name, o, m.claim)
	if err != nil {
		return false, err
	}
	m.found = pick(o, v)
	if len(m.found) == 0 && len(v.Reasons) > 0 {
		return false, inconclusive(o, v.Reasons)
	}
	return len(m.found) > 0, nil
}

// expected is the sentence for To: what was expected, and was not so.
func (m *claimMatcher) expected(actual any, what string) string {
	o, err := observed(m.name, actual)
	if err != nil {
		return err.Error()
	}
	return subject(o) + what
}

// unexpected is the sentence for NotTo, with what was found all the same.
func (m *claimMatcher) unexpected(actual any, what string) string {
	return m.expected(actual, what) + "\n" + told(m.found)
}
