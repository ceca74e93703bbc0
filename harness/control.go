package harness

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/telltale-farm/telltale/adb/ui"
	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/capture/flow"
	"github.com/telltale-farm/telltale/harness/profile"
)

// controlTimeout is how long a browser may take to open the control page. Cold starts on slow phones take 10 s.
const controlTimeout = 30 * time.Second

// controlLook is how often the recording is looked at for the control's flow.
const controlLook = 100 * time.Millisecond

// NoControl says that no browser of a phone lets us read what it sends: there is nothing to be learnt from driving it.
type NoControl struct{ Phone string }

func (e *NoControl) Error() string {
	return fmt.Sprintf("our canary arrived readable through no browser of %s, so nothing it sends can be judged: `telltale doctor %s` says for each what makes it believe our certificate", e.Phone, e.Phone)
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
	c.first = c.lease.rec.LastSeq() + 1
	if err := c.open(ctx, d); err != nil { // each of its steps has a time of its own: a look at a real phone's screen takes 2 to 3 s
		return err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, controlTimeout, &NotPerformed{Want: "the control page's canary in our record", Got: fmt.Sprintf("none within %s: does %s trust our certificate?", controlTimeout, c.browser.App)})
	defer cancel()
	refused := false
	err := c.until(ctx, func(flows []flow.Flow) bool {
		for i := range flows {
			f := &flows[i]
			if f.Seq < c.first {
				continue
			}
			refused = f.Kind == flow.KindTunnel && f.Class == flow.ClassUntrustedCA && f.Host == c.lease.ControlHost
			if refused || c.asked(f) {
				return true
			}
		}
		return false
	})
	if refused {
		got := c.browser.App + " refused our certificate"
		if why := c.lease.unread(c.browser.App); why != "" {
			got += ": " + why
		}
		return &NotPerformed{Want: "the control page's canary in our record", Got: got}
	}
	return err
}

// open brings the browser to the front and sends it to the page.
func (c *control) open(ctx context.Context, d *Driver) error {
	entry, _ := d.Phone.App(c.browser.App)
	if err := d.Screen.Home(ctx); err != nil {
		return err
	}
	if entry.Launch != "" {
		// Once by its icon, so that its first-run dialogs do not swallow the page.
		if err := d.Start(ctx, c.browser.App, entry.Launch); err != nil {
			return err
		}
		if err := d.Front(ctx, c.browser.App); err != nil {
			return err
		}
	}
	// A start page that never rests, as one with films among its news, cannot be read; what is proved here is in our record.
	if err := d.Dismiss(ctx, entry); err != nil && !errors.Is(err, ui.ErrBusy) {
		return err
	}
	res, err := d.Device.StartActivity(ctx, "-a", "android.intent.action.VIEW", "-d", c.page.Value(), c.browser.App)
	if err != nil {
		return err
	}
	if !res.OK() {
		return &NotPerformed{Want: c.browser.App + " to open the control page", Got: res.Error}
	}
	return nil
}

// until looks into the recording until it holds what is wanted.
func (c *control) until(ctx context.Context, wanted func([]flow.Flow) bool) error {
	tick := time.NewTicker(controlLook)
	defer tick.Stop()
	for {
		flows, err := c.lease.flowsOf()
		if err != nil || wanted(flows) {
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-tick.C:
		}
	}
}

// asked says whether a flow is the request for the page, decrypted.
func (c *control) asked(f *flow.Flow) bool {
	return f.Kind == flow.KindExchange && f.Control && f.Request != nil && f.Request.Target == c.page.Value()
}
