package leak

import (
	"bytes"
	"cmp"
	"slices"
	"strings"

	"github.com/telltale-farm/telltale/capture/decode"
)

// An identifier can be recognised without knowing it: at one place of one app's uploads, the same value comes back session
// after session, and another phone has another value there. What it outlives says how well it tracks: a value that
// survives private mode, a restart or the clearing of the app's data is bound to the phone, not to the visit.

// Session is what one phone sent between two events.
type Session struct {
	Phone  string
	Index  int      // order on the phone, from 1
	After  []string // what was done since the session before: restart, private-mode, app-data-reset, reboot, reinstall ...
	Values []PlacedValue
}

// PlacedValue is a value that could be an identifier, and where it was sent.
type PlacedValue struct {
	App, Host string
	Place     string // location with list indexes left out, so that the third event counts as the first
	Value     string
}

// Learned is an identifier that nobody told us.
type Learned struct {
	Phone, App, Host, Place string
	Value                   string
	Sessions                []int    // in which it was sent from there, ascending
	Survived                []string // events after which it was still the same, sorted
	Changed                 []string // events after which the place held another value, sorted
	// Others is how many other phones sent another value from the same place. 0 leaves open whether it tells phones apart.
	Others int
}

// String says what it outlives: "survived private-mode, restart; changed on reinstall".
func (l Learned) String() string {
	s := "survived " + strings.Join(l.Survived, ", ")
	if len(l.Survived) == 0 {
		s = "sent again"
	}
	if len(l.Changed) > 0 {
		s += "; changed on " + strings.Join(l.Changed, ", ")
	}
	if l.Others == 0 {
		s += "; no other phone to compare with"
	}
	return s
}

// Lengths of what could be an identifier, in bytes.
const (
	minIdentifier = 8
	maxIdentifier = 128
)

// maxPlaceValues is how many different values of one place and session are taken for identifiers: more are content.
const maxPlaceValues = 3

// CouldIdentify collects the values of a message that could be identifiers.
func CouldIdentify(sent decode.Sent, limits decode.Limits, app, host string) []PlacedValue {
	var out []PlacedValue
	decode.Peel(sent, limits, func(v *decode.Value) bool {
		if v.Kind == decode.Text && !v.Whole && !v.Loose && identifierShape(v.Data) {
			if loc := v.Location(); !strings.HasSuffix(loc, "(key)") {
				out = append(out, PlacedValue{app, host, placeOf(loc), string(v.Data)})
			}
		}
		return true
	})
	slices.SortFunc(out, comparePlaced)
	return slices.Compact(out)
}

func comparePlaced(a, b PlacedValue) int {
	return cmp.Or(cmp.Compare(a.App, b.App), cmp.Compare(a.Host, b.Host), cmp.Compare(a.Place, b.Place), cmp.Compare(a.Value, b.Value))
}

// identifierShape says whether a value is one token with digits in it: a UUID, hex, a serial number; no time, no version,
// no address, no name.
func identifierShape(b []byte) bool {
	if len(b) < minIdentifier || len(b) > maxIdentifier || bytes.Contains(b, []byte("://")) {
		return false
	}
	digits, letters, dots := 0, 0, 0
	for _, c := range b {
		switch {
		case digitByte(c):
			digits++
		case alnumByte(c):
			letters++
		case c == '.':
			dots++
		case c == '-' || c == '_' || c == ':' || c == '=' || c == '+' || c == '/' || c == '|':
		default:
			return false
		}
	}
	switch {
	case digits < 3 || dots > 0 && digits+dots+letters == len(b) && letters < 4:
		return false // words, versions, addresses
	case letters == 0 && digits == len(b):
		return len(b) >= 10 && len(b) <= 20 && !looksTime(b)
	case letters == 0:
		return digits >= 10 && !looksDate(b)
	}
	return !looksDate(b)
}

// looksTime says whether digits are a time since 1970 in seconds, milli-, micro- or nanoseconds, from 2001 to 2033.
func looksTime(b []byte) bool {
	switch len(b) {
	case 10, 13, 16, 19:
		return b[0] == '1'
	}
	return false
}

// looksDate says whether a value begins like 2026-11-21 or 20261121T.
func looksDate(b []byte) bool {
	if len(b) < 8 || b[0] != '1' && b[0] != '2' || b[1] != '9' && b[1] != '0' {
		return false
	}
	return b[4] == '-' && b[7] == '-' || len(b) > 8 && b[8] == 'T'
}

// placeOf leaves out the indexes of lists.
func placeOf(loc string) string {
	var out strings.Builder
	for i := 0; i < len(loc); i++ {
		if loc[i] == '[' || loc[i] == '#' || loc[i] == '@' {
			j := i + 1
			for j < len(loc) && digitByte(loc[j]) {
				j++
			}
			if j > i+1 && (loc[i] != '[' || j < len(loc) && loc[j] == ']') {
				out.WriteByte(loc[i])
				i = j - 1
				continue
			}
		}
		out.WriteByte(loc[i])
	}
	return out.String()
}

// place is one place of one phone's uploads over its sessions.
type place struct {
	phone, app, host, place string
	sessions                []placeSession // ascending
}

type placeSession struct {
	index  int
	after  []string
	values []string
}

// Learn finds the identifiers of several sessions, sorted by phone, app, host, place and value.
func Learn(sessions []Session) []Learned {
	places := gather(sessions)
	var out []Learned
	for _, p := range places {
		for _, v := range p.candidates() {
			l, ok := p.follow(v)
			if !ok {
				continue
			}
			shared := false
			for _, o := range places {
				if o.phone == p.phone || o.app != p.app || o.host != p.host || o.place != p.place {
					continue
				}
				if o.holds(v) {
					shared = true // the same everywhere: a key of the app, not a name of the phone
					break
				}
				l.Others++
			}
			if !shared {
				out = append(out, l)
			}
		}
	}
	return out
}

func gather(sessions []Session) []*place {
	sessions = slices.Clone(sessions)
	slices.SortFunc(sessions, func(a, b Session) int { return cmp.Or(cmp.Compare(a.Phone, b.Phone), cmp.Compare(a.Index, b.Index)) })
	found := map[[4]string]*place{}
	var out []*place
	events := map[*place][]string{}
	for i, s := range sessions {
		if i == 0 || sessions[i-1].Phone != s.Phone {
			clear(events)
		} else {
			for p := range events {
				events[p] = append(events[p], s.After...)
			}
		}
		for _, v := range s.Values {
			key := [4]string{s.Phone, v.App, v.Host, v.Place}
			p := found[key]
			if p == nil {
				p = &place{phone: s.Phone, app: v.App, host: v.Host, place: v.Place}
				found[key] = p
				out = append(out, p)
				events[p] = nil
			}
			if n := len(p.sessions); n == 0 || p.sessions[n-1].index != s.Index {
				p.sessions = append(p.sessions, placeSession{index: s.Index, after: slices.Clone(events[p])})
				events[p] = nil
			}
			last := &p.sessions[len(p.sessions)-1]
			if !slices.Contains(last.values, v.Value) {
				last.values = append(last.values, v.Value)
			}
		}
	}
	slices.SortFunc(out, func(a, b *place) int {
		return cmp.Or(cmp.Compare(a.phone, b.phone), cmp.Compare(a.app, b.app), cmp.Compare(a.host, b.host), cmp.Compare(a.place, b.place))
	})
	return out
}

func (p *place) holds(v string) bool {
	for _, s := range p.sessions {
		if slices.Contains(s.values, v) {
			return true
		}
	}
	return false
}

// candidates are the values of sessions that had few.
func (p *place) candidates() (out []string) {
	for _, s := range p.sessions {
		if len(s.values) <= maxPlaceValues {
			out = append(out, s.values...)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// follow says in which sessions a value was sent and what it outlived. A value of one session alone is none.
func (p *place) follow(v string) (Learned, bool) {
	l := Learned{Phone: p.phone, App: p.app, Host: p.host, Place: p.place, Value: v}
	before := false
	for _, s := range p.sessions {
		now := slices.Contains(s.values, v)
		switch {
		case now && before:
			l.Survived = append(l.Survived, s.after...)
		case before:
			l.Changed = append(l.Changed, s.after...)
		}
		if now {
			l.Sessions = append(l.Sessions, s.index)
		}
		before = now
	}
	for _, list := range []*[]string{&l.Survived, &l.Changed} {
		slices.Sort(*list)
		*list = slices.Compact(*list)
	}
	return l, len(l.Sessions) > 1
}
