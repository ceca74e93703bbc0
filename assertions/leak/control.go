package leak

import (
	"fmt"
	"slices"

	"github.com/telltale-farm/telltale/capture/flow"
	"github.com/telltale-farm/telltale/capture/flow/safe"
)

// check runs every control of an attempt for one claim (docs/verdicts.md), in a fixed order. An attempt that a fault
// ended has that one reason: what else it lacks follows from it.
func (p *phone) check(a *Attempt, claim Claim) (reasons []Reason, accepted []Accepted) {
	if a.Fault != nil {
		return []Reason{p.fault(a)}, nil
	}
	reasons = append(reasons, p.named(a, claim)...)
	reasons = append(reasons, p.controlMissing(a)...)
	reasons = append(reasons, p.notPerformed(a)...)
	opaque, ok := p.opaque(a, claim)
	reasons, accepted = append(reasons, opaque...), append(accepted, ok...)
	around, ok := p.bypass(a)
	reasons, accepted = append(reasons, around...), append(accepted, ok...)
	clear, ok := p.cleartext(a, claim)
	reasons, accepted = append(reasons, clear...), append(accepted, ok...)
	named, ok := p.unprovedNames(a, claim)
	reasons, accepted = append(reasons, named...), append(accepted, ok...)
	reasons = append(reasons, p.truncated(a)...)
	reasons = append(reasons, p.captureGap(a)...)
	reasons = append(reasons, p.settle(a)...)
	late, ok := p.late(a, claim)
	reasons, accepted = append(reasons, late...), append(accepted, ok...)
	return append(reasons, p.acceptedInVain(a, claim, accepted)...), accepted
}

// acceptedInVain says that what policy accepts unread keeps a reaction claim from being clean where no windows are compared.
func (p *phone) acceptedInVain(a *Attempt, claim Claim, accepted []Accepted) []Reason {
	if claim != ClaimReaction || len(accepted) == 0 || p.plannedTrials[a.Key] > 0 {
		return nil
	}
	return []Reason{{Code: CodeTooFewRepeats, Detail: reactionUnread, Attempt: a.ID}}
}

// faultCodes are the reason codes that a fault may give.
var faultCodes = []Code{
	CodeControlMissing, CodeNotPerformed, CodeCaptureGap, CodeDeviceLost, CodeNotQuiet, CodeDeviceChanged, CodeNotAllowed, CodeHarness,
}

func (p *phone) fault(a *Attempt) Reason {
	code, detail := a.Fault.Code, a.Fault.Detail
	if !slices.Contains(faultCodes, code) {
		code, detail = CodeHarness, fmt.Sprintf("fault %q: %s", a.Fault.Code, detail)
	}
	return Reason{Code: code, Detail: p.mask.text(detail), Attempt: a.ID, Class: safe.Text(a.Fault.Class)}
}

// named checks that what an attempt names is there to be looked for. Nothing to look for is nothing found.
func (p *phone) named(a *Attempt, claim Claim) (out []Reason) {
	fail := func(format string, args ...any) {
		out = append(out, Reason{Code: CodeHarness, Detail: safe.Text(fmt.Sprintf(format, args...)), Attempt: a.ID})
	}
	switch {
	case claim == ClaimContent && len(a.Canaries) == 0:
		fail("the attempt has no canary to look for")
	case claim == ClaimReaction && len(a.Markers) == 0:
		fail("the attempt has no marker to look for")
	case claim == ClaimIdentity && a.App == "":
		fail("the attempt names no app whose identifiers to look for")
	case claim != ClaimContent && claim != ClaimReaction && claim != ClaimIdentity:
		fail("claim %q cannot be made of an attempt", claim)
	}
	out = append(out, p.unsought(a, claim)...)
	if a.Scope != ScopeApp && a.Scope != ScopePhone {
		fail("scope %q is unknown", a.Scope)
	}
	if a.Scope == ScopeApp && a.App == "" {
		fail("an attempt of scope app names no app")
	}
	if a.Window.End <= a.Window.Start {
		fail("the window was not closed")
	}
	if a.Key.Browser != "" {
		i := slices.IndexFunc(p.policy.Browsers, func(b Browser) bool { return b.ID == a.Key.Browser })
		if i < 0 {
			fail("browser %s is not in %s", a.Key.Browser, policyName)
		} else if b := p.policy.Browsers[i]; a.App != b.App {
			fail("the attempt drove %q, and %s is %q", a.App, b.ID, b.App)
		}
	}
	if b := p.overlaps[a.ID]; b != 0 {
		fail("its window lies over that of attempt %d: a phone does one thing at a time", b)
	}
	return out
}

// unsought gives which of an attempt's canaries and markers could not be looked for. Not looked for is not found.
func (p *phone) unsought(a *Attempt, claim Claim) (out []Reason) {
	fail := func(format string, args ...any) {
		out = append(out, Reason{Code: CodeHarness, Detail: safe.Text(fmt.Sprintf(format, args...)), Attempt: a.ID})
	}
	switch claim {
	case ClaimContent:
		for _, id := range a.Canaries {
			if p.secret(id) == nil {
				fail("canary %s is not in %s", id, secretsName)
			} else if why := p.deaf[id]; why != "" {
				fail("canary %s cannot be looked for: %s", id, why)
			}
		}
	case ClaimReaction:
		for _, m := range a.Markers {
			if why := p.deaf[m.Text]; why != "" {
				fail("marker %q cannot be looked for: %s", m.Text, why)
			}
		}
	}
	return out
}

// controlMissing checks that our own canary was captured and decrypted: for a browser, one minted for it that its own
// app sent; else any.
func (p *phone) controlMissing(a *Attempt) []Reason {
	if a.Key.Browser == "" {
		if len(p.controls) > 0 {
			return nil
		}
		return []Reason{{Code: CodeControlMissing, Attempt: a.ID,
			Detail: "no canary for the control host arrived decrypted from any app of this phone: nothing shows that its traffic can be read"}}
	}
	for _, i := range p.controls[a.Key.Browser] {
		if owners := p.seen[i].owners(); slices.Contains(owners, a.App) || slices.Contains(owners, "") {
			return nil
		}
	}
	return []Reason{{Code: CodeControlMissing, Attempt: a.ID, App: safe.Text(a.App), Host: safe.Text(p.run.ControlHost),
		Detail: "the browser's own canary for the control host did not arrive decrypted: nothing shows that its traffic can be read"}}
}

// notPerformed checks that the action happened, and nothing else: the postcondition was seen, nothing unexpected lay over
// it, and the recipient got the canary if it must.
func (p *phone) notPerformed(a *Attempt) (out []Reason) {
	if !a.Postcondition.Seen {
		detail := "not seen on the screen: " + a.Postcondition.What
		if a.Postcondition.Got != "" {
			detail += "; there was: " + a.Postcondition.Got
		}
		out = append(out, Reason{Code: CodeNotPerformed, Detail: p.mask.text(detail), Attempt: a.ID})
	}
	for _, d := range a.Disturbed {
		if !d.Closed {
			out = append(out, Reason{Code: CodeNotPerformed, Attempt: a.ID, Detail: p.mask.text(fmt.Sprintf("the window was disturbed: %q came to the front of the screen", d.App))})
		}
	}
	if !a.Postcondition.Need {
		return out
	}
	for _, id := range a.Canaries {
		s := p.secret(id)
		if s == nil || p.received(a, s) {
			continue
		}
		out = append(out, Reason{Code: CodeNotPerformed, Attempt: a.ID, Host: safe.Text(s.Recipient),
			Detail: safe.Text(fmt.Sprintf("no request with canary %s (%s) to its recipient was answered in the window", s.ID, s.Label))})
	}
	return out
}

// received says whether a canary's recipient answered a request that carried it, in an attempt's window.
func (p *phone) received(a *Attempt, s *Secret) bool {
	declared := p.declared(s)
	for i := range p.seen {
		f := p.seen[i].flow
		if f.Kind != flow.KindExchange || f.Response == nil || f.Fault == flow.FaultUpstream || !a.Window.Sends(f) {
			continue
		}
		if !p.surely(f, declared) {
			continue
		}
		for _, h := range p.seen[i].hits {
			if h.secret == s && !h.hostAlone() {
				return true
			}
		}
	}
	return false
}
