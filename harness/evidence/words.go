package evidence

import (
	"fmt"
	"slices"
	"strings"

	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/capture/flow/safe"
)

// The words of tables and reports. Every text that may come from a phone goes through safe.

// banner stands over everything that a run on virtual phones says.
func banner(kind string) string {
	switch kind {
	case leak.KindVirtual:
		return "VIRTUAL PHONES: this run proves the tool, not any vendor."
	case leak.KindMixed:
		return "VIRTUAL AND REAL PHONES: what virtual phones did proves the tool, not any vendor."
	}
	return ""
}

// outcomeWord is an outcome with what it leaves open.
func outcomeWord(c leak.ClaimVerdict) string {
	if c.Outcome == leak.Clean && len(c.Accepted) > 0 {
		return "clean, except"
	}
	return string(c.Outcome)
}

// claimsOf lists the claims that any cell makes, in a fixed order.
func claimsOf(v leak.Verdicts) []leak.Claim {
	var out []leak.Claim
	for _, c := range []leak.Claim{leak.ClaimContent, leak.ClaimReaction, leak.ClaimIdentity} {
		if slices.ContainsFunc(v.Cells, func(x leak.CellVerdict) bool { _, ok := x.Claims[c]; return ok }) {
			out = append(out, c)
		}
	}
	return out
}

// claimsIn lists the claims of one cell, in a fixed order.
func claimsIn(c leak.CellVerdict) []leak.Claim {
	out := make([]leak.Claim, 0, len(c.Claims))
	for claim := range c.Claims {
		out = append(out, claim)
	}
	slices.Sort(out)
	return out
}

// place names a destination.
func place(host string, port int) string {
	if port > 0 {
		return fmt.Sprintf("%s:%d", safe.Text(host), port)
	}
	return safe.Text(host)
}

// acceptedPlace is the place of what policy accepts, with a word on a name that is the phone's alone.
func acceptedPlace(a leak.Accepted) string {
	if a.Unproved {
		return place(a.Host, a.Port) + " (a name that nobody proved)"
	}
	return place(a.Host, a.Port)
}

func appWord(app string) string {
	if app == "" {
		return "an unknown app"
	}
	return safe.Text(app)
}

// reasonLine says a reason in one line.
func reasonLine(r leak.Reason) string {
	var b strings.Builder
	b.WriteString(string(r.Code))
	if r.Class != "" {
		fmt.Fprintf(&b, " (%s)", safe.Text(r.Class))
	}
	if r.Host != "" {
		b.WriteString(" " + place(r.Host, r.Port))
	}
	if r.App != "" || r.Host != "" && r.Flow > 0 {
		b.WriteString(" by " + appWord(r.App))
	}
	if r.Bytes > 0 {
		fmt.Fprintf(&b, ", %s", plural(r.Bytes, "byte"))
	}
	b.WriteString(": " + safe.Text(r.Detail))
	return b.String()
}

// findingLine says a finding in one line.
func findingLine(f leak.Finding) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s by %s: ", safe.Text(f.Host), appWord(f.App))
	if f.Location != "" {
		b.WriteString(safe.Text(f.Location) + ", ")
	}
	b.WriteString(f.Class)
	if f.Class == leak.ClassMarker {
		fmt.Fprintf(&b, " %s", safe.Line(f.Canary, 60))
	}
	if f.Proof != nil {
		b.WriteString(", " + safe.Line(f.Canary+" "+f.Proof.String(), 200))
	}
	if f.Late {
		b.WriteString(", late")
	}
	fmt.Fprintf(&b, ", flow %d", f.Flow)
	if len(f.Identity) > 0 {
		fmt.Fprintf(&b, ", together with %s", safe.Text(strings.Join(f.Identity, ", ")))
	}
	return b.String()
}

// flowsRead says how much of what was sent could be read.
func flowsRead(c leak.Coverage) string {
	switch {
	case c.Flows == 0 && c.Bypass > 0:
		return "nothing was sent through the proxy"
	case c.Flows == 0:
		return "nothing was sent"
	}
	return fmt.Sprintf("%d of %s read", c.Readable, plural(int64(c.Flows), "flow"))
}

// coverageLine says in a line what a verdict rests on.
func coverageLine(c leak.Coverage) string {
	parts := []string{plural(int64(c.Attempts), "attempt"), flowsRead(c)}
	if c.Accepted > 0 {
		parts = append(parts, fmt.Sprintf("%d accepted unread", c.Accepted))
	}
	if c.Opaque > 0 {
		parts = append(parts, fmt.Sprintf("%d opaque", c.Opaque))
	}
	if c.Bypass > 0 {
		parts = append(parts, plural(c.Bypass, "byte")+" around the proxy")
	}
	if c.Faulted > 0 {
		parts = append(parts, plural(int64(c.Faulted), "faulted attempt"))
	}
	return strings.Join(append(parts, "quiet for "+duration(c.SettleUS)), ", ")
}

// duration writes microseconds in the largest unit that reads well.
func duration(us int64) string {
	switch {
	case us >= 1_000_000 && us%1_000_000 == 0:
		return fmt.Sprintf("%d s", us/1_000_000)
	case us >= 10_000_000:
		return fmt.Sprintf("%d.%d s", us/1_000_000, us/100_000%10)
	case us >= 1000:
		return fmt.Sprintf("%d ms", us/1000)
	}
	return fmt.Sprintf("%d us", us)
}

func plural(n int64, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// tally counts cells by outcome, in words.
func tally(v leak.Verdicts) string {
	n := map[leak.Outcome]int{}
	except := 0
	for _, c := range v.Cells {
		n[c.Outcome]++
		if c.Outcome == leak.Clean && cellExcept(c) {
			except++
		}
	}
	text := fmt.Sprintf("%d leaked, %d inconclusive, %d clean", n[leak.Leaked], n[leak.Inconclusive], n[leak.Clean])
	if except > 0 {
		text += fmt.Sprintf(" (%d of them except what policy accepts unread)", except)
	}
	if !v.Complete {
		text += "; the plan is not complete"
	}
	return text
}

func cellExcept(c leak.CellVerdict) bool {
	for _, v := range c.Claims {
		if len(v.Accepted) > 0 {
			return true
		}
	}
	return false
}

// unseen is what could not be seen in a run: one reason, and the cells that it keeps from being clean.
type unseen struct {
	Phone  string
	Reason leak.Reason
	Cells  []string
}

// unseenOf gathers the reasons of all cells, so that each thing to mend is told once.
func unseenOf(v leak.Verdicts) []unseen {
	var out []unseen
	at := map[string]int{}
	for _, c := range v.Cells {
		for _, claim := range claimsIn(c) {
			for _, r := range c.Claims[claim].Reasons {
				key := strings.Join([]string{c.Phone, string(r.Code), r.Class, r.Host, fmt.Sprint(r.Port), r.App, r.Detail}, "\x00")
				i, seen := at[key]
				if !seen {
					i = len(out)
					at[key] = i
					out = append(out, unseen{Phone: c.Phone, Reason: r})
				}
				name := c.Key.String()
				if cells := out[i].Cells; len(cells) == 0 || cells[len(cells)-1] != name {
					out[i].Cells = append(out[i].Cells, name)
				}
			}
		}
	}
	return out
}
