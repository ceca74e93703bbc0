package harness

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/telltale-farm/telltale/adb"
	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/capture/flow"
)

// verbs are the destructive verbs of devices.yaml that the events need.
var verbs = map[string]string{
	leak.EventRestart: "force-stop", leak.EventDataReset: "app-data-reset", leak.EventReinstall: "reinstall", leak.EventReboot: "reboot",
}

// events does what an action wants done to its app or its phone before its window, and writes down when: what the app
// sends from then on belongs to another session. Nothing is done unless devices.yaml allows all of it.
func (l *Lease) events(ctx context.Context, about About, at *leak.Attempt) error {
	for _, kind := range about.Before {
		verb, ok := verbs[kind]
		if !ok {
			return fmt.Errorf("nothing is known of an event %q: there are %s", kind, strings.Join(slices.Sorted(mapKeys(verbs)), ", "))
		}
		if err := l.driver.Allow(verb); err != nil {
			return err
		}
	}
	for _, kind := range about.Before {
		// Apps send what they hold back when they leave the screen: what is of the session before goes out in it.
		if err := l.driver.Screen.Home(ctx); err != nil {
			return err
		}
		if _, err := settle(ctx, l.rec, l.rec.Now(), l.profile.Settle.Min, l.profile.Settle.Max); err != nil {
			return err
		}
		e := leak.Event{Kind: kind, App: about.App, AtUS: l.rec.Now()}
		if kind == leak.EventReboot {
			e.App = ""
		}
		at.Events = append(at.Events, e) // also when it fails: it may have been done
		l.say(strings.TrimSpace(kind + " " + e.App))
		err := l.event(ctx, kind, about.App)
		l.note("event", strings.TrimSpace(kind+" "+e.App), err)
		if err != nil {
			return fmt.Errorf("%s before %s: %w", kind, about.App, err)
		}
	}
	return nil
}

// unopened closes the window of an attempt whose events came to nothing, from when they began.
func (l *Lease) unopened(at *leak.Attempt, first, start int64, err error) {
	at.Window = flow.Window{First: first, Last: l.rec.LastSeq(), Start: start, End: max(l.rec.Now(), start+1)}
	at.Postcondition.Got = err.Error()
}

func (l *Lease) event(ctx context.Context, kind, app string) error {
	switch kind {
	case leak.EventRestart:
		_, err := l.device.Shell(ctx, "am", "force-stop", app)
		return err
	case leak.EventDataReset:
		if err := l.told(ctx, "Success", "the data of "+app+" to be cleared", "pm", "clear", app); err != nil {
			return err
		}
		return l.forgetSwitch(ctx, app)
	case leak.EventReinstall:
		if err := l.reinstall(ctx, app); err != nil {
			return err
		}
		return l.forgetSwitch(ctx, app)
	}
	return l.reboot(ctx, app)
}

// told runs a command that answers in words whether it did what it should.
func (l *Lease) told(ctx context.Context, want, what string, argv ...string) error {
	res, err := l.device.Shell(ctx, argv...)
	if err != nil && adb.CodeOf(err) != "" {
		return err
	}
	if said := strings.TrimSpace(string(res.Stdout) + string(res.Stderr)); err != nil || !strings.Contains(said, want) {
		return &NotPerformed{Want: what, Got: fmt.Sprintf("%q", said), Err: err}
	}
	return nil
}

// reinstall takes an app of the system from its user and gives it back: its data are gone, its files stay. An app that
// the user installed would be lost, and is not touched.
func (l *Lease) reinstall(ctx context.Context, app string) error {
	res, err := l.device.Shell(ctx, "pm", "list", "packages", "-s", app)
	if err != nil {
		return err
	}
	if !slices.Contains(strings.Fields(string(res.Stdout)), "package:"+app) {
		return &NotPerformed{Want: "to reinstall " + app, Got: "an app that is no part of the system, and would be lost"}
	}
	back := []string{"cmd", "package", "install-existing", "--user", "0", app}
	if err := l.rememberScript("the removal of "+app, strings.Join(back[:5], " ")+" "+adb.Quote(app)); err != nil {
		return err
	}
	if err := l.told(ctx, "Success", app+" to be removed", "pm", "uninstall", "--user", "0", app); err != nil {
		return err
	}
	return l.told(ctx, "installed for user", app+" to be installed again", back...)
}
