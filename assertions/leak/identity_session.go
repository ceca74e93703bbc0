package leak

import (
	"cmp"
	"slices"
	"strings"

	"github.com/telltale-farm/telltale/capture/decode"
	"github.com/telltale-farm/telltale/capture/flow"
)

// Kinds of event that divide what an app sends into sessions.
const (
	EventPrivate   = "private-mode"   // its next window was driven in a private tab
	EventNormal    = "normal-mode"    // and in a normal one again
	EventRestart   = "restart"        // force-stopped, and started by the next action
	EventDataReset = "app-data-reset" // everything it had stored was cleared
	EventReinstall = "reinstall"      // removed and installed again
	EventReboot    = "reboot"         // of the phone
)

// visits are the events that an app's process outlives.
var visits = []string{EventPrivate, EventNormal}

// kindOf takes the app away from an event that names one.
func kindOf(event string) string {
	kind, _, _ := strings.Cut(event, " of ")
	return kind
}

// maxPlaced bounds what is kept of one phone's values.
const maxPlaced = 200_000

// moment is an event and when it happened.
type moment struct {
	at        int64
	kind, app string // app is empty for the whole phone
}

// moments lists the events of a phone in order: those that its attempts name, and the change of the kind of tab.
func (p *phone) moments() (out []moment) {
	private := map[string]bool{}
	attempts := make([]*Attempt, len(p.attempts))
	for i := range p.attempts {
		attempts[i] = &p.attempts[i]
	}
	slices.SortStableFunc(attempts, func(a, b *Attempt) int { return cmp.Compare(a.Window.Start, b.Window.Start) })
	for _, a := range attempts {
		for _, e := range a.Events {
			out = append(out, moment{e.AtUS, e.Kind, e.App})
			if e.App == "" {
				clear(private)
			}
			delete(private, e.App) // private tabs end with their process
		}
		if a.App == "" || a.Window.End <= a.Window.Start || private[a.App] == a.Private {
			continue
		}
		private[a.App] = a.Private
		kind := EventNormal
		if a.Private {
			kind = EventPrivate
		}
		out = append(out, moment{a.Window.Start, kind, a.App})
	}
	slices.SortStableFunc(out, func(a, b moment) int { return cmp.Compare(a.at, b.at) })
	return out
}

// sessions divides what each app sent by the events that concern it; of an unknown app, all do.
func (p *phone) sessions() (out []Session) {
	moments := p.moments()
	byApp := map[string][2]int{} // -> where its sessions begin and end in out
	kept := map[keptKey]int{}    // -> where in the values of its session, from 1
	full := map[keptKey]int{}    // values of a place and session
	order, room := 0, maxPlaced
	for i := range p.seen {
		at := &p.seen[i]
		if len(at.values) == 0 || p.ours(at.flow) || !p.carries(at) {
			continue
		}
		its, ok := byApp[at.app]
		if !ok {
			its[0] = len(out)
			out = append(out, p.emptySessions(at.app, moments)...)
			its[1] = len(out)
			byApp[at.app] = its
		}
		n := its[0]
		for n+1 < its[1] && out[n+1].start <= at.flow.Start {
			n++
		}
		host := p.host(at.flow)
		attempt := p.windowOf(at.flow, func(*Attempt) bool { return true })
		for _, v := range at.values {
			order++
			key := keptKey{n, host, v.Place, v.Value, attempt}
			if k := kept[key]; k > 0 {
				out[n].Values[k-1].again(order, at.flow.Seq)
				continue
			}
			all := keptKey{session: n, host: host, place: v.Place}
			if full[all] > 4*maxPlaceValues || room == 0 { // content
				continue
			}
			full[all]++
			room--
			v.Host, v.Attempt, v.First = host, attempt, order
			v.again(order, at.flow.Seq)
			out[n].Values = append(out[n].Values, v)
			kept[key] = len(out[n].Values)
		}
		at.values = nil
	}
	return out
}

// keptKey names what is kept once of a phone's values.
type keptKey struct {
	session            int
	host, place, value string
	attempt            int64
}

func (v *PlacedValue) again(order int, flow int64) {
	v.Last = order
	if n := len(v.Flows); n < maxValueFlows && (n == 0 || v.Flows[n-1] != flow) {
		v.Flows = append(v.Flows, flow)
	}
}

func (p *phone) emptySessions(app string, moments []moment) []Session {
	build := p.build(app)
	out := []Session{{Phone: p.id, App: app, Build: build, Index: 1}}
	for _, m := range moments {
		kind := m.kind
		switch {
		case app == "" && m.app != "":
			kind += " of " + m.app
		case m.app != "" && m.app != app:
			continue
		}
		last := &out[len(out)-1]
		if last.start == m.at && last.Index > 1 {
			last.After = append(last.After, kind)
			continue
		}
		out = append(out, Session{Phone: p.id, App: app, Build: build, Index: last.Index + 1, After: []string{kind}, start: m.at})
	}
	return out
}

// build names the code that an app of this phone runs.
func (p *phone) build(app string) string {
	if len(p.lines) == 0 {
		return p.id // like no other
	}
	l := &p.lines[0]
	build := l.Fingerprint
	for _, a := range l.Apps {
		if a.Package == app {
			build += "\x00" + a.Version + "\x00" + a.Code
		}
	}
	return build
}

// collector gathers the values of one message that could be identifiers, at most maxMessageValues.
type collector struct{ values []PlacedValue }

const maxMessageValues = 2000

func (c *collector) value(v *decode.Value) {
	if v.Kind != decode.Text || v.Whole || v.Loose || v.Trial || len(c.values) == maxMessageValues || !identifierShape(v.Data) {
		return
	}
	if loc := v.Location(); !strings.HasSuffix(loc, "(key)") {
		c.values = append(c.values, PlacedValue{Place: placeOf(loc), Value: string(v.Data), Location: loc, Transforms: v.Transforms()})
	}
}

// telling drops what a site keeps in its own visitors' browsers.
func (p *phone) telling(f *flow.Flow, values []PlacedValue) []PlacedValue {
	if len(values) == 0 || !p.toSite(f) {
		return values
	}
	return slices.DeleteFunc(values, func(v PlacedValue) bool {
		return !strings.HasPrefix(v.Location, "header ") || strings.HasPrefix(v.Location, "header Referer") || strings.HasPrefix(v.Location, "header Origin")
	})
}

// toSite says whether a flow went to a site that the run visits, or to the control host.
func (p *phone) toSite(f *flow.Flow) bool {
	hosts := []string{p.run.ControlHost}
	for _, r := range p.run.Recipients {
		hosts = append(hosts, r.Hosts...)
	}
	_, strange := p.stranger(f, hosts)
	return !strange
}

// minFact is the shortest fact that is taken out of values.
const minFact = 4

// facts are what the phone's model, build and apps are called, longest first.
func (p *phone) facts() []string {
	out := []string{}
	for i := range p.lines {
		l := &p.lines[i]
		out = append(out, l.Fingerprint, l.Firmware, l.Model, l.Device, l.MIUI, l.PatchLevel)
		out = append(out, strings.FieldsFunc(l.Fingerprint, func(r rune) bool { return r == '/' || r == ':' })...)
		for _, a := range l.Apps {
			out = append(out, a.Version, a.Code)
		}
	}
	out = slices.DeleteFunc(out, func(f string) bool { return len(f) < minFact })
	slices.SortFunc(out, func(a, b string) int { return cmp.Or(len(b)-len(a), strings.Compare(a, b)) })
	return slices.Compact(out)
}

// namesBuild says whether one of the values is no identifier but the name of the phone's build, perhaps with a little beside it.
func namesBuild(values, facts []string) bool {
	return slices.ContainsFunc(values, func(v string) bool {
		for _, f := range facts {
			v = strings.ReplaceAll(v, f, "")
		}
		return !identifierShape([]byte(v))
	})
}
