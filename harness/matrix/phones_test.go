package matrix

import (
	"slices"
	"strings"
	"time"

	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/harness/virtual/network"
	"github.com/telltale-farm/telltale/harness/virtual/personality"
)

// phoneItself is what follows from what the phone is like.
func (d driven) phoneItself(c drivenCell, e *expected) {
	who, phone := d.row.who, d.row.config().Phones[0]
	web, settle := d.row.web(), phone.Settle.Min
	if web.Trust != network.TrustUser {
		e.reason(leak.CodeControlMissing, leak.CodeOpaqueFlow, leak.CodeNotPerformed) // nor can the page be asked for
	}
	for _, n := range who.Noise {
		if n.Every > 0 && n.Every < settle && (c.about.Scope == leak.ScopePhone || n.App == c.about.App) {
			e.reason(leak.CodeNotQuiet)
			if n.Direct {
				e.reason(leak.CodeBypass)
			}
		}
	}
	for _, a := range who.Apps {
		entry, known := phone.App(a.Package)
		flush := entry.Flush
		if a.Package == web.Package && d.row.flush > 0 {
			flush = d.row.flush
		}
		if !known || flush == 0 {
			flush = time.Minute
		}
		if flush > settle && (c.about.Scope == leak.ScopePhone || a.Package == c.about.App) {
			e.reason(leak.CodeSettleTooShort)
		}
	}
	if strings.HasPrefix(web.Web.SearchURL, "http:") && strings.HasSuffix(c.scenario, "search") && !d.accepted(web.Package, phone.Browsers[0].Search, 80) {
		e.reason(leak.CodeCleartext)
	}
	d.rebooted(c, e)
	if d.row.made > 0 && d.row.asked > d.row.made {
		e.reason(leak.CodeTooFewRepeats)
	}
	for _, l := range who.Lies {
		if l.Faults.InputBlocked { // nobody can put its settings back either, so its end may not be reached
			e.may = append(e.may, leak.CodeDeviceChanged)
		}
		if l.Update != nil && d.updated(*l.Update) {
			e.reason(leak.CodeDeviceChanged)
		}
		if l.Puts != nil && l.Puts.Key == "multi_cb" && d.put(*l.Puts) {
			e.reason(leak.CodeDeviceChanged)
		}
	}
}

// put says whether a setting has the value that somebody gave it.
func (d driven) put(s personality.Setting) bool {
	value, ok := d.phone.State().Settings.Get(s.Namespace, s.Key)
	return ok && value == s.Value
}

// updated says whether an app has the version that an update gave it.
func (d driven) updated(a personality.App) bool {
	p, ok := d.phone.State().Packages.Find(a.Package)
	return ok && p.VersionName == a.Version
}

// rebooted is what a reboot before the app's next cell takes: nothing, if the app was stopped and counted before, and no service for
// it ran on.
func (d driven) rebooted(c drivenCell, e *expected) {
	at := slices.IndexFunc(d.cells, func(x drivenCell) bool { return x.key == c.key })
	if c.about.Scope != leak.ScopeApp || at < 0 {
		return
	}
	for _, next := range d.cells[at+1:] {
		if next.about.App != c.about.App {
			continue
		}
		stopped := slices.Contains(d.row.config().Phones[0].Allow, "force-stop")
		if next.changed() == leak.EventReboot && (!stopped || len(d.row.services) > 0) { // those of the rows run again at once
			e.reason(leak.CodeBypass)
		}
		return
	}
}
