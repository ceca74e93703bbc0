package leak

import (
	"fmt"

	"github.com/telltale-farm/telltale/capture/flow/safe"
)

// The moments of phone.jsonl.
const (
	AtStart = "start"
	AtEnd   = "end"
)

// deviceChanged compares what the phone said of itself: firmware, versions of apps, accounts and consent must be known
// and stay. A provisional verdict does not wait for the end.
func (p *phone) deviceChanged() (out []Reason) {
	add := func(format string, args ...any) {
		out = append(out, Reason{Code: CodeDeviceChanged, Detail: p.mask.text(fmt.Sprintf(format, args...))})
	}
	if len(p.lines) == 0 || p.lines[0].At != AtStart {
		add("what the phone was at the start is not recorded")
		return out
	}
	first := &p.lines[0]
	if first.Fingerprint == "" {
		add("which firmware the phone had at the start is unknown")
	}
	if len(first.Apps) == 0 {
		add("which apps the phone had at the start is unknown")
	}
	if first.Accounts < 0 {
		add("which accounts the phone had at the start is unknown")
	}
	for i := range p.lines[1:] {
		l := &p.lines[i+1]
		differ := func(what, from, to string) {
			if from != to {
				add("%s was %q at the start and %q at the %s", what, from, to, l.At)
			}
		}
		differ("build fingerprint", first.Fingerprint, l.Fingerprint)
		differ("firmware", first.Firmware, l.Firmware)
		differ("Android release", first.Android, l.Android)
		differ("SDK level", fmt.Sprint(first.SDK), fmt.Sprint(l.SDK))
		differ("security patch level", first.PatchLevel, l.PatchLevel)
		differ("MIUI version", first.MIUI, l.MIUI)
		differ("region", first.Region, l.Region)
		differ("model", first.Model+" "+first.Device+" "+first.Brand, l.Model+" "+l.Device+" "+l.Brand)
		differ("consent", first.Consent, l.Consent)
		if first.Accounts != l.Accounts {
			add("the phone had %d accounts at the start and %d at the %s (-1 is unknown)", first.Accounts, l.Accounts, l.At)
		}
		for _, r := range conditionsChanged(first, l) {
			add("%s", r)
		}
		for _, r := range appsChanged(first.Apps, l.Apps) {
			add("%s between start and %s", r, l.At)
		}
	}
	if p.final && p.lines[len(p.lines)-1].At != AtEnd {
		add("what the phone was at the end is not recorded: the run did not reach it")
	}
	return out
}

// conditionsChanged compares the switches of a phone between two lines. One that could be read at neither moment is no
// change: nobody relied on it. A line without any was written before they were.
func conditionsChanged(first, l *Phone) (out []string) {
	if len(first.Conditions) == 0 || len(l.Conditions) == 0 {
		return nil
	}
	none := Condition{Unknown: "not recorded"}
	was, is := map[string]Condition{}, map[string]Condition{}
	var order []Condition
	for _, c := range first.Conditions {
		was[c.ID], order = c, append(order, c)
	}
	for _, c := range l.Conditions {
		if is[c.ID] = c; was[c.ID].ID == "" {
			was[c.ID], order = none, append(order, c)
		}
	}
	for _, c := range order {
		before, after := was[c.ID], is[c.ID]
		if after.ID == "" {
			after = none
		}
		switch {
		case c.ID == ConditionAccounts && first.Accounts != l.Accounts: // told as their number
		case before.Unknown != "" && after.Unknown != "":
		case before.Unknown != after.Unknown || before.Value != after.Value || before.Unset != after.Unset:
			out = append(out, fmt.Sprintf("%s (%s) was %s at the start and %s at the %s", safe.Line(c.Name, 80), safe.Line(c.Key, 80), before.Word(), after.Word(), l.At))
		}
	}
	return out
}

// Word says what a condition was.
func (c Condition) Word() string {
	switch {
	case c.Unknown != "":
		return "unknown"
	case c.Unset:
		return "not set"
	case c.Means != "":
		return safe.Line(c.Means, 100)
	}
	return safe.Line(fmt.Sprintf("%q", c.Value), 100)
}

func appsChanged(before, after []App) (out []string) {
	was, is := map[string]App{}, map[string]App{}
	for _, a := range before {
		was[a.Package] = a
	}
	for _, a := range after {
		is[a.Package] = a
		old, ok := was[a.Package]
		switch {
		case !ok:
			out = append(out, safe.Text(a.Package)+" was installed")
		case old.Version != a.Version || old.Code != a.Code:
			out = append(out, fmt.Sprintf("%s went from version %s (%s) to %s (%s)", a.Package, old.Version, old.Code, a.Version, a.Code))
		}
	}
	for _, a := range before {
		if _, ok := is[a.Package]; !ok {
			out = append(out, a.Package+" was removed")
		}
	}
	return out
}
