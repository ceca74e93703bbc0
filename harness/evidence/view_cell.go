package evidence

import (
	"fmt"
	"slices"
	"strings"

	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/capture/flow/safe"
)

type cellView struct {
	Anchor, Phone, Browser, Scenario, Variant, Outcome, Title string
	About                                                     string // model, firmware, version of the app
	Virtual                                                   bool
	Outside                                                   bool   // outside the plan
	Words                                                     []word // one a claim of the run
	Claims                                                    []claimView
	Controls                                                  []factView // what was proven before and around the action
	Coverage                                                  []factView
	Attempts                                                  []attemptView
	Open                                                      bool
}

// Many says that the attempts are too many to be shown at once.
func (c cellView) Many() bool { return len(c.Attempts) > 6 }

type claimView struct {
	Name     string
	Outcome  word
	Said     string   // the claim as a sentence
	Sought   []string // what was searched for
	Groups   []groupView
	More     int
	Reasons  []reasonView
	Accepted []acceptedView
	Paste    []string
	Trials   *trialsView
}

type acceptedView struct{ Where, App, Why string }

func (b *Bundle) viewCell(i int, c leak.CellVerdict, claims []leak.Claim, t *told) cellView {
	v := cellView{
		Anchor: fmt.Sprintf("cell-%d", i+1), Phone: safe.Text(c.Phone), Browser: safe.Text(dash(c.Browser)),
		Scenario: safe.Text(c.Scenario), Variant: safe.Text(c.Variant), Outcome: string(c.Outcome), Title: cellTitle(c),
		Virtual: c.Kind == leak.KindVirtual, Open: c.Outcome != leak.Clean,
		Outside: c.Scenario == leak.ControlScenario || c.Scenario == leak.DrainScenario,
	}
	var own []leak.Attempt
	for _, a := range t.attempts {
		if a.Key == c.Key {
			own = append(own, a)
			v.Attempts = append(v.Attempts, viewAttempt(a, t))
		}
	}
	app := ""
	if len(own) > 0 {
		app = own[0].App
	}
	v.About = t.about(app)
	if slices.Contains(t.baseline, c.Browser) {
		v.About += " · baseline, to compare the others with"
	}
	for _, claim := range claims {
		x, ok := c.Claims[claim]
		if !ok {
			v.Words = append(v.Words, word{"none", "-"})
			continue
		}
		v.Words = append(v.Words, viewWord(x))
	}
	for _, claim := range claimsIn(c) {
		v.Claims = append(v.Claims, b.viewClaim(claim, c, own, t))
	}
	v.Controls = viewControls(own, t)
	k := c.Coverage
	v.Coverage = []factView{
		{Name: "attempts", Value: plural(int64(k.Attempts), "attempt") + fmt.Sprintf(", %d faulted", k.Faulted)},
		{Name: "flows", Value: flowsRead(k)},
		{Name: "opaque", Value: fmt.Sprint(k.Opaque)}, {Name: "accepted unread", Value: fmt.Sprint(k.Accepted)},
		{Name: "sent through the proxy", Value: plural(k.Bytes, "byte")}, {Name: "sent around it", Value: plural(k.Bypass, "byte")},
		{Name: "flows with a known app", Value: fmt.Sprintf("%d of %d", k.AppsKnown, k.Flows)},
	}
	if k.Tokens > 0 {
		v.Coverage = append(v.Coverage, factView{Name: "tokens that could hold a short ciphertext", Value: fmt.Sprint(k.Tokens)})
	}
	return v
}

func (b *Bundle) viewClaim(claim leak.Claim, c leak.CellVerdict, own []leak.Attempt, t *told) claimView {
	x := c.Claims[claim]
	v := claimView{Name: string(claim), Outcome: viewWord(x), Sought: sought(claim, own, t), Trials: viewTrials(x.Trials)}
	v.Groups, v.More = b.viewFindings(c.Phone, claim, x.Findings, t)
	v.Said = sentence(claim, c, x, own, t)
	for _, r := range x.Reasons {
		v.Reasons = append(v.Reasons, viewReason(r))
		if line := safe.Line(r.Accept, tableText); line != "" && !slices.Contains(v.Paste, line) {
			v.Paste = append(v.Paste, line)
		}
	}
	for _, a := range x.Accepted {
		v.Accepted = append(v.Accepted, acceptedView{acceptedPlace(a), appWord(a.App), safe.Line(a.Why, 300)})
	}
	return v
}

// maxSought bounds how many canaries or markers a claim lists.
const maxSought = 20

// sought says what was searched for, so that a reader of "not found" knows what was not found.
func sought(claim leak.Claim, own []leak.Attempt, t *told) (out []string) {
	add := func(line string) {
		if !slices.Contains(out, line) {
			out = append(out, line)
		}
	}
	if claim == leak.ClaimIdentity {
		for _, id := range t.identifiers() {
			add(id)
		}
		add("values that came back after a restart or a reset")
	}
	for _, a := range own {
		if claim == leak.ClaimIdentity {
			break
		}
		if claim == leak.ClaimReaction {
			for _, m := range a.Markers {
				line := safe.Line(m.Kind, 20) + " " + safe.Line(m.Text, 100)
				if m.Own != "" {
					line += " (not in what " + safe.Line(m.Own, 100) + " itself sent)"
				}
				add(line)
			}
			continue
		}
		for _, id := range a.Canaries {
			add(t.canary(id) + fmt.Sprintf(" (attempt %d)", a.ID))
		}
	}
	if len(out) > maxSought {
		out = append(out[:maxSought], fmt.Sprintf("and %d more", len(out)-maxSought))
	}
	return out
}

// canary tells all of a canary that may be shown: an identifier's value is never here.
func (t *told) canary(id string) string {
	for i := range t.sought {
		s := &t.sought[i]
		if s.ID != id {
			continue
		}
		line := t.label(id) + " " + safe.Line(id, 40)
		if s.Value != "" {
			line += fmt.Sprintf(" %q", safe.Line(s.Value, 200))
		}
		if s.Recipient != "" {
			line += ", meant for " + safe.Line(s.Recipient, 100)
		}
		return line
	}
	return safe.Line(id, 100)
}

// sentence is what Telltale says: on this phone this action did, did not or may have sent something to somebody.
func sentence(claim leak.Claim, c leak.CellVerdict, x leak.ClaimVerdict, own []leak.Attempt, t *told) string {
	on := "On " + safe.Text(c.Phone)
	if c.Kind == leak.KindVirtual {
		on = "On the virtual phone " + safe.Text(c.Phone)
	}
	on += ", \u201c" + cellTitle(c) + "\u201d"
	var hosts, what []string
	for _, f := range x.Findings {
		hosts = append(hosts, safe.Text(f.Host))
	}
	for _, a := range own {
		for _, id := range a.Canaries {
			what = append(what, t.label(id))
		}
	}
	hosts, what = sorted(hosts), sorted(what)
	thing := "the " + strings.Join(what, ", the ")
	if len(what) == 0 {
		thing = "its canary"
	}
	switch claim {
	case leak.ClaimReaction:
		return on + reactionWords(x, hosts)
	case leak.ClaimIdentity:
		thing = "an identifier of the phone"
	}
	switch {
	case x.Outcome == leak.Leaked:
		return fmt.Sprintf("%s sent %s to %s.", on, thing, strings.Join(hosts, ", "))
	case x.Outcome == leak.Inconclusive:
		return fmt.Sprintf("%s may have sent %s: not everything could be seen.", on, thing)
	case len(x.Accepted) > 0:
		return fmt.Sprintf("%s did not send %s to anyone else, except in what is accepted unread.", on, thing)
	}
	if claim == leak.ClaimIdentity {
		return on + " sent no identifier of the phone that could be told."
	}
	return fmt.Sprintf("%s did not send %s to anyone but its recipient, in all that was recorded of this run.", on, thing)
}

func reactionWords(x leak.ClaimVerdict, hosts []string) string {
	switch {
	case x.Outcome == leak.Leaked:
		return fmt.Sprintf(" was reported to %s.", strings.Join(hosts, ", "))
	case x.Outcome == leak.Inconclusive:
		return " may have been reported: not everything could be seen."
	case len(x.Accepted) > 0:
		return " was not reported by anything sent while it was watched, except in what is accepted unread."
	}
	return " was not reported by anything sent while it was watched."
}

func sorted(in []string) []string { return slices.Compact(slices.Sorted(slices.Values(in))) }
