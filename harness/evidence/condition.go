package evidence

import (
	"fmt"
	"slices"

	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/capture/flow/safe"
)

// Condition is a switch of a phone, or who is signed in on it, before and after a run.
type Condition struct {
	Phone     string `json:"phone"`
	ID        string `json:"id"`
	Name      string `json:"name"`
	Key       string `json:"key"`       // where it was read
	Before    string `json:"before"`    // in a word: on, off, not set, unknown, or the value
	After     string `json:"after"`     // the same; empty if the run did not reach the end of this phone
	Changed   bool   `json:"changed"`   // at any time at which it was read
	Certainty string `json:"certainty"` // that the key is what its name says
	Source    string `json:"source"`
}

// Text says it in a line.
func (c Condition) Text() string {
	word := c.Before + " before and after"
	switch {
	case c.After == "":
		word = c.Before + " before, not recorded after"
	case c.Changed:
		word = c.Before + " before, " + c.After + " after: it changed"
	}
	return fmt.Sprintf("%s (%s; %s)", word, c.Key, c.Certainty)
}

// conditions are those of the phone's first line that has any, with what became of them.
func (t *told) conditions() (out []Condition) {
	at := slices.IndexFunc(t.lines, func(l leak.Phone) bool { return len(l.Conditions) > 0 })
	if at < 0 {
		return nil
	}
	for _, first := range t.lines[at].Conditions {
		c := Condition{
			Phone: safe.Text(t.lines[at].ID), ID: safe.Line(first.ID, 60), Name: safe.Line(first.Name, 80), Key: safe.Line(first.Key, 80),
			Before: first.Word(), Certainty: safe.Line(first.Certainty, 20), Source: safe.Line(first.Source, 300),
		}
		for _, l := range t.lines[at+1:] {
			word := "unknown"
			if i := slices.IndexFunc(l.Conditions, func(x leak.Condition) bool { return x.ID == first.ID }); i >= 0 {
				word = l.Conditions[i].Word()
			}
			c.Changed = c.Changed || word != c.Before
			if l.At == leak.AtEnd {
				c.After = word
			}
		}
		out = append(out, c)
	}
	return out
}

// Consent is what an app asked its user to agree to in a run, as far as its pages are known.
type Consent struct {
	Phone string       `json:"phone"`
	App   string       `json:"app"`
	Seen  []ConsentAct `json:"seen"` // the first time that the app was brought to the front, each time that it asked, and the last
}

// ConsentAct is one look at an app's first page.
type ConsentAct struct {
	Attempt  int64 `json:"attempt"`
	Asked    bool  `json:"asked"`
	Answered int   `json:"answered"` // pages that were answered with yes
}

// maxConsents bounds how many looks at one app are told.
const maxConsents = 20

// consents are those of the phone, by app in the order in which they were first seen.
func (t *told) consents() (out []Consent) {
	last := map[string]ConsentAct{}
	for _, a := range t.attempts {
		for _, c := range a.Consent {
			i := slices.IndexFunc(out, func(x Consent) bool { return x.App == safe.Line(c.App, 100) })
			act := ConsentAct{a.ID, c.Asked, c.Answered}
			if i < 0 {
				i = len(out)
				out = append(out, Consent{Phone: safe.Text(a.Key.Phone), App: safe.Line(c.App, 100), Seen: []ConsentAct{act}})
			} else if c.Asked && len(out[i].Seen) < maxConsents {
				out[i].Seen = append(out[i].Seen, act)
			}
			last[out[i].App] = act
		}
	}
	for i := range out {
		if n := len(out[i].Seen); out[i].Seen[n-1] != last[out[i].App] {
			out[i].Seen = append(out[i].Seen, last[out[i].App])
		}
	}
	return out
}

// Text says it in a line: what was asked before anything else, and how it was at the end.
func (c Consent) Text() string {
	text := ""
	for i, s := range c.Seen {
		if i > 0 {
			text += "; "
		}
		text += fmt.Sprintf("attempt %d: ", s.Attempt)
		switch {
		case !s.Asked:
			text += "no page that asks"
		case s.Answered == 0:
			text += "asked, and not answered"
		default:
			text += fmt.Sprintf("asked, and answered with yes (%s)", plural(int64(s.Answered), "page"))
		}
	}
	return text
}

// consentFact says of a cell whether its apps asked.
func consentFact(own []leak.Attempt) (f factView, ok bool) {
	asked, answered, looked := 0, 0, 0
	for _, a := range own {
		if len(a.Consent) == 0 {
			continue
		}
		looked++
		for _, c := range a.Consent {
			if c.Asked {
				asked++
				answered += c.Answered
				break
			}
		}
	}
	if looked == 0 {
		return f, false
	}
	f = factView{Name: "asked for consent", Value: fmt.Sprintf("in %d of %s", asked, plural(int64(looked), "attempt"))}
	if asked > 0 {
		f.Value += fmt.Sprintf("; %s answered with yes", plural(int64(answered), "page"))
	}
	return f, true
}
