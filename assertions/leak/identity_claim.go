package leak

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/telltale-farm/telltale/capture/flow/safe"
)

// story is what learning needs of a phone that was judged: what it sent that could identify it, and what to call that.
type story struct {
	id       string
	mask     masker
	facts    []string
	sessions []Session
	full     bool               // and there was more
	apps     map[int64]cellApp  // by attempt
	shared   map[int64][]string // of each flow whose app is not known: the packages of its uid, none if that is unknown too
	blind    []Reason           // which identifiers could not be looked for
	open     []openEnd
}

// openEnd is what flows of an app that is not known, sent in the window of an attempt, leave open.
type openEnd struct {
	attempt int64
	flows   []int64
	reason  Reason
}

// cellApp is the cell of an attempt, and the app it is about.
type cellApp struct {
	key Key
	app string
}

func (p *phone) story() story {
	s := story{id: p.id, mask: p.mask, facts: p.facts(), sessions: p.placed.out, full: p.placed.full, apps: map[int64]cellApp{}, blind: p.blind()}
	for i := range p.attempts {
		a := &p.attempts[i]
		s.apps[a.ID] = cellApp{a.Key, a.App}
	}
	s.shared = map[int64][]string{}
	for i := range p.seen {
		if at := &p.seen[i]; at.app == "" {
			s.shared[at.flow.Seq] = at.shared
			if at.more && !p.ours(at.flow) {
				s.open = append(s.open, openEnd{p.windowOf(at.flow, func(*Attempt) bool { return true }), []int64{at.flow.Seq}, p.beyond(at)})
			}
		}
	}
	return s
}

// identify adds to the identity claims what can be learned from what all phones sent, and to the findings of cells which
// learned identifiers travelled with them.
func identify(stories []story, cells []CellVerdict, claims []Identity) []Identity {
	var sessions []Session
	byPhone := map[string]*story{}
	for i := range stories {
		sessions = append(sessions, stories[i].sessions...)
		byPhone[stories[i].id] = &stories[i]
	}
	of := func(l *Learned) *Identity {
		i := slices.IndexFunc(claims, func(c Identity) bool { return c.Phone == l.Phone && c.App == l.App })
		if i < 0 {
			return nil
		}
		return &claims[i]
	}
	learned, unsure := Learn(sessions)
	for i := range learned {
		l := &learned[i]
		s := byPhone[l.Phone]
		if c := of(l); c != nil && !namesBuild(l.Values, s.facts) {
			s.learned(l, c, cells)
		}
	}
	for i := range unsure {
		l := &unsure[i]
		if c := of(l); c != nil && !namesBuild(l.Values, byPhone[l.Phone].facts) && !c.names(l) {
			c.Reasons = append(c.Reasons, l.reason())
			byPhone[l.Phone].leftOpen(l)
		}
	}
	for i := range claims {
		c := &claims[i]
		if byPhone[c.Phone].full {
			c.Reasons = append(c.Reasons, tooMany)
		}
		c.Findings = sortFindings(c.Findings)
		if len(c.Reasons) > 0 {
			c.Reasons = mergeReasons(c.Reasons)
		}
		switch {
		case len(c.Findings) > 0:
			c.Outcome = Leaked
		case len(c.Reasons) > 0:
			c.Outcome = Inconclusive
		}
	}
	for i := range cells {
		if s := byPhone[cells[i].Phone]; s != nil {
			s.claim(&cells[i], claims)
		}
	}
	return claims
}

var tooMany = Reason{Code: CodeTruncated, Detail: "there were more values that could be identifiers than are kept"}

// leftOpen keeps what is not decided of a value that an app sent which is not known: it may be that of any cell.
func (s *story) leftOpen(l *Learned) {
	if l.App != "" {
		return
	}
	for _, v := range l.Seen {
		s.open = append(s.open, openEnd{v.Attempt, v.Flows, l.reason()})
	}
}

// learned adds a learned identifier to its app's claim: as the proof of a known identifier that was found in its place, or
// as findings of its own, one an attempt; and names it in the findings of cells that it travelled with.
func (s *story) learned(l *Learned, c *Identity, cells []CellVerdict) {
	host, place := safe.Text(l.Host), placeOf(s.mask.text(l.Place))
	known := false
	for i := range c.Findings {
		f := &c.Findings[i]
		if f.Class != ClassLearned && f.Host == host && placeOf(f.Location) == place {
			f.Proof, known = &l.Proof, true
		}
	}
	if known {
		return
	}
	name := ClassLearned + ":" + lastPlace(place)
	hide := masker{key: s.mask.key}
	for _, v := range l.Values {
		if form, _ := project(v); len(form) >= minMasked {
			hide.known = append(hide.known, maskedValue{form, s.mask.show(name, v)})
		}
	}
	for _, v := range l.Seen {
		f := Finding{
			Flow: v.Flows[0], Attempt: v.Attempt, App: safe.Text(l.App), Host: host, Canary: name, Class: ClassLearned,
			Location: s.mask.text(v.Location), Transforms: []string{}, SHA256: s.digest(v.Value), Preview: s.mask.show(name, v.Value), Proof: &l.Proof,
		}
		for _, t := range v.Transforms {
			f.Transforms = append(f.Transforms, s.mask.text(t))
		}
		c.Findings = append(c.Findings, f)
	}
	for i := range cells {
		if cells[i].Phone != s.id {
			continue
		}
		for _, claim := range cells[i].Claims {
			for j := range claim.Findings {
				f := &claim.Findings[j]
				f.Preview = hide.conceal(f.Preview)
				if f.Class != ClassLearned && l.in(f.Flow) && !slices.Contains(f.Identity, name) {
					f.Identity = append(f.Identity, name)
					slices.Sort(f.Identity)
				}
			}
		}
	}
}

// digest is that of a value which nobody can guess, so that it can be compared with another run's; else a keyed one.
func (s *story) digest(value string) string {
	if !randomShape(value) {
		return s.mask.hash(value)
	}
	sum := sha256.Sum256([]byte(value))
	return hex.EncodeToString(sum[:])
}

// conceal masks identifiers in a text that is safe already.
func (m *masker) conceal(s string) string {
	for _, v := range m.known {
		s = v.replace(s)
	}
	return s
}

func (l *Learned) in(flow int64) bool {
	return slices.ContainsFunc(l.Seen, func(v PlacedValue) bool { return slices.Contains(v.Flows, flow) })
}

// lastPlace is the last name of a place: "distinct_id" of "body > json $[].distinct_id".
func lastPlace(place string) string {
	if i := strings.LastIndex(place, " > "); i >= 0 {
		place = place[i+3:]
	}
	name := place[strings.LastIndexAny(place, ". ")+1:]
	if strings.Trim(name, "0123456789[]#@$") == "" {
		name = place // a number of a field alone
	}
	return strings.ReplaceAll(name, " ", "-")
}

// names says whether an identifier that has a name was found in the place of a value.
func (c *Identity) names(l *Learned) bool {
	host := safe.Text(l.Host)
	return slices.ContainsFunc(c.Findings, func(f Finding) bool {
		return f.Host == host && placeOf(f.Location) == placeOf(safe.Text(l.Place))
	})
}

// reason says what kept a value from being told apart from a constant or from a token of one visit.
func (l *Learned) reason() Reason {
	r := Reason{App: safe.Text(l.App), Host: safe.Text(l.Host), Class: lastPlace(safe.Text(l.Place))}
	if l.Proof.lasting() {
		r.Code = CodeTooFewPhones
		r.Detail = "a value that looks drawn at random " + l.Proof.String() + ", and no other phone sent one from there: it may name this phone, or be a constant of the app"
		return r
	}
	r.Code = CodeTooFewSessions
	r.Detail = "a value that looks drawn at random was not sent before and after a restart: it may outlive one"
	return r
}

// may says whether a flow whose app is not known may be an app's.
func (s *story) may(flow int64, app string) bool {
	shared, unknown := s.shared[flow]
	return unknown && (len(shared) == 0 || slices.Contains(shared, app))
}

// silent says that nothing was sent in the windows of a cell that claims nothing else: what its app sent in other windows
// keeps open whether it has an identifier, not whether one was sent in these.
func silent(cell *CellVerdict) bool {
	return len(cell.Claims) == 1 && cell.Coverage.Flows == 0 && cell.Coverage.Attempts > 0 && cell.Coverage.Faulted == 0
}

// claim settles the identity claim of a cell that makes one: what its app, or one that is not known, sent in its windows.
func (s *story) claim(cell *CellVerdict, claims []Identity) {
	v, ok := cell.Claims[ClaimIdentity]
	if !ok {
		return
	}
	for _, c := range claims {
		if c.Phone != cell.Phone {
			continue
		}
		mine := false
		for _, a := range s.apps {
			mine = mine || a.key == cell.Key && a.app == c.App
		}
		if !mine && c.App != "" {
			continue
		}
		for _, f := range c.Findings {
			if a := s.apps[f.Attempt]; a.key == cell.Key && (mine || s.may(f.Flow, a.app)) {
				v.Findings = append(v.Findings, f)
			}
		}
		if mine && !silent(cell) {
			v.Reasons = append(v.Reasons, c.Reasons...)
		}
	}
	if !silent(cell) {
		v.Reasons = append(v.Reasons, s.blind...)
		if s.full {
			v.Reasons = append(v.Reasons, tooMany)
		}
	}
	for _, o := range s.open {
		if a := s.apps[o.attempt]; a.key == cell.Key && slices.ContainsFunc(o.flows, func(f int64) bool { return s.may(f, a.app) }) {
			v.Reasons = append(v.Reasons, o.reason)
		}
	}
	cell.Claims[ClaimIdentity] = settled(v)
	cell.Outcome = Clean
	for _, c := range cell.Claims {
		cell.Outcome = worst(cell.Outcome, c.Outcome)
	}
}
