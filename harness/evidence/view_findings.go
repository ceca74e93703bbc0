package evidence

import (
	"fmt"
	"slices"
	"strings"

	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/capture/flow/safe"
)

// viewFindings joins findings that differ in flow, attempt and place in a list only: what a phone repeats is told once.
func viewFindings(in []leak.Finding, labels map[string]string) (out []findingView, more int) {
	at := map[[6]string]int{}
	for _, f := range in {
		label := safe.Text(f.Canary)
		if l := labels[f.Canary]; l != "" { // every attempt has a canary of its own, and they share a label
			label = safe.Line(l, 60)
		}
		key := [6]string{f.Host, f.App, label, f.Class, index.ReplaceAllString(f.Location, "[]"), fmt.Sprint(f.Late, f.Identity)}
		i, ok := at[key]
		if !ok {
			if len(out) == reportFindings {
				more++
				continue
			}
			i = len(out)
			at[key] = i
			out = append(out, findingView{
				Host: safe.Text(f.Host), App: appWord(f.App), Label: label, Class: f.Class, Preview: safe.Line(f.Preview, 300), SHA256: safe.Line(f.SHA256, 64),
				Identity: safe.Text(strings.Join(f.Identity, ", ")), Chain: strings.Split(safe.Line(f.Location, 600), " > "), Late: f.Late,
			})
		}
		v := &out[i]
		if f.Proof != nil {
			v.Proof = safe.Line(f.Proof.String(), 200)
		}
		v.times++
		v.flows, v.attempts = append(v.flows, f.Flow), append(v.attempts, f.Attempt)
		v.When = numbers("flow", v.flows)
		if f.Attempt > 0 {
			v.When += ", " + numbers("attempt", v.attempts)
		}
	}
	return out, more
}

// numbers writes "flow 3", or "flows 3, 4 and 5 more".
func numbers(what string, in []int64) string {
	in = slices.Compact(slices.Sorted(slices.Values(in)))
	text := what
	if len(in) > 1 {
		text += "s"
	}
	for i, n := range in {
		if i == 6 {
			return text + fmt.Sprintf(" and %d more", len(in)-i)
		}
		if i > 0 {
			text += ","
		}
		text += fmt.Sprintf(" %d", n)
	}
	return text
}

// viewLeaks gathers findings by phone, what leaked, destination and app.
func viewLeaks(cells []cellView) []leakView {
	var out []leakView
	at := map[[4]string]int{}
	for _, c := range cells {
		for _, claim := range c.Claims {
			for _, f := range claim.Findings {
				what := f.Label
				if claim.Name == string(leak.ClaimReaction) {
					what = "the action itself: " + c.Title
				}
				key := [4]string{c.Phone, what, f.Host, f.App}
				i, ok := at[key]
				if !ok {
					i = len(out)
					at[key] = i
					out = append(out, leakView{Phone: c.Phone, What: what, Host: f.Host, App: f.App})
				}
				l := &out[i]
				l.times += f.times
				l.Times = plural(int64(l.times), "time")
				if n := len(l.Cells); n == 0 || l.Cells[n-1].Href != c.Anchor {
					l.Cells = append(l.Cells, linkView{c.Anchor, c.Title})
				}
			}
		}
	}
	return out
}
