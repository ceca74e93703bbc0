package evidence

import (
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/capture/flow/safe"
)

type attemptView struct {
	ID        int64
	Kind      string // of a window that is compared
	Scope     string
	When      string
	What      string
	Seen      bool
	Fault     string
	Retry     string
	Switches  []string // in apps, that were looked at or changed for it
	Private   bool     // in a private tab, with pictures
	Screens   []linkView
	Artefacts []linkView
}

func viewAttempt(a leak.Attempt, t *told) attemptView {
	v := attemptView{ID: a.ID, Scope: "everything the phone sent", What: safe.Line(a.Postcondition.What, 200), Seen: a.Postcondition.Seen}
	if a.Scope == leak.ScopeApp {
		v.Scope = safe.Line(a.App, 100) + " and the system's browser services"
	}
	v.When = fmt.Sprintf("%s, watched for %s", t.capture.at(a.Window.Start), duration(a.Window.End-a.Window.Start))
	if !a.Postcondition.Seen && a.Postcondition.Got != "" {
		v.What += "; there was " + safe.Line(a.Postcondition.Got, 200)
	}
	if a.Trial != nil {
		v.Kind = "window with the action"
		if a.Trial.Kind == leak.TrialIdle {
			v.Kind = "window without the action"
		}
	}
	for _, d := range a.Disturbed {
		v.What += safe.Line("; disturbed by "+d.App+" ("+d.What+") "+sinceStart(d.At, a), 200)
	}
	for _, s := range a.Switches {
		v.Switches = append(v.Switches, switchedWords(s))
	}
	if a.Fault != nil {
		v.Fault = safe.Line(fmt.Sprintf("%s fault, %s: %s", a.Fault.Class, a.Fault.Code, a.Fault.Detail), 300)
	}
	if a.RetryOf > 0 {
		v.Retry = fmt.Sprintf("starts attempt %d again", a.RetryOf)
	}
	for _, l := range t.artefact[a.ID] {
		if strings.HasSuffix(l.Name, ".png") {
			v.Screens = append(v.Screens, l)
		} else {
			v.Artefacts = append(v.Artefacts, l)
		}
	}
	v.Private = a.Private && len(v.Screens) > 0
	return v
}

// switchedWords says how a switch in an app stood, what became of it, and how sure it is that it is the one meant.
func switchedWords(s leak.Switched) string {
	text := fmt.Sprintf("\u201c%s\u201d of %s was %s", s.Name, s.App, s.Was)
	if s.Was != s.Is {
		text += ", switched " + s.Is + " and read back"
	}
	return safe.Line(fmt.Sprintf("%s; found by %s; certainty %s (%s)", text, s.By, s.Certainty, s.Source), 1200)
}

// sinceStart says when in an attempt something was.
func sinceStart(us int64, a leak.Attempt) string {
	return "after " + duration(max(us-a.Window.Start, 0))
}

// viewControls says what was proven around the attempts of a cell: the worst of each.
func viewControls(own []leak.Attempt, t *told) (out []factView) {
	if len(own) == 0 {
		return nil
	}
	var seen, alive, counted, quiet int
	least := int64(-1)
	for _, a := range own {
		count(&seen, a.Postcondition.Seen)
		count(&alive, a.Tunnel.Before && a.Tunnel.After)
		count(&counted, a.Counters.Readable)
		count(&quiet, a.Settle.Quiet)
		if least < 0 || a.Settle.QuietUS < least {
			least = a.Settle.QuietUS
		}
	}
	of := func(n int) string { return fmt.Sprintf("%d of %s", n, plural(int64(len(own)), "attempt")) }
	control, drain := "not captured", "no"
	for _, a := range t.attempts {
		switch {
		case a.Key.Scenario == leak.ControlScenario && a.Fault == nil && a.Postcondition.Seen && (own[0].App == "" || a.App == own[0].App):
			control = fmt.Sprintf("yes, attempt %d", a.ID)
		case a.Key.Scenario == leak.DrainScenario && a.Fault == nil && a.ID > own[len(own)-1].ID:
			drain = fmt.Sprintf("yes, attempt %d", a.ID)
		}
	}
	out = []factView{
		{Name: "our own canary captured and decrypted", Value: control}, {Name: "action seen on the screen", Value: of(seen)},
		{Name: "proxy and tunnel alive before and after", Value: of(alive)}, {Name: "byte counters read", Value: of(counted)},
		{Name: "phone quiet before the end", Value: fmt.Sprintf("%s, for %s or more", of(quiet), duration(least))},
		{Name: "apps closed and waited for afterwards", Value: drain},
	}
	if f, ok := consentFact(own); ok {
		out = append(out, f)
	}
	return out
}

func count(n *int, held bool) {
	if held {
		*n++
	}
}

// maxActions bounds how many folders of attempts a report looks at.
const maxActions = 10_000

// artefactsOf lists, by attempt, the screens, trees and logs of a phone.
func (b *Bundle) artefactsOf(phone string) map[int64][]linkView {
	out := map[int64][]linkView{}
	dir := phonesName + "/" + phone + "/" + actionsName
	f, err := b.root.Open(dir)
	if err != nil {
		return out
	}
	defer f.Close()
	entries, err := f.ReadDir(maxActions)
	if err != nil {
		return out
	}
	slices.SortFunc(entries, func(x, y fs.DirEntry) int { return strings.Compare(x.Name(), y.Name()) })
	for _, e := range entries {
		number, _, _ := strings.Cut(e.Name(), "-")
		id, err := strconv.ParseInt(number, 10, 64)
		if err != nil || !plainName(e.Name()) || !strings.HasPrefix(e.Name(), actionFolder(id, "")) {
			continue
		}
		out[id] = append(out[id], b.links(dir+"/"+e.Name()+"/", artefacts...)...)
	}
	return out
}
