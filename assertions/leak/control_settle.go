package leak

import (
	"fmt"
	"slices"

	"github.com/telltale-farm/telltale/capture/flow/safe"
)

// settle checks that the window stayed open until the phone was quiet, and that quiet was long enough for what its apps
// hold back.
func (p *phone) settle(a *Attempt) (out []Reason) {
	least := p.policy.SettleMinUS
	if open := a.Window.End - a.Window.Start; !a.Settle.Quiet || a.Settle.QuietUS < least || a.Settle.QuietUS > open {
		out = append(out, Reason{Code: CodeNotQuiet, Attempt: a.ID,
			Detail: fmt.Sprintf("the phone had been quiet for %s when the window closed; it takes %s", micros(a.Settle.QuietUS), micros(least))})
	}
	app, flush, known := p.flush(a)
	if least >= flush {
		return out
	}
	detail := fmt.Sprintf("settle.min is %s, and %s is known to hold events back for %s", micros(least), app, micros(flush))
	if !known {
		detail = fmt.Sprintf("settle.min is %s, and how long %s holds events back is unknown, which counts as %s: raise settle.min, or add the app to the catalogue",
			micros(least), app, micros(flush))
	}
	return append(out, Reason{Code: CodeSettleTooShort, Detail: safe.Text(detail), Attempt: a.ID, App: safe.Text(app)})
}

// flush gives the longest time that an app in an attempt's scope may hold events back, and the first such app by name.
func (p *phone) flush(a *Attempt) (app string, us int64, known bool) {
	if a.Scope == ScopeApp {
		return p.flushWithServices(a)
	}
	if len(p.lines) == 0 || len(p.lines[0].Apps) == 0 {
		return "some app of the phone", UnknownFlushUS, false
	}
	us = -1
	for _, x := range p.lines[0].Apps {
		t, k := p.flushOf(x.Package)
		if t > us || t == us && x.Package < app {
			app, us, known = x.Package, t, k
		}
	}
	return app, us, known
}

// flushWithServices is flush of one app and of the services that send on behalf of browsers. Of those only what is known
// counts: most hold nothing back, and what they send late is watched for until the app is driven again (lateUnread).
func (p *phone) flushWithServices(a *Attempt) (app string, us int64, known bool) {
	app = a.App
	us, known = p.flushOf(app)
	if len(p.lines) == 0 {
		return app, us, known
	}
	for _, x := range p.lines[0].Apps {
		if !slices.Contains(p.policy.Services, x.Package) {
			continue
		}
		if t, k := p.flushOf(x.Package); k && t > us {
			app, us, known = x.Package, t, k
		}
	}
	return app, us, known
}

func (p *phone) flushOf(app string) (int64, bool) {
	for _, f := range p.policy.Flush {
		if f.App == app {
			return f.US, true
		}
	}
	return UnknownFlushUS, false
}

// micros writes a time in the largest unit that keeps it whole.
func micros(us int64) string {
	switch {
	case us%1_000_000 == 0:
		return fmt.Sprintf("%d s", us/1_000_000)
	case us%1_000 == 0:
		return fmt.Sprintf("%d ms", us/1_000)
	}
	return fmt.Sprintf("%d us", us)
}
