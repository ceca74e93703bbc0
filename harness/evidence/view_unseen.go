package evidence

import (
	"fmt"
	"slices"
	"strings"

	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/capture/flow/safe"
)

type unseenView struct {
	Reason  reasonView
	Cells   []string
	Accept  string
	Virtual bool
}

// takenUnread is something that was met, not read, and accepted by policy, with the cells whose verdict it stands in.
type takenUnread struct {
	acceptedView
	Phone   string
	Cells   []string
	Virtual bool
}

// takenUnreadOf gathers what all cells accept, so that what was not seen is told in one place, whatever the verdicts are.
func takenUnreadOf(cells []cellView) (out []takenUnread) {
	at := map[string]int{}
	for _, c := range cells {
		for _, claim := range c.Claims {
			for _, a := range claim.Accepted {
				key := strings.Join([]string{c.Phone, a.Where, a.App, a.Why}, "\x00")
				i, seen := at[key]
				if !seen {
					i = len(out)
					at[key] = i
					out = append(out, takenUnread{acceptedView: a, Phone: c.Phone, Virtual: c.Virtual})
				}
				if name := c.Phone + ": " + c.Title; !slices.Contains(out[i].Cells, name) {
					out[i].Cells = append(out[i].Cells, name)
				}
			}
		}
	}
	return out
}

// voidAttempts says what no reason of a verdict speaks of once it was made again: attempts that a fault ended.
func voidAttempts(v leak.Verdicts, phones map[string]*told) string {
	var n int64
	var where []string
	for _, c := range v.Cells {
		t := phones[c.Phone]
		if t == nil || slices.Contains(where, safe.Text(c.Phone)) {
			continue
		}
		had := n
		for _, a := range t.attempts {
			if a.Fault != nil {
				n++
			}
		}
		if n > had {
			where = append(where, safe.Text(c.Phone))
		}
	}
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("A fault ended %s (%s): each says which, at its cell. What leaked in one counts; what it kept from being seen does not, once the attempt was made again.", plural(n, "attempt"), strings.Join(where, ", "))
}

type identityView struct {
	Phone, App string
	Virtual    bool
	Outcome    word
	IDs        []string
	Hosts      []string
	Known      []string // identifiers that were searched for
}

func viewIdentity(id leak.Identity, kind string, known []string) identityView {
	v := identityView{
		Phone: safe.Text(id.Phone), App: appWord(id.App), Virtual: kind == leak.KindVirtual, Known: known,
		Outcome: word{string(id.Outcome), string(id.Outcome)},
	}
	for _, f := range id.Findings {
		v.IDs = append(v.IDs, identifierWord(f))
		v.Hosts = append(v.Hosts, safe.Text(f.Host))
	}
	v.IDs, v.Hosts = sorted(v.IDs), sorted(v.Hosts)
	return v
}

// Said tells what an app was found to send, or what was searched for in vain.
func (v identityView) Said() string {
	switch {
	case len(v.IDs) > 0:
		return strings.Join(v.IDs, ", ")
	case len(v.Known) > 0:
		return "none of " + plural(int64(len(v.Known)), "known identifier") + " (" + strings.Join(v.Known, ", ") + ")"
	}
	return "none found, and none is known to search for"
}

// unseenIdentity tells of an app whose uploads could not all be searched for identifiers, or not be told apart.
func unseenIdentity(id leak.Identity, x identityView) (out []unseenView) {
	if id.Outcome == leak.Leaked { // what was read and not decided is no matter beside what was found; what was not read is
		id.Reasons = slices.DeleteFunc(slices.Clone(id.Reasons), func(r leak.Reason) bool {
			return r.Code == leak.CodeTooFewSessions || r.Code == leak.CodeTooFewPhones
		})
	}
	if id.Outcome != leak.Inconclusive && len(id.Reasons) == 0 {
		return nil
	}
	add := func(r reasonView) {
		out = append(out, unseenView{Reason: r, Cells: []string{x.Phone + ", identifiers, the whole run"}, Virtual: x.Virtual})
	}
	at := map[string]int{}
	for _, r := range id.Reasons {
		if r.App == "" {
			r.App = id.App
		}
		v := viewReason(r)
		key := strings.Join([]string{v.Code, v.Where, v.Detail, v.Bytes}, "\x00")
		if i, ok := at[key]; ok { // the same of another place in what was sent
			out[i].Reason.Class += ", " + v.Class
			continue
		}
		if len(out) == maxSought {
			add(reasonView{Code: "identity", Where: "by " + x.App, Detail: "and more, in verdicts.json"})
			break
		}
		at[key] = len(out)
		add(v)
	}
	switch {
	case len(out) > 0:
	case len(x.Known) == 0:
		add(reasonView{Code: "identity", Where: "by " + x.App, Detail: "no identifier of this phone is known to search for"})
	default:
		add(reasonView{Code: "identity", Where: "by " + x.App, Detail: "not all that it sent could be read: " + x.Said()})
	}
	return out
}

// identifierWord is an identifier's name, with what it outlived if that is known.
func identifierWord(f leak.Finding) string {
	if f.Proof == nil {
		return safe.Text(f.Canary)
	}
	return safe.Line(fmt.Sprintf("%s (%s)", f.Canary, f.Proof), 200)
}
