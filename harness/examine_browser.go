package harness

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/telltale-farm/telltale/adb"
	"github.com/telltale-farm/telltale/adb/ui"
	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/capture/flow"
	"github.com/telltale-farm/telltale/capture/record"
	"github.com/telltale-farm/telltale/harness/profile"
)

// certFix is how an owner makes a browser trust the farm's certificate.
func (l *Lease) certFix() string {
	return "install our certificate: adb -s " + shellWord(l.Serial) + " push " + shellWord(filepath.Join(caDir(l.State), "ca.pem")) + " " + certFile +
		", then on the phone Settings > Security > Encryption & credentials > Install a certificate > CA certificate (up to Android 10: Install from storage, which asks for a screen lock; " +
		"where it stands elsewhere, search the settings for \"certificate\"); an app that trusts only the system's store needs a rooted phone"
}

// visit is what became of our own page in one browser.
type visit struct {
	arrived bool       // something of it reached the proxy
	read    bool       // decrypted
	class   flow.Class // why not
	detail  string
	around  int64 // bytes of the browser that were counted meanwhile
	err     error // the counters could not be read
}

// consent says what a browser has been consented to: its state is part of what a verdict is about.
func consent(b profile.Browser) probe {
	return probe{
		id: "consent:" + b.ID, name: "what " + b.ID + " was consented to is known", needs: []string{"lock-screen", "screen-dump"},
		try: func(ctx context.Context, x *examination) found {
			l := x.lease
			entry, known := l.profile.App(b.App)
			if !known {
				return unknown("the catalogue does not know "+b.App, "see docs/phones.md on adding an app")
			}
			if err := x.launch(ctx, b, entry.Launch); err != nil {
				var missing *NotPerformed
				if errors.As(err, &missing) {
					return no(err.Error(), "install "+b.App+", close what lies over it, or take "+b.ID+" off the phone's browsers")
				}
				return failed(err)
			}
			t, err := l.driver.Screen.Dump(ctx)
			if err != nil {
				return failed(err)
			}
			for _, s := range selectorsOf(entry.Consent) {
				if n := t.Find(s); n != nil {
					return yes("nothing yet: its first-run dialog is open, and a run answers it with " + label(n))
				}
			}
			return yes("its first-run dialogs were answered before, or it has none")
		},
	}
}

func label(n *ui.Node) string {
	if text := strings.TrimSpace(n.Text); text != "" {
		return `"` + text + `"`
	}
	return n.ID
}

// launch brings a browser to the front by its icon.
func (x *examination) launch(ctx context.Context, b profile.Browser, component string) error {
	l := x.lease
	if err := l.driver.Screen.Home(ctx); err != nil {
		return err
	}
	if err := l.driver.Start(ctx, b.App, component); err != nil {
		if adb.CodeOf(err) == adb.NoActivity {
			err = &NotPerformed{Want: "to start " + b.App, Got: err.Error(), Err: err}
		}
		return err
	}
	return l.driver.Front(ctx, b.App)
}

// proxied opens our own page in a browser and looks whether anything of it reaches the proxy.
func proxied(b profile.Browser) probe {
	return probe{
		id: "proxied:" + b.ID, name: b.ID + " goes through our proxy", needs: []string{"proxy", "consent:" + b.ID},
		try: func(ctx context.Context, x *examination) found {
			v, err := x.visit(ctx, b)
			if err != nil {
				return failed(err)
			}
			x.visits[b.ID] = v
			if !v.arrived {
				return no(v.detail, "see on the phone whether "+b.App+" has a proxy or VPN of its own, or shows a dialog; what it sends cannot be captured")
			}
			return yes("")
		},
	}
}

// trusted says whether our page was read: the only proof that an app believes our certificate.
func trusted(b profile.Browser) probe {
	return probe{
		id: "trusted:" + b.ID, name: b.ID + " believes our certificate", needs: []string{"proxied:" + b.ID},
		try: func(_ context.Context, x *examination) found {
			if v := x.visits[b.ID]; !v.read {
				detail := v.detail
				if why := x.lease.unread(b.App); why != "" {
					detail += "; " + why
				}
				return no(detail, x.lease.caFix(b.App))
			}
			return yes("our canary was decrypted")
		},
	}
}

// visit opens our page, with a canary in its address, and says what the recording holds of it.
func (x *examination) visit(ctx context.Context, b profile.Browser) (visit, error) {
	l := x.lease
	if err := l.trust(ctx); err != nil {
		return visit{}, err
	}
	s := l.Session(leak.Key{Phone: l.profile.ID, Browser: b.ID, Scenario: leak.ControlScenario, Variant: "default"})
	c := &control{lease: l, browser: b, page: s.controlPage(l.ControlHost)}
	if err := s.mintFor(c, &leak.Attempt{}); err != nil {
		return visit{}, err
	}
	var v visit
	before, err := l.device.Traffic(ctx)
	v.err = err
	if err := c.open(ctx, l.driver); err != nil {
		return v, err
	}
	if l.dry {
		v.arrived, v.read = true, true
		return v, nil
	}
	if err := x.watch(ctx, c, &v); err != nil {
		return v, err
	}
	after, err := l.device.Traffic(ctx)
	v.err = errors.Join(v.err, err)
	for uid, apps := range l.apps {
		if len(apps) == 1 && apps[0] == b.App {
			v.around = after[uid].TX - before[uid].TX
		}
	}
	return v, nil
}

// watch looks into the recording until our page was read or refused, or patience ends.
func (x *examination) watch(ctx context.Context, c *control, v *visit) error {
	ctx, cancel := context.WithTimeout(ctx, x.patience())
	defer cancel()
	err := c.until(ctx, func(flows []flow.Flow) bool {
		for i := range flows {
			f := &flows[i]
			if f.Host != c.lease.ControlHost {
				continue
			}
			v.arrived = true
			switch {
			case c.asked(f):
				v.read = true
				return true
			case f.Kind == flow.KindTunnel && f.Class != flow.ClassReadable && f.End >= 0:
				v.class, v.detail = f.Class, fmt.Sprintf("it ended the handshake: %s", f.Class)
			}
		}
		return v.class != flow.ClassReadable
	})
	if ctx.Err() == nil {
		return err
	}
	if v.arrived {
		v.detail = "it connected to our proxy, and our page was not asked for"
	} else {
		v.detail = fmt.Sprintf("nothing of it reached our proxy within %s", x.patience())
	}
	return nil
}

// flowsOf reads a recording as it stands.
func (l *Lease) flowsOf() ([]flow.Flow, error) {
	if err := l.rec.Sync(); err != nil {
		return nil, err
	}
	r, err := record.Open(l.dir.FS())
	if err != nil {
		return nil, err
	}
	return r.Flows()
}
