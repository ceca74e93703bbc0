package matrix

import (
	"net/url"
	"slices"
	"strings"

	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/harness/virtual/manifest"
	"github.com/telltale-farm/telltale/harness/virtual/network"
	"github.com/telltale-farm/telltale/harness/virtual/personality"
)

// expected is what a cell's verdict must be. Of an inconclusive one, every code of must has to be there, and none that
// is neither in must nor in may.
type expected struct {
	outcome   leak.Outcome
	must, may []leak.Code
	open      []leak.Code // with these alone, inconclusive is as right as clean: it fell so close to an edge of a window
}

func (e *expected) reason(c leak.Code, companions ...leak.Code) {
	if e.outcome == leak.Clean {
		e.outcome = leak.Inconclusive
	}
	if !slices.Contains(e.must, c) {
		e.must = append(e.must, c)
	}
	e.may = append(e.may, companions...)
}

// truth says what a cell's verdict must be, from what the phone sent, what was done on it, and what it is like.
func truth(d driven, at int) expected {
	m, c := d.phone.Manifest(), d.cells[at]
	e := expected{outcome: leak.Clean}
	c.brought(&e)
	if e.outcome != leak.Clean {
		return e // there is one reason, and what else is missing follows from it
	}
	until := d.until(at)
	d.sent(m, c, until, &e)
	if c.trials > 0 {
		d.compared(m, c, &e)
	}
	if e.outcome == leak.Leaked {
		return e
	}
	if slices.ContainsFunc(d.row.who.Lies, func(l personality.Lie) bool { return l.Wire == personality.Unplugged && l.For == 0 }) {
		e.reason(leak.CodeDeviceLost, leak.CodeDeviceChanged) // and what it became nobody could ask
		return e
	}
	if slices.ContainsFunc(d.row.who.Lies, distrusts) { // what it refuses is opaque, and nothing is asked of it until its clock is right
		e.reason(leak.CodeNotPerformed, leak.CodeOpaqueFlow, leak.CodeDeviceChanged)
	}
	if !d.done(m, c) {
		e.reason(leak.CodeNotPerformed)
	}
	d.unseen(m, c, until, &e)
	if !slices.ContainsFunc(m.Acts, func(a manifest.Act) bool { return strings.Contains(a.Value, controlHost) }) {
		e.reason(leak.CodeControlMissing)
	}
	d.phoneItself(c, &e)
	if strings.HasPrefix(c.scenario, identity) {
		d.unsearched(m, c, &e)
		d.knows(m, at, &e)
	}
	return e
}

// unsearched is what an app sent before its window opened that nobody could look into for identifiers: around the proxy, or
// before a reboot that it ran up to, with which the phone's counters of it were lost.
func (d driven) unsearched(m manifest.Manifest, c drivenCell, e *expected) {
	allowed := d.row.config().Phones[0].Allow
	if c.scenario == identity+"reboot" && slices.Contains(allowed, "reboot") && !slices.Contains(allowed, "force-stop") {
		e.reason(leak.CodeBypass)
	}
	for _, u := range m.Uploads {
		if u.App == c.about.App && u.Via == manifest.Direct && u.Written && u.AtUS >= c.begun && u.EndUS < c.from() {
			e.reason(leak.CodeBypass)
		}
	}
}

// brought is what somebody else did to a cell.
func (c drivenCell) brought(e *expected) {
	switch {
	case c.given.NoAttempt:
		e.reason(leak.CodeNoAttempt)
	case c.given.Interrupted:
		e.reason(leak.CodeHarness)
	case c.given.NotAllowed:
		e.reason(leak.CodeNotAllowed)
	case c.given.TunnelLost:
		e.reason(leak.CodeCaptureGap)
	}
}

// until is when the next cell began that drives the same app, or for ever. What is done to the phone before its action
// belongs to the cell before.
func (d driven) until(at int) int64 {
	for _, c := range d.cells[at+1:] {
		if c.about.App == d.cells[at].about.App && !c.given.NoAttempt {
			return c.from()
		}
	}
	return 1 << 62
}

func (c drivenCell) from() int64 {
	if c.opened > 0 {
		return c.opened
	}
	return c.begun
}

// sent looks for the cell's own words, and for reports of the action, in what was sent.
func (d driven) sent(m manifest.Manifest, c drivenCell, until int64, e *expected) {
	parts := map[string]map[string]bool{} // value -> its pieces that went out
	for _, x := range m.Entries {
		if !c.concerns(x, until) || x.Attempts == 0 {
			continue
		}
		if !x.Readable || x.Via != manifest.Proxy || !x.Written || d.cut(m, x) {
			continue // unseen says what that means
		}
		if x.Part == "" {
			e.outcome = leak.Leaked
			return
		}
		if parts[x.Value] == nil {
			parts[x.Value] = map[string]bool{}
		}
		if parts[x.Value][x.Part] = true; len(parts[x.Value]) == 2 {
			e.outcome = leak.Leaked
			return
		}
	}
	for _, u := range m.Uploads {
		if !u.Readable || u.Via != manifest.Proxy || !u.Written || u.AtUS < c.begun || u.AtUS > c.ended {
			continue
		}
		for _, marker := range c.about.Markers {
			if marker.Kind == "event" && slices.Contains(u.Events, marker.Text) && marker.Own != u.App {
				e.outcome = leak.Leaked
				return
			}
		}
	}
}

// concerns says whether an entry gives away what the cell is about.
func (c drivenCell) concerns(x manifest.Entry, until int64) bool {
	switch x.Kind {
	case manifest.Query, manifest.URL, manifest.Text:
		if c.says(x.Value) {
			return true
		}
		return x.Kind == manifest.Text && x.AtUS >= c.begun && x.AtUS <= c.ended && slices.ContainsFunc(c.about.Markers, func(m leak.Marker) bool {
			return m.Kind == "title" && m.Text == x.Value
		})
	case manifest.Page, manifest.Activity:
		if x.AtUS < c.begun || x.AtUS > c.ended {
			return false
		}
		return slices.ContainsFunc(c.about.Markers, func(m leak.Marker) bool {
			return m.Own != x.App && strings.Contains(x.Value, m.Text)
		})
	}
	return false
}

// says looks for a canary of the cell in a text, as it is or as an address holds it.
func (c drivenCell) says(text string) bool {
	plain, err := url.QueryUnescape(text)
	if err != nil {
		plain = text
	}
	return slices.ContainsFunc(c.secrets, func(s leak.Secret) bool {
		return strings.Contains(text, s.Value) || strings.Contains(plain, s.Value)
	})
}

// cut says whether the recorder cut the upload that an entry was in: then it may have been anywhere in it.
func (d driven) cut(m manifest.Manifest, x manifest.Entry) bool {
	return slices.ContainsFunc(m.Uploads, func(u manifest.Upload) bool {
		return u.App == x.App && u.Host == x.Host && u.AtUS == x.LastUS && u.Bytes > bodyCap
	})
}

// done says whether what the cell is about really happened on the phone, in the right kind of tab.
func (d driven) done(m manifest.Manifest, c drivenCell) bool {
	if d.blind() {
		return false // whatever happened, nobody can have seen it
	}
	s := scenarioNamed(c.scenario)
	if len(c.secrets) == 0 { // an action without a canary
		return slices.ContainsFunc(m.Acts, func(a manifest.Act) bool { return a.AtUS >= c.begun && a.AtUS <= c.ended })
	}
	done := 0
	for _, secret := range c.secrets {
		of := drivenCell{secrets: []leak.Secret{secret}}
		if slices.ContainsFunc(m.Acts, func(a manifest.Act) bool {
			return (!s.browser || a.App == c.about.App && a.Private == s.private) && of.says(a.Value)
		}) {
			done++
		}
	}
	return done >= min(len(c.secrets), max(len(c.about.Canaries), 1))
}

// blind says whether the phone shows nobody its screen.
func (d driven) blind() bool {
	return slices.ContainsFunc(d.row.who.Lies, func(l personality.Lie) bool {
		return l.Faults.NoIdle || l.Faults.NullRoot || l.Faults.NoDumpFile
	})
}

// unseen is what may have held the cell's words and could not be read.
func (d driven) unseen(m manifest.Manifest, c drivenCell, until int64, e *expected) {
	last := until
	if c.about.Scope == leak.ScopePhone {
		last = c.ended
	}
	for _, u := range m.Uploads {
		if u.Via == manifest.Direct && u.AtUS >= c.begun && u.EndUS < c.from() && slices.Contains(d.row.services, u.App) {
			// A connection that is there when the window opens may carry something in it, and no look tells that it did not.
			switch {
			case u.ClosedUS == 0 || u.ClosedUS > c.from():
				e.reason(leak.CodeBypass)
			case u.ClosedUS >= c.from()-lookUS: // the window had opened already, or had not
				e.open = append(e.open, leak.CodeBypass)
			}
		}
		if u.EndUS < c.from() || u.AtUS >= last || c.about.Scope == leak.ScopeApp && u.App != c.about.App && !slices.Contains(d.row.services, u.App) {
			continue
		}
		if d.accepted(u.App, u.Host, u.Port) {
			if c.trials > 0 {
				continue // reacts says what that means
			}
			if c.about.Claims[0] == leak.ClaimReaction {
				e.reason(leak.CodeTooFewRepeats)
			}
			continue
		}
		switch {
		case u.Via == manifest.Direct && u.Written:
			e.reason(leak.CodeBypass)
		case u.Via != manifest.Direct && (!u.Readable || d.refuses(u) || u.Written && strings.HasPrefix(u.Encoding, "socket")): // a protocol of its own
			e.reason(leak.CodeOpaqueFlow)
		case u.Bytes > bodyCap && u.Written:
			e.reason(leak.CodeTruncated)
		}
	}
}

// refuses says whether an app does not believe us at the place where it sends something.
func (d driven) refuses(u manifest.Upload) bool {
	return slices.ContainsFunc(d.row.who.Leaks, func(l personality.Leak) bool {
		at, err := url.Parse(l.URL)
		return err == nil && l.App == u.App && at.Hostname() == u.Host && l.Trust != network.TrustUser && at.Scheme != "http" && at.Scheme != "tunnel"
	})
}

// accepted says whether devices.yaml accepts where an app sends something.
func (d driven) accepted(app, host string, port int) bool {
	for _, a := range d.row.config().Phones[0].Accept {
		if (a.App == app || a.App == "*") && a.Host == host && (a.Port == 0 || a.Port == port) {
			return true
		}
	}
	return false
}

// lookUS is more than a window is open before its action begins: what is looked at before it.
const lookUS = 30_000_000

// compared is what the windows of a cell show that are compared. Where nothing reacts, what comes by itself may hide a
// reaction, and whoever would see that must not say clean: it came into three of sixty windows without the action, so
// that one in three of ten with it would not stand out; or into a window with the action, later than all are compared, where
// nothing is to be compared with.
func (d driven) compared(m manifest.Manifest, c drivenCell, e *expected) {
	if d.reacts(m, c) {
		e.outcome = leak.Leaked
		return
	}
	const hides, hidesNot = 3, 1 // at 2 it depends on what else is sent somewhere
	surely, perhaps := 0, 0
	came := func(from, to int64) (inside, touching bool) {
		for _, u := range m.Uploads {
			if u.Readable && u.Via == manifest.Proxy {
				continue // what it says is read
			}
			inside = inside || u.AtUS >= from+edgeUS && u.EndUS <= to-edgeUS
			touching = touching || u.AtUS <= to+edgeUS && max(u.EndUS, u.ClosedUS) >= from-edgeUS
		}
		return inside, touching
	}
	length := c.length()
	for _, w := range c.windows {
		least, most, from, to := 1, 1, w.begun, min(w.ended, w.begun+length)
		if !w.idle { // one is enough
			least, most, from, to = hides, hidesNot+1, w.begun+length, w.ended
		}
		inside, touching := came(from, to)
		if inside {
			surely += least
		}
		if touching && to > from-edgeUS {
			perhaps += most
		}
	}
	switch {
	case surely >= hides:
		e.reason(leak.CodeTooFewRepeats)
	case perhaps > hidesNot:
		e.open = append(e.open, leak.CodeTooFewRepeats)
	}
}

// edgeUS is how far a window's own edges and what the phone writes down may be apart.
const edgeUS = 200_000

// reacts says whether the phone sends something because of a cell's action: it is made so, and it did so often enough to be seen.
func (d driven) reacts(m manifest.Manifest, c drivenCell) bool {
	on := map[string]personality.Trigger{"open settings": personality.OnSettings, "switch apps": personality.OnSwitch}[c.scenario]
	return slices.ContainsFunc(d.row.who.Leaks, func(l personality.Leak) bool {
		if !slices.Contains(l.On, on) {
			return false
		}
		n := 0
		for _, u := range m.Uploads {
			if u.App == l.App && u.AtUS >= c.begun && u.AtUS <= c.ended {
				n++
			}
		}
		return n*4 >= c.trials
	})
}

// knows is what the identity claim of a cell must be: whether a number that its app sends outlives what was done to the app.
func (d driven) knows(m manifest.Manifest, at int, e *expected) {
	type sent struct {
		cell  int
		value string
	}
	places := map[string][]sent{} // host -> values, in order
	here := map[string]bool{}
	for _, x := range m.Entries {
		if x.Kind != manifest.Identifier || x.App != d.cells[at].about.App || !x.Readable || !x.Written {
			continue
		}
		for i, c := range d.cells {
			if x.AtUS >= c.from() && x.AtUS <= c.ended {
				places[x.Host] = append(places[x.Host], sent{i, x.Value})
				here[x.Host] = here[x.Host] || i == at
			}
		}
	}
	for host := range here {
		if !here[host] {
			continue
		}
		lasted, gone, asked := false, false, false
		for i, a := range places[host] {
			for _, b := range places[host][i+1:] {
				for _, between := range d.cells[a.cell+1 : b.cell+1] {
					what := between.changed()
					asked = asked || what != ""
					lasted = lasted || what != "" && a.value == b.value
					gone = gone || (what == leak.EventDataReset || what == leak.EventReinstall) && a.value != b.value
				}
			}
		}
		switch {
		case !asked:
			e.reason(leak.CodeTooFewSessions)
		case lasted && gone:
			e.outcome = leak.Leaked
			return
		case lasted:
			e.reason(leak.CodeTooFewPhones)
		}
	}
}
