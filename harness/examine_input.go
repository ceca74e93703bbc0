package harness

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/telltale-farm/telltale/adb"
	"github.com/telltale-farm/telltale/adb/ui"
	"github.com/telltale-farm/telltale/harness/profile/catalogue"
)

// inputFix is how Xiaomi's systems are made to let adb tap, type and change settings.
const inputFix = `switch on Developer options > "USB debugging (Security settings)" (it needs a Mi account and a SIM); if it still says no, reboot the phone`

// inputAllowed asks Xiaomi's switch. It can flip back by itself, so a run asks again before every attempt.
func inputAllowed() probe {
	return probe{
		id: "input", name: "adb may tap, type and change settings", needs: []string{"authorised"},
		try: func(ctx context.Context, x *examination) found {
			if x.props == nil {
				return unknown("its properties could not be read", "run doctor again")
			}
			if !xiaomi(x.props) {
				return yes("not a Xiaomi system, so nothing has to be switched on")
			}
			value := x.props["persist.security.adbinput"]
			if err := x.lease.inputAllowed(ctx, value); adb.CodeOf(err) == adb.Denied {
				return no(err.Error(), inputFix)
			} else if err != nil {
				return failed(err)
			}
			if value == "" {
				return yes("its system has no switch for it, and takes a key")
			}
			return yes("persist.security.adbinput is 1")
		},
	}
}

// tapLands taps on a row of the settings and looks whether another page opens. HyperOS drops taps without an error: only
// the phone's log tells.
func tapLands() probe {
	return probe{
		id: "tap", name: "a tap lands", needs: []string{"input", "lock-screen", "screen-dump"},
		try: func(ctx context.Context, x *examination) found {
			l := x.lease
			since, err := l.phoneTime(ctx)
			if err != nil {
				return failed(err)
			}
			row, before, err := x.settingsRow(ctx)
			var missing *NotPerformed
			if errors.As(err, &missing) {
				return unknown(missing.Error(), "look at the phone's screen; nothing may lie over the settings")
			}
			if err != nil {
				return failed(err)
			}
			defer func() { _ = l.driver.Screen.Home(ctx) }() // the next look at the screen begins with home anyway
			px, py := row.Bounds.Center()
			if err := l.device.Tap(ctx, px, py); err != nil {
				return no(err.Error(), fixOf(err, inputFix))
			}
			changed, err := x.changes(ctx, before)
			if err != nil {
				return failed(err)
			}
			if changed {
				return yes("a tap on " + row.Text + " in the settings opened another page")
			}
			if err := l.device.InputDenied(ctx, since); adb.CodeOf(err) == adb.Denied {
				return no("the phone drops taps without an error; its log says: "+err.Error(), inputFix)
			}
			return unknown("a tap on "+row.Text+" in the settings changed nothing, and the phone's log does not say why", "tap there by hand; then run doctor again")
		},
	}
}

// harmless are pages of the settings that one can open without changing anything, the likeliest first.
var harmless = [...]string{"display", "sound", "apps", "about"}

// settingsRow opens the settings and finds a row that leads to another page.
func (x *examination) settingsRow(ctx context.Context) (row *ui.Node, before string, err error) {
	ctx, cancel := context.WithTimeout(ctx, x.patience())
	defer cancel()
	l := x.lease
	if err := l.driver.Screen.Home(ctx); err != nil {
		return nil, "", err
	}
	res, err := l.device.StartActivity(ctx, "-a", "android.settings.SETTINGS")
	if err != nil {
		return nil, "", err
	}
	if !res.OK() {
		return nil, "", &NotPerformed{Want: "the settings to open", Got: res.Error}
	}
	err = l.driver.Await(ctx, "a row of the settings", func(t *ui.Tree) bool {
		for _, id := range harmless {
			page, _ := catalogue.FindSurface(id)
			for _, n := range t.FindAll(ui.Selector{Texts: page.Titles, Package: catalogue.SettingsPackage}) {
				if !n.Bounds.Empty() {
					row, before = n, wordsIn(t, catalogue.SettingsPackage)
					return true
				}
			}
		}
		return false
	})
	return row, before, err
}

// tapTimeout is how long a page may take to open after a tap.
const tapTimeout = 8 * time.Second

// changes waits until the settings show something else than before.
func (x *examination) changes(ctx context.Context, before string) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, min(tapTimeout, x.patience()))
	defer cancel()
	err := x.lease.driver.Screen.Await(ctx, "another page of the settings", func(t *ui.Tree) bool {
		return wordsIn(t, catalogue.SettingsPackage) != before
	})
	var missing *ui.NotFoundError
	if errors.As(err, &missing) {
		return false, nil
	}
	return err == nil, err
}

// wordsIn joins what a package shows. The rest of the screen, such as the clock, changes by itself.
func wordsIn(t *ui.Tree, pkg string) string {
	var b strings.Builder
	for _, n := range t.FindAll(ui.Selector{Package: pkg}) {
		b.WriteString(n.Text + "\n")
	}
	return b.String()
}
