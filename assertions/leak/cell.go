package leak

import (
	"fmt"
	"slices"
	"strings"
)

// cell judges one cell from all its attempts.
func (p *phone) cell(key Key) CellVerdict {
	var attempts []*Attempt
	var claims []Claim
	for i := range p.attempts {
		if a := &p.attempts[i]; a.Key == key && !a.idle() {
			attempts = append(attempts, a)
			claims = append(claims, a.Claims...)
		}
	}
	slices.Sort(claims)
	claims = slices.Compact(claims)
	content := p.content(key)
	if len(claims) == 0 {
		claims = []Claim{supposedClaim(key)}
	}
	if len(content) > 0 && !slices.Contains(claims, ClaimContent) {
		claims = append(claims, ClaimContent) // a canary that leaked counts, whatever the attempts set out to claim
	}
	v := CellVerdict{
		Key: key, Kind: p.kind, Outcome: Clean, Attempts: len(attempts),
		Claims: map[Claim]ClaimVerdict{}, Coverage: p.coverage(attempts),
	}
	for _, claim := range claims {
		c := p.claim(claim, attempts)
		switch claim {
		case ClaimContent:
			c.Findings = content
		case ClaimReaction:
			trials, findings, reasons := p.trials(key)
			c.Trials, c.Reasons = trials, append(c.Reasons, reasons...)
			c.Findings = append(p.reaction(key), findings...)
		}
		c = settled(c)
		v.Claims[claim] = c
		v.Outcome = worst(v.Outcome, c.Outcome)
	}
	return v
}

// supposedClaim is the claim of a cell without an attempt that could say: a browser is given canaries, the system is watched.
func supposedClaim(key Key) Claim {
	if key.Browser == "" {
		return ClaimReaction
	}
	return ClaimContent
}

// claim collects over the attempts of a cell what keeps one claim from being clean.
func (p *phone) claim(claim Claim, attempts []*Attempt) ClaimVerdict {
	var v ClaimVerdict
	if len(attempts) == 0 {
		v.Reasons = append(v.Reasons, Reason{Code: CodeNoAttempt, Detail: "the plan has this cell, the recording no attempt of it"})
	}
	repeats := 0
	for _, a := range attempts {
		if !slices.Contains(a.Claims, claim) && len(a.Claims) > 0 {
			v.Reasons = append(v.Reasons, Reason{Code: CodeHarness, Attempt: a.ID, Detail: fmt.Sprintf("the attempt does not make the claim %s, others of its cell do", claim)})
			continue
		}
		if excused(a, attempts) {
			reasons, accepted := p.voided(a, claim)
			v.Reasons, v.Accepted = append(v.Reasons, reasons...), append(v.Accepted, accepted...)
			continue
		}
		reasons, accepted := p.check(a, claim)
		v.Reasons = append(v.Reasons, reasons...)
		v.Accepted = append(v.Accepted, accepted...)
		repeats++
	}
	reasons, accepted := p.unrecorded(attempts, claim)
	v.Reasons, v.Accepted = append(v.Reasons, reasons...), append(v.Accepted, accepted...)
	if need := p.repeats(attempts); repeats < need {
		v.Reasons = append(v.Reasons, Reason{Code: CodeTooFewRepeats, Detail: fmt.Sprintf("%d of %d attempts", repeats, need)})
	}
	v.Reasons = append(v.Reasons, p.changed...)
	return v
}

// repeats is how many attempts a clean cell needs. Controls and drains are made once.
func (p *phone) repeats(attempts []*Attempt) int {
	if len(attempts) == 0 || attempts[0].Key.Scenario == ControlScenario || attempts[0].Key.Scenario == DrainScenario {
		return 0
	}
	return max(p.policy.Repeat, 1)
}

// excused says whether a fault ended an attempt and another attempt of its cell restarted it.
func excused(a *Attempt, attempts []*Attempt) bool {
	return a.Fault != nil && slices.ContainsFunc(attempts, func(b *Attempt) bool {
		return b.ID > a.ID && (a.RetriedBy == b.ID || b.RetryOf == a.ID)
	})
}

// settled merges what repeats, sorts, and draws the conclusion.
func settled(v ClaimVerdict) ClaimVerdict {
	v.Reasons = mergeReasons(v.Reasons)
	slices.SortFunc(v.Accepted, func(a, b Accepted) int {
		switch {
		case a.App != b.App:
			return strings.Compare(a.App, b.App)
		case a.Host != b.Host:
			return strings.Compare(a.Host, b.Host)
		case a.Port != b.Port:
			return a.Port - b.Port
		}
		return btoi(a.Unproved) - btoi(b.Unproved)
	})
	v.Accepted = slices.CompactFunc(v.Accepted, func(a, b Accepted) bool {
		return a.App == b.App && a.Host == b.Host && a.Port == b.Port && a.Unproved == b.Unproved
	})
	if v.Accepted == nil {
		v.Accepted = []Accepted{}
	}
	if v.Findings == nil {
		v.Findings = []Finding{}
	}
	switch {
	case len(v.Findings) > 0:
		v.Outcome = Leaked
	case len(v.Reasons) > 0:
		v.Outcome = Inconclusive
	default:
		v.Outcome = Clean
	}
	return v
}

// mergeReasons joins reasons that say the same of several attempts or flows: the first of them stands for all, with
// their bytes. A phone that retries a refused handshake a thousand times has one reason for it.
func mergeReasons(in []Reason) []Reason {
	out := []Reason{}
	at := map[Reason]int{}
	counted := map[[2]int64]bool{}
	for _, r := range in {
		same := r
		same.Attempt, same.Flow, same.Bytes = 0, 0, 0
		i, seen := at[same]
		if !seen {
			at[same] = len(out)
			out = append(out, r)
			counted[[2]int64{int64(len(out) - 1), r.Flow}] = true
			continue
		}
		// A flow that touches two windows is told twice, but its bytes were sent once.
		if r.Flow == 0 || !counted[[2]int64{int64(i), r.Flow}] {
			out[i].Bytes += r.Bytes
			counted[[2]int64{int64(i), r.Flow}] = true
		}
	}
	return out
}

var severity = map[Outcome]int{Clean: 0, Inconclusive: 1, Leaked: 2}

func worst(a, b Outcome) Outcome {
	if severity[b] > severity[a] {
		return b
	}
	return a
}
