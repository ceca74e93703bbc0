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
const maxPlaced = 100_000

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

// placing divides what each app sent by the events that concern it, flow by flow in their order; of an unknown app, all
// events do.
type placing struct {
	p       *phone
	moments []moment
	out     []Session
	byApp   map[string][2]int // -> where its sessions begin and end in out
	kept    map[keptKey]int   // -> where in the values of its session, from 1
	count   map[keptKey]int   // different values of a place and session
	order   int
	full    bool // more than maxPlaced values
}

func newPlacing(p *phone) *placing {
	return &placing{p: p, moments: p.moments(), byApp: map[string][2]int{}, kept: map[keptKey]int{}, count: map[keptKey]int{}}
}

// take takes over the values of one flow.
func (s *placing) take(at *sighting) {
	values := at.values
	at.values = nil
	if len(values) == 0 || s.p.ours(at.flow) || at.flow.Kind != flow.KindExchange && at.flow.Kind != flow.KindMessage {
		return
	}
	its, ok := s.byApp[at.app]
	if !ok {
		its[0] = len(s.out)
		s.out = append(s.out, s.p.emptySessions(at.app, s.moments)...)
		its[1] = len(s.out)
		s.byApp[at.app] = its
	}
	n := its[0]
	for n+1 < its[1] && s.out[n+1].start <= at.flow.Start {
		n++
	}
	host := s.p.host(at.flow)
	attempt := s.p.windowOf(at.flow, func(*Attempt) bool { return true })
	for _, v := range values {
		s.order++
		v.Host, v.Attempt, v.First = host, attempt, s.order
		s.add(n, v, at.flow.Seq)
	}
}

func (s *placing) add(n int, v PlacedValue, seq int64) {
	key := keptKey{n, v.Host, v.Place, v.Value, v.Attempt}
	if k := s.kept[key]; k > 0 {
		s.out[n].Values[k-1].again(s.order, seq)
		return
	}
	all, one := keptKey{session: n, host: v.Host, place: v.Place}, keptKey{session: n, host: v.Host, place: v.Place, value: v.Value, attempt: -1}
	if s.kept[one] == 0 {
		if s.count[all] > maxPlaceValues { // content
			return
		}
		if len(s.kept) >= maxPlaced {
			s.full = true
			return
		}
		s.count[all]++
		s.kept[one] = 1
	}
	v.again(s.order, seq)
	s.out[n].Values = append(s.out[n].Values, v)
	s.kept[key] = len(s.out[n].Values)
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

// collector gathers the values of one message that could be identifiers: of each place as many as a session may have, and
// of no more than maxMessageValues does it ask where they are.
type collector struct {
	values []PlacedValue
	tokens tokens
	asked  int
	more   bool           // were there, and not asked for
	count  map[string]int // by place
}

const maxMessageValues = 1000

func (c *collector) value(v *decode.Value) {
	c.tokens.value(v)
	if v.Kind != decode.Text || v.Whole || v.Loose || v.Trial || c.more || !identifierShape(v.Data) {
		return
	}
	if c.more = c.asked == maxMessageValues; c.more {
		return
	}
	c.asked++
	loc := v.Location()
	if strings.HasSuffix(loc, "(key)") {
		return
	}
	place := placeOf(loc)
	if c.count[place] > maxPlaceValues || slices.ContainsFunc(c.values, func(o PlacedValue) bool { return o.Place == place && o.Value == string(v.Data) }) {
		return
	}
	if c.count == nil {
		c.count = map[string]int{}
	}
	c.count[place]++
	c.values = append(c.values, PlacedValue{Place: place, Value: string(v.Data), Location: loc, Transforms: v.Transforms()})
}

// telling drops what a site keeps in its own visitors' browsers. An app that is none visits no site: what it sends there is its
// own upload.
func (p *phone) telling(at *sighting, values []PlacedValue) []PlacedValue {
	if len(values) == 0 || !slices.ContainsFunc(at.owners(), p.visits) || !p.toSite(at.flow) {
		return values
	}
	return slices.DeleteFunc(values, func(v PlacedValue) bool {
		return !strings.HasPrefix(v.Location, "header ") || strings.HasPrefix(v.Location, "header Referer") || strings.HasPrefix(v.Location, "header Origin")
	})
}

// visits says whether an app shows sites to whom uses the phone, or sends for one that does; one that is not known may.
func (p *phone) visits(app string) bool {
	return app == "" || slices.Contains(p.policy.Services, app) || slices.ContainsFunc(p.policy.Browsers, func(b Browser) bool { return b.App == app })
}

// toSite says whether a flow went to a site that the run visits, or to the control host.
func (p *phone) toSite(f *flow.Flow) bool {
	hosts := []string{p.run.ControlHost}
	for _, r := range p.run.Recipients {
		hosts = append(hosts, r.Hosts...)
	}
	return p.surely(f, hosts)
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
			v = without(v, f)
		}
		return !identifierShape([]byte(v))
	})
}

// without takes a fact out of a value. Digits inside of more digits are no version, only like one.
func without(value, fact string) string {
	if !isDigits(fact) {
		return strings.ReplaceAll(value, fact, "")
	}
	var out strings.Builder
	for {
		i := strings.Index(value, fact)
		if i < 0 {
			break
		}
		end := i + len(fact)
		if i > 0 && digitByte(value[i-1]) || end < len(value) && digitByte(value[end]) {
			for end = i + 1; end < len(value) && digitByte(value[end]); end++ {
			}
			out.WriteString(value[:end])
		} else {
			out.WriteString(value[:i])
		}
		value = value[end:]
	}
	return out.String() + value
}
