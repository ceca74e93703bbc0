package evidence

import (
	"strings"
	"testing"

	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/assertions/leak/leaktest"
)

// A report never says that everything could be seen when something was accepted unread.
func TestReportNamesWhatWasAcceptedUnread(t *testing.T) {
	const nothing = "In this run, nothing"
	b := opaque()
	b.PhonePolicy(leaktest.PhoneID).Accept = []leak.Accept{{App: leaktest.Browser, Host: "sa.example", Port: 443, Why: "its <b>own</b> protocol"}}
	got := page(t, closed(t, b))
	if strings.Contains(got, nothing) {
		t.Error("it says that nothing was left unseen")
	}
	at := strings.Index(got, "<h2>What could not be seen</h2>")
	part := got[at:strings.Index(got, "<h2>Cells</h2>")]
	for _, want := range []string{"accepted unread</b> · sa.example:443 by " + leaktest.Browser, "its &lt;b&gt;own&lt;/b&gt; protocol", "phone-1: search"} {
		if !strings.Contains(part, want) {
			t.Errorf("%q is not among what could not be seen: %s", want, part)
		}
	}
	again := leaktest.Clean()
	again.Phones[0].Attempt("search").Fault = &leak.Fault{Class: leak.FaultPhone, Code: leak.CodeDeviceLost, Detail: "gone"}
	if got := page(t, closed(t, again)); strings.Contains(got, nothing) || !strings.Contains(got, "A fault ended 1 attempt (phone-1)") {
		t.Error("it does not say that a fault ended an attempt")
	}
	if got := page(t, closed(t, leaktest.Clean())); !strings.Contains(got, nothing) || strings.Contains(got, "accepted unread</b>") {
		t.Error("a clean run has something accepted")
	}
}

// That an identifier was found does not mean that everything else could be read.
func TestUnseenBesideAnIdentifierThatLeaked(t *testing.T) {
	reason := leak.Reason{Code: leak.CodeOpaqueFlow, Host: "sa.example", Port: 443, Detail: "not read, so not searched for identifiers"}
	for _, c := range []struct {
		outcome leak.Outcome
		reasons []leak.Reason
		want    int
	}{{leak.Leaked, []leak.Reason{reason}, 1}, {leak.Leaked, nil, 0}, {leak.Inconclusive, []leak.Reason{reason}, 1}, {leak.Inconclusive, nil, 1}, {leak.Clean, nil, 0}} {
		id := leak.Identity{Phone: "p", App: "a.b", Outcome: c.outcome, Reasons: c.reasons}
		if got := unseenIdentity(id, viewIdentity(id, leak.KindUSB, nil)); len(got) != c.want {
			t.Errorf("%s with %d reasons: %+v", c.outcome, len(c.reasons), got)
		}
	}
}
