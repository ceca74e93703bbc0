package leak

import (
	"cmp"
	"slices"

	"github.com/telltale-farm/telltale/capture/flow"
)

// served is where an app had requests answered.
type served struct {
	host string
	port int
	app  string // empty is unknown
	any  bool   // whatever the app
}

// answers are the readable requests of a phone that were answered, by where, ascending by when they were sent. A phone on
// which an app is refused again and again asks for them as often.
type answers struct {
	at   map[served][]*flow.Flow
	seen map[servedIn]bool
}

type servedIn struct {
	served
	window flow.Window
}

func (p *phone) findAnswers() {
	p.answers = answers{at: map[served][]*flow.Flow{}, seen: map[servedIn]bool{}}
	for i := range p.seen {
		at := &p.seen[i]
		f := at.flow
		if f.Kind != flow.KindExchange || f.Class != flow.ClassReadable || f.Request == nil || f.Response == nil {
			continue
		}
		keys := []served{{f.Host, f.Port, "", true}}
		for _, app := range at.owners() {
			keys = append(keys, served{f.Host, f.Port, app, false})
		}
		for _, key := range keys {
			p.answers.at[key] = append(p.answers.at[key], f)
		}
	}
	for _, list := range p.answers.at {
		slices.SortStableFunc(list, func(a, b *flow.Flow) int { return cmp.Compare(a.Sent, b.Sent) })
	}
}

// in says whether an app had a request answered somewhere in a window.
func (x *answers) in(w flow.Window, to served) bool {
	key := servedIn{to, w}
	yes, known := x.seen[key]
	if !known {
		yes = slices.ContainsFunc(x.at[to], w.Sends)
		x.seen[key] = yes
	}
	return yes
}

// while says whether it had one answered that was sent while a connection was open.
func (x *answers) while(f *flow.Flow, to served) bool {
	list := x.at[to]
	i, _ := slices.BinarySearchFunc(list, f.Start, func(o *flow.Flow, start int64) int { return cmp.Compare(o.Sent, start) })
	return i < len(list) && (f.End < 0 || list[i].Sent <= f.End)
}

// maxHandshake is what a phone sends in a handshake at most, in bytes: a ClientHello of a browser has 2 kB, with key shares of
// post-quantum groups, and a ticket of ours less than one more. What is longer holds something else.
const maxHandshake = 8 << 10

// preconnect says whether a handshake without a request is one of those that browsers make in advance: the same app had
// a request to the same place answered in the window, or while that connection was open.
func (p *phone) preconnect(a *Attempt, at *sighting, class string) bool {
	f := at.flow
	if f.Kind != flow.KindTunnel || class != string(flow.ClassPinned) && class != string(flow.ClassClosedEarly) {
		return false
	}
	if f.Request != nil && f.Request.Body != nil || f.BytesUp > maxHandshake {
		return false // what it sent led nowhere, and may be anything
	}
	by := func(to served) bool { return p.answers.in(a.Window, to) || p.answers.while(f, to) }
	if slices.Contains(at.owners(), "") {
		return by(served{f.Host, f.Port, "", true})
	}
	return by(served{f.Host, f.Port, "", false}) || slices.ContainsFunc(at.owners(), func(app string) bool { return by(served{f.Host, f.Port, app, false}) })
}
