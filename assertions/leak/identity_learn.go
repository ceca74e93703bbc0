package leak

import (
	"cmp"
	"slices"
	"strings"
)

// An identifier can be recognised without knowing it: at one place of one app's uploads, the same value comes back session
// after session, and another phone has another value there. What it outlives says how well it tracks: a value that
// survives private mode, a restart or the clearing of the app's data is bound to the phone, not to the visit.

// Session is what one app of one phone sent between two events.
type Session struct {
	Phone, App string
	Build      string   // firmware and version of the app: phones that have the same run the same code
	Index      int      // order on the phone, from 1
	After      []string // what was done since the session before: EventRestart, EventPrivate ...
	Values     []PlacedValue

	start int64 // of the recording
}

// PlacedValue is a value that could be an identifier, and where it was sent in one attempt of one session.
type PlacedValue struct {
	Host        string
	Place       string // location with list indexes left out, so that the third event counts as the first
	Value       string
	First, Last int     // numbers of its first and last appearance, counted over all values of the session
	Flows       []int64 // that carry it, at most maxValueFlows
	Attempt     int64   // whose window it was sent in; 0 for none
	Location    string  // of its first appearance
	Transforms  []string
}

// maxValueFlows is in how many flows of one attempt a value is noted.
const maxValueFlows = 256

// Learned is an identifier at one place of one app's uploads.
type Learned struct {
	Phone, App, Host, Place string
	Values                  []string // one after the other, each the successor of the one before when the app's data were gone
	Proof                   Proof
	Seen                    []PlacedValue // in order, one an attempt and session
}

// Proof is why a value is an identifier.
type Proof struct {
	Sessions []int    `json:"sessions"`          // in which it was sent from there, ascending
	Survived []string `json:"survived"`          // events after which it was still the same, sorted
	Changed  []string `json:"changed,omitempty"` // events after which the place held another value, sorted
	// Like is how many phones with the same firmware and version of the app sent another value from the same place, and
	// Others how many other phones did.
	Like   int `json:"like"`
	Others int `json:"others"`
}

// String says what it outlives: "survived private-mode, restart; changed on reinstall".
func (p Proof) String() string {
	s := "survived " + strings.Join(p.Survived, ", ")
	if len(p.Survived) == 0 {
		s = "sent in one session"
	}
	if len(p.Changed) > 0 {
		s += "; changed on " + strings.Join(p.Changed, ", ")
	}
	return s
}

// lasting says whether it outlived more than a visit: a value that a process draws when it starts is in its private tabs
// too, and is gone when it ends.
func (p Proof) lasting() bool {
	return slices.ContainsFunc(p.Survived, func(e string) bool { return !slices.Contains(visits, kindOf(e)) })
}

// reset says whether it changed when what an app has stored was gone: then it is no constant of the app.
func (p Proof) reset() bool { return slices.ContainsFunc(p.Changed, resets) }

func resets(event string) bool {
	kind := kindOf(event)
	return kind == EventDataReset || kind == EventReinstall
}

// maxPlaceValues is how many different values of one place and session are taken for identifiers: more are content.
const maxPlaceValues = 3

// place is one place of one app's uploads over its sessions.
type place struct {
	phone, app, build, host, place string
	sessions                       []placeSession // ascending
}

type placeSession struct {
	index  int
	after  []string
	values []placeValue
}

// placeValue is a value in a session, with the numbers of its first and last appearance.
type placeValue struct {
	value       string
	first, last int
	seen        []PlacedValue
}

// Learn finds the identifiers of several sessions, sorted by phone, app, host, place and value, and beside them the values
// that look like identifiers but have too little to show for it.
func Learn(sessions []Session) (learned, unsure []Learned) {
	places := gather(sessions)
	same := map[[3]string][]*place{}
	for _, p := range places {
		key := [3]string{p.app, p.host, p.place}
		same[key] = append(same[key], p)
	}
	for _, p := range places {
		for _, values := range p.chains() {
			l := p.follow(values)
			shared, distinct := false, map[string]bool{}
			for _, o := range same[[3]string{p.app, p.host, p.place}] {
				switch {
				case o.phone == p.phone:
					continue
				case slices.ContainsFunc(values, o.holds):
					shared = true // the same everywhere: a key of the app, not a name of the phone
				case o.build == p.build:
					l.Proof.Like++
				default:
					l.Proof.Others++
				}
				for _, w := range o.candidates() {
					distinct[w] = true
				}
			}
			random := !slices.ContainsFunc(values, func(v string) bool { return !randomShape(v) })
			switch {
			case shared || len(l.Proof.Sessions) == 0:
			case l.Proof.proven(random, len(distinct)):
				learned = append(learned, l)
			case random && (l.Proof.lasting() || p.calm()):
				unsure = append(unsure, l)
			}
		}
	}
	return learned, unsure
}

// proven says whether values must be an identifier, given how many values other phones sent from their place. What looks
// drawn at random and outlives a session is one if it is another on another phone, or became another when the app's data
// were gone. What does not look so may be the name of a build or an experiment: it takes phones that run the same code,
// no two of which have the same.
func (p Proof) proven(random bool, distinct int) bool {
	if !p.lasting() {
		return false
	}
	if random {
		return p.Like+p.Others > 0 || p.reset()
	}
	return p.Like >= 2 && distinct >= p.Like
}

// calm says whether a place was never watched over more than visits.
func (p *place) calm() bool {
	for _, s := range p.sessions[1:] {
		for _, e := range s.after {
			if !slices.Contains(visits, kindOf(e)) {
				return false
			}
		}
	}
	return true
}

func gather(sessions []Session) []*place {
	sessions = slices.Clone(sessions)
	slices.SortStableFunc(sessions, func(a, b Session) int {
		return cmp.Or(cmp.Compare(a.Phone, b.Phone), cmp.Compare(a.App, b.App), cmp.Compare(a.Index, b.Index))
	})
	found := map[[2]string]*place{} // of one phone and app
	var out []*place
	events := map[*place][]string{}
	for i, s := range sessions {
		if i == 0 || sessions[i-1].Phone != s.Phone || sessions[i-1].App != s.App {
			clear(found)
			clear(events)
		} else {
			for p := range events {
				events[p] = append(events[p], s.After...)
			}
		}
		for _, v := range s.Values {
			key := [2]string{v.Host, v.Place}
			p := found[key]
			if p == nil {
				p = &place{phone: s.Phone, app: s.App, build: s.Build, host: v.Host, place: v.Place}
				found[key] = p
				out = append(out, p)
				events[p] = nil
			}
			if k := len(p.sessions); k == 0 || p.sessions[k-1].index != s.Index {
				p.sessions = append(p.sessions, placeSession{index: s.Index, after: events[p]})
				events[p] = nil
			}
			p.sessions[len(p.sessions)-1].add(v)
		}
	}
	slices.SortFunc(out, func(a, b *place) int {
		return cmp.Or(cmp.Compare(a.phone, b.phone), cmp.Compare(a.app, b.app), cmp.Compare(a.host, b.host), cmp.Compare(a.place, b.place))
	})
	return out
}

func (s *placeSession) add(v PlacedValue) {
	o := s.value(v.Value)
	if o == nil {
		s.values = append(s.values, placeValue{value: v.Value, first: v.First})
		o = &s.values[len(s.values)-1]
	}
	o.first, o.last = min(o.first, v.First), max(o.last, v.Last)
	o.seen = append(o.seen, v)
}

func (p *place) holds(v string) bool {
	return slices.ContainsFunc(p.sessions, func(s placeSession) bool { return s.value(v) != nil })
}

func (s *placeSession) value(v string) *placeValue {
	if i := slices.IndexFunc(s.values, func(o placeValue) bool { return o.value == v }); i >= 0 {
		return &s.values[i]
	}
	return nil
}

// candidates are the values of sessions that had few.
func (p *place) candidates() (out []string) {
	for _, s := range p.sessions {
		if len(s.values) <= maxPlaceValues {
			for _, v := range s.values {
				out = append(out, v.value)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// chains joins each value with the one that took its place when the app's data were gone, in order. Most are alone.
func (p *place) chains() (out [][]string) {
	next := map[string]string{}
	follows := map[string]bool{}
	for i := 1; i < len(p.sessions); i++ {
		if !slices.ContainsFunc(p.sessions[i].after, resets) {
			continue
		}
		gone, fresh := p.only(i-1, i), p.only(i, i-1)
		if len(gone) != len(fresh) {
			continue
		}
		for k, v := range gone {
			if _, twice := next[v]; !twice && !follows[fresh[k]] {
				next[v], follows[fresh[k]] = fresh[k], true
			}
		}
	}
	for _, v := range p.candidates() {
		if follows[v] {
			continue
		}
		chain := []string{v}
		for w, ok := next[v]; ok; w, ok = next[w] {
			chain = append(chain, w)
		}
		out = append(out, chain)
	}
	return out
}

// only lists the values of session i that session j has not, as they came.
func (p *place) only(i, j int) (out []string) {
	for _, v := range p.sessions[i].values {
		if p.sessions[j].value(v.value) == nil {
			out = append(out, v.value)
		}
	}
	return out
}

// follow says in which sessions values were sent and what they outlived.
func (p *place) follow(values []string) Learned {
	l := Learned{Phone: p.phone, App: p.app, Host: p.host, Place: p.place, Values: values, Proof: Proof{Sessions: []int{}, Survived: []string{}}}
	for _, v := range values {
		p.trace(v, &l)
	}
	slices.SortStableFunc(l.Seen, func(a, b PlacedValue) int { return cmp.Compare(a.First, b.First) })
	for _, list := range []*[]string{&l.Proof.Survived, &l.Proof.Changed} {
		*list = slices.DeleteFunc(*list, func(e string) bool { return kindOf(e) == EventNormal })
		slices.Sort(*list)
		*list = slices.Compact(*list)
	}
	slices.Sort(l.Proof.Sessions)
	l.Proof.Sessions = slices.Compact(l.Proof.Sessions)
	return l
}

// trace follows one value through the sessions. A value that was away for a private visit only was there all the time.
func (p *place) trace(v string, l *Learned) {
	var was *placeSession
	var away []string // since it was last sent
	before, visit := false, false
	for i := range p.sessions {
		s := &p.sessions[i]
		x := s.value(v)
		now := x != nil && !s.superseded(x, was)
		switch {
		case now && before:
			l.Proof.Survived = append(l.Proof.Survived, s.after...)
		case now && visit:
			l.Proof.Survived = append(l.Proof.Survived, withoutVisits(append(away, s.after...))...)
		case before:
			l.Proof.Changed = append(l.Proof.Changed, s.after...)
			visit, away = len(withoutVisits(s.after)) == 0, nil
		default:
			away = append(away, s.after...)
		}
		if now {
			l.Proof.Sessions = append(l.Proof.Sessions, s.index)
			l.Seen = append(l.Seen, x.seen...)
		}
		before, was = now, s
	}
}

func withoutVisits(events []string) (out []string) {
	for _, e := range events {
		if !slices.Contains(visits, kindOf(e)) {
			out = append(out, e)
		}
	}
	return out
}

// superseded says whether a value of the session before came only ahead of a new one: a batch of then, sent late.
func (s *placeSession) superseded(x *placeValue, was *placeSession) bool {
	if was == nil || was.value(x.value) == nil {
		return false
	}
	return slices.ContainsFunc(s.values, func(o placeValue) bool { return o.first > x.last && was.value(o.value) == nil })
}
