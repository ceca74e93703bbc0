package harness

import (
	"context"
	"fmt"
	"time"

	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/capture/flow"
	"github.com/telltale-farm/telltale/capture/record"
	"github.com/telltale-farm/telltale/harness/profile"
)

// controlTimeout is how long a browser may take to open the control page. Cold starts on slow phones take 10 s.
const controlTimeout = 30 * time.Second

// controlLook is how often the recording is looked at for the control's flow.
const controlLook = 100 * time.Millisecond

// NoControl says that no browser of a phone lets us read what it sends: there is nothing to be learnt from driving it.
type NoControl struct{ Phone string }

func (e *NoControl) Error() string {
	return fmt.Sprintf("our canary arrived readable through no browser of %s, so nothing it sends can be judged: %s", e.Phone, certFix)
}

// controls opens our own page, with a canary in its address, in each browser of the phone. A browser in which the canary
// does not arrive readable is driven all the same, since a leak may still be seen; but nothing of it can be clean. A real
// phone on which none can be read is not driven: its owner has to install the certificate first.
func (l *Lease) controls(ctx context.Context) error {
	readable := 0
	for _, b := range l.profile.Browsers {
		s := l.Session(leak.Key{Phone: l.profile.ID, Browser: b.ID, Scenario: leak.ControlScenario, Variant: "default"})
		at, err := s.attempt(ctx, &control{lease: l, browser: b, page: s.controlPage(l.ControlHost)})
		at.Repeat = 1
		if werr := l.dir.AppendAttempt(*at); werr != nil {
			return werr
		}
		l.progress(s.key, at)
		if at.Fault != nil {
			return err
		}
		if at.Postcondition.Seen {
			readable++
		}
	}
	if readable == 0 && l.profile.Kind == profile.USB {
		return &NoControl{Phone: l.profile.ID}
	}
	return nil
}

func (s *Session) controlPage(host string) *Canary {
	return s.URL("control page", host)
}

// control is the action of a positive control: the browser opens a page that only we know of, on a host that only our
// proxy answers.
type control struct {
	lease   *Lease
	browser profile.Browser
	page    *Canary
	first   int64 // flows from here on are this control's
}

func (c *control) Name() string { return "control" }

func (c *control) About() About {
	return About{
		Scope: leak.ScopeApp, App: c.browser.App, Claims: []leak.Claim{},
		Canaries:      []*Canary{c.page},
		Postcondition: "the control page's canary, decrypted in our record",
	}
}

func (c *control) Run(ctx context.Context, d *Driver) error {
	ctx, cancel := context.WithTimeoutCause(ctx, controlTimeout, &NotPerformed{Want: "the control page's canary in our record", Got: fmt.Sprintf("none within %s: does %s trust our certificate?", controlTimeout, c.browser.App)})
	defer cancel()
	c.first = c.lease.rec.LastSeq() + 1
	entry, _ := d.Phone.App(c.browser.App)
	if err := d.Screen.Home(ctx); err != nil {
		return err
	}
	if entry.Launch != "" {
		// Once by its icon, so that its first-run dialogs do not swallow the page.
		if _, err := d.Device.StartActivity(ctx, "-n", entry.Launch); err != nil {
			return err
		}
		if err := d.Front(ctx, c.browser.App); err != nil {
			return err
		}
	}
	if err := d.Dismiss(ctx, entry); err != nil {
		return err
	}
	res, err := d.Device.StartActivity(ctx, "-a", "android.intent.action.VIEW", "-d", c.page.Value(), c.browser.App)
	if err != nil {
		return err
	}
	if !res.OK() {
		return &NotPerformed{Want: c.browser.App + " to open the control page", Got: res.Error}
	}
	return c.await(ctx)
}

// await waits until the record holds the control's request.
func (c *control) await(ctx context.Context) error {
	tick := time.NewTicker(controlLook)
	defer tick.Stop()
	for {
		found, err := c.recorded()
		if err != nil || found {
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-tick.C:
		}
	}
}

func (c *control) recorded() (bool, error) {
	if err := c.lease.rec.Sync(); err != nil {
		return false, err
	}
	r, err := record.Open(c.lease.dir.FS())
	if err != nil {
		return false, err
	}
	flows, err := r.Flows()
	if err != nil {
		return false, err
	}
	for i := range flows {
		f := &flows[i]
		switch {
		case f.Seq < c.first:
		case f.Kind == flow.KindExchange && f.Control && f.Request != nil && f.Request.Target == c.page.Value():
			return true, nil
		case f.Kind == flow.KindTunnel && f.Class == flow.ClassUntrustedCA && f.Host == c.lease.ControlHost:
			return false, &NotPerformed{Want: "the control page's canary in our record", Got: c.browser.App + " refused our certificate"}
		}
	}
	return false, nil
}
