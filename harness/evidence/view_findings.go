package evidence

import (
	"fmt"
	"slices"
	"strings"

	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/capture/flow/safe"
)

// groupView is what one upload, or several alike, gave away: one destination, one app, the same flows.
type groupView struct {
	Host, App string
	Labels    string // what was found
	When      string // flows and attempts
	Places    []placeView
	Request   requestView // of the first of the flows

	Beside   []besideView // identifiers in the same upload
	Near     []besideView // and in other flows of the same connection
	Answered []answerView // by the destination, when this computer asked it

	Read bool // the upload was read, so that identifiers in it would have been found
}

// placeView is one place in an upload.
type placeView struct {
	Label, Class, Preview string
	Proof                 string // what an identifier outlived
	SHA256                string // of the value that matched
	Chain                 []string
	Late                  bool
	Hand                  string // the same by standard tools

	identity        []string // that travelled in the same upload
	host, app       string
	location        string
	flows, attempts []int64
	times           int
}

// reportFindings bounds the findings that the report shows of a claim; verdicts.json has all.
const reportFindings = 50

// viewFindings joins findings that differ in flow, attempt and place in a list only, and gathers the places of one upload:
// what a phone repeats is told once.
func (b *Bundle) viewFindings(phone string, claim leak.Claim, in []leak.Finding, t *told) (out []groupView, more int) {
	places, more := joined(in, t)
	group := map[string]int{}
	for _, p := range places {
		key := fmt.Sprintf("%s\x00%s\x00%v", p.host, p.app, slices.Compact(slices.Sorted(slices.Values(p.flows))))
		i, ok := group[key]
		if !ok {
			i = len(out)
			group[key] = i
			out = append(out, groupView{Host: p.host, App: p.app, Request: b.viewRequest(phone, t, slices.Min(p.flows), p.attempts[0])})
		}
		g := &out[i]
		p.Hand = byHand(g.Request.Body, p.location)
		g.Places = append(g.Places, p)
		g.When = numbers("flow", p.flows)
		if p.attempts[0] > 0 {
			g.When += ", " + numbers("attempt", p.attempts)
		}
	}
	for i := range out {
		var labels []string
		for _, p := range out[i].Places {
			labels = append(labels, p.Label)
		}
		out[i].Labels = strings.Join(sorted(labels), ", ")
		if claim != leak.ClaimIdentity { // that claim's findings are identifiers themselves
			out[i].Beside, out[i].Near = t.beside(&out[i])
			out[i].Read = out[i].Places[0].Class != leak.ClassReaction
		}
	}
	return out, more
}

func joined(in []leak.Finding, t *told) (out []placeView, more int) {
	at := map[[6]string]int{}
	for _, f := range in {
		label := t.label(f.Canary)
		key := [6]string{f.Host, f.App, label, f.Class, index.ReplaceAllString(f.Location, "[]"), fmt.Sprint(f.Late, f.Identity)}
		i, ok := at[key]
		if !ok {
			if len(out) == reportFindings {
				more++
				continue
			}
			i = len(out)
			at[key] = i
			out = append(out, placeView{
				host: safe.Text(f.Host), app: appWord(f.App), Label: label, Class: f.Class, Preview: safe.Line(f.Preview, 300), SHA256: safe.Line(f.SHA256, 64),
				identity: f.Identity, Chain: strings.Split(safe.Line(f.Location, 600), " > "), Late: f.Late, location: f.Location,
			})
		}
		p := &out[i]
		if f.Proof != nil {
			p.Proof = safe.Line(f.Proof.String(), 200)
		}
		p.times++
		p.flows, p.attempts = append(p.flows, f.Flow), append(p.attempts, f.Attempt)
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

// leakView is one destination that got something of one phone, over all cells.
type leakView struct {
	Phone, What, Host, App, Times string
	Beside                        string // identifiers that travelled with it
	Virtual                       bool
	Cells                         []linkView
	times                         int
	beside                        []besideView
}

// viewLeaks gathers findings by phone, what leaked, destination and app.
func viewLeaks(cells []cellView) []leakView {
	var out []leakView
	at := map[[4]string]int{}
	for _, c := range cells {
		for _, claim := range c.Claims {
			for _, g := range claim.Groups {
				for _, f := range g.Places {
					what := f.Label
					if claim.Name == string(leak.ClaimReaction) {
						what = "the action itself: " + c.Title
					}
					key := [4]string{c.Phone, what, g.Host, g.App}
					i, ok := at[key]
					if !ok {
						i = len(out)
						at[key] = i
						out = append(out, leakView{Phone: c.Phone, Virtual: c.Virtual, What: what, Host: g.Host, App: g.App})
					}
					l := &out[i]
					l.beside = append(append(l.beside, g.Beside...), g.Near...)
					l.times += f.times
					l.Times = plural(int64(l.times), "time")
					if n := len(l.Cells); n == 0 || l.Cells[n-1].Href != c.Anchor {
						l.Cells = append(l.Cells, linkView{c.Anchor, c.Title})
					}
				}
			}
		}
	}
	for i := range out {
		out[i].Beside = besideNames(out[i].beside)
	}
	return out
}
