package evidence

import (
	"strings"
	"testing"

	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/assertions/leak/leaktest"
)

// The report says how a phone's switches stood before and after, which of them changed, and what its browser asked.
func TestReportSaysConditions(t *testing.T) {
	said := func(change func(p *leaktest.Phone)) string {
		b := leaktest.Clean()
		p := b.Phone(leaktest.PhoneID)
		for i := range p.Lines {
			p.Lines[i].Conditions = []leak.Condition{
				{ID: leak.ConditionAccounts, Name: "accounts signed in", Key: "dumpsys account", Value: "none", Means: "none", Certainty: "sourced"},
				{ID: "x", Name: "Experience", Key: "secure x", Value: "1", Means: "on", Certainty: "reported"},
				{ID: "y", Name: "Adverts \u202e", Key: "global y", Value: "3", Certainty: "unverified"},
				{ID: "z", Name: "Nothing", Key: "global z", Unknown: "denied", Certainty: "unverified"},
			}
		}
		p.Attempts[0].Consent = []leak.Consent{{App: leaktest.Browser, Asked: true, Answered: 1}}
		p.Attempt("search").Consent = []leak.Consent{{App: leaktest.Browser}}
		if change != nil {
			change(p)
		}
		return page(t, closed(t, b))
	}
	same := said(nil)
	for _, want := range []string{
		"none before and after (dumpsys account; sourced)", "on before and after (secure x; reported)", "&#34;3&#34; before and after (global y; unverified)", "unknown before and after",
		"attempt 1: asked, and answered with yes (1 page); attempt 2: no page that asks", "in 0 of 1 attempt",
	} {
		if !strings.Contains(same, want) {
			t.Errorf("the report does not say %q", want)
		}
	}
	if strings.Contains(same, "changed during the run") || strings.Contains(same, "\u202e") {
		t.Error("nothing changed, and no text of a phone may turn what stands behind it")
	}
	changed := said(func(p *leaktest.Phone) {
		p.Lines[1].Conditions = append([]leak.Condition{}, p.Lines[1].Conditions...)
		p.Lines[1].Conditions[1].Value, p.Lines[1].Conditions[1].Means = "0", "off"
	})
	for _, want := range []string{"on before, off after: it changed (secure x; reported)", "changed during the run", "Experience (secure x) was on at the start and off at the end"} {
		if !strings.Contains(changed, want) {
			t.Errorf("the report does not say %q", want)
		}
	}
	cut := said(func(p *leaktest.Phone) { p.Lines = p.Lines[:1] })
	if !strings.Contains(cut, "on before, not recorded after") {
		t.Error("the report does not say that the end is not known")
	}
	if strings.Contains(page(t, closed(t, leaktest.Clean())), "asked for consent") {
		t.Error("a report of a run that recorded no consent speaks of it")
	}
}
