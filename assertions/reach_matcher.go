package assertions

import (
	"fmt"
	"slices"
	"strings"

	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/capture/flow/safe"
)

// Reach succeeds if, while the action was watched, a request to the host (or another of its registrable domain) was read and
// answered. It is the control of a spec: what cannot be seen to arrive cannot be said not to leak. It is an error when
// nothing was seen to arrive and something kept us from looking.
func Reach(host string) *ReachMatcher { return &ReachMatcher{host: host} }

// ReachMatcher is what Reach returns.
type ReachMatcher struct{ host string }

// Match implements Gomega's matcher.
func (m *ReachMatcher) Match(actual any) (bool, error) {
	o, err := observed("Reach", actual)
	if err != nil {
		return false, err
	}
	if m.host == "" || strings.ContainsAny(m.host, "/: ") {
		return false, fmt.Errorf("Reach matcher expects a host name. Got %q", m.host)
	}
	for _, c := range o.Contacts {
		if c.Answered > 0 && leak.RecipientMatch(c.Host, []string{m.host}) {
			return true, nil
		}
	}
	// Not seen is not the same as not sent: whatever may have hidden it makes this no answer.
	var reasons []leak.Reason
	for _, claim := range []leak.Claim{leak.ClaimContent, leak.ClaimReaction} {
		if v, ok := o.Claim(claim); ok {
			reasons = append(reasons, slices.DeleteFunc(slices.Clone(v.Reasons), func(r leak.Reason) bool { return !hides(r.Code) })...)
		}
	}
	if len(reasons) > 0 {
		return false, inconclusive(o, reasons)
	}
	return false, nil
}

// hides says whether a reason may be why a request was not seen.
func hides(c leak.Code) bool {
	switch c {
	case leak.CodeSettleTooShort, leak.CodeTooFewRepeats, leak.CodeDeviceChanged:
		return false
	}
	return true
}

// FailureMessage is for To: the host was not reached.
func (m *ReachMatcher) FailureMessage(actual any) string {
	o, err := observed("Reach", actual)
	if err != nil {
		return err.Error()
	}
	return subject(o) + fmt.Sprintf("to reach %s, but it was not contacted\n%s", safe.Line(m.host, maxLine), contacted(o))
}

// NegatedFailureMessage is for NotTo: the host was reached.
func (m *ReachMatcher) NegatedFailureMessage(actual any) string {
	o, err := observed("Reach", actual)
	if err != nil {
		return err.Error()
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%snot to reach %s, but", subject(o), safe.Line(m.host, maxLine))
	for _, c := range o.Contacts {
		if c.Answered > 0 && leak.RecipientMatch(c.Host, []string{m.host}) {
			fmt.Fprintf(&b, "\n  flow #%d to %s:%d was answered (%s in all)", c.First, c.Host, c.Port, count(c.Answered, "request"))
			break
		}
	}
	return b.String()
}

// contacted lists the hosts that were contacted instead.
func contacted(o *leak.Observation) string {
	if len(o.Contacts) == 0 {
		return "  nothing was"
	}
	var b strings.Builder
	for i, c := range o.Contacts {
		if i == maxFindings {
			fmt.Fprintf(&b, "  ... and %s more", count(len(o.Contacts)-i, "place"))
			break
		}
		fmt.Fprintf(&b, "  %s:%d was: %s, %d of them answered, %d unread\n", safe.Line(c.Host, maxLine), c.Port, count(c.Flows, "flow"), c.Answered, c.Unread)
	}
	return strings.TrimSuffix(b.String(), "\n")
}
