package harness

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/telltale-farm/telltale/adb"
	"github.com/telltale-farm/telltale/adb/ui"
	"github.com/telltale-farm/telltale/harness/profile/catalogue"
)

// intentTimeout is how long a browser may take to show a private tab that an intent asked for, before its menu is tried.
const intentTimeout = 8 * time.Second

// OpenPrivate opens a new private tab of the browser in front, and proves it by the mark that only a private tab shows:
// by the browser's own intent where the catalogue knows one, else, or if that opens none, by its menu. It says which way
// led there. A *NotPerformed says that none did.
func (d *Driver) OpenPrivate(ctx context.Context, e catalogue.Entry) (way string, err error) {
	if e.Browser == nil || len(e.Browser.Private.Marker) == 0 ||
		e.Browser.Private.Intent == "" && len(e.Browser.Private.Steps) == 0 && e.Browser.Private.Way == "" {
		return "", &NotPerformed{Want: "a private tab in " + e.Package, Got: "the catalogue knows no way to one"}
	}
	p := e.Browser.Private
	refused := ""
	if p.Intent != "" {
		if refused, err = d.privateByIntent(ctx, p); err != nil || refused == "" {
			return "its intent", err
		}
		if len(p.Steps) == 0 && p.Way == "" {
			return "", &NotPerformed{Want: "a private tab in " + e.Package, Got: "its intent opened none: " + refused}
		}
	}
	was, err := d.Shows(ctx, p.Marker)
	if err != nil {
		return "", err
	}
	if way, err = d.privateTab(ctx, e); err != nil {
		return "", err
	}
	if refused != "" {
		way += ", its intent having opened none: " + refused
	}
	_, err = d.Find(ctx, "the mark of a private tab", p.Marker)
	var missing *NotPerformed
	if was && errors.As(err, &missing) { // what opens one led out of the one that was open
		if _, err = d.privateTab(ctx, e); err != nil {
			return "", err
		}
		_, err = d.Find(ctx, "the mark of a private tab", p.Marker)
	}
	return way, err
}

// privateTab goes the way to a private tab that a browser has of its own. A way that the catalogue cannot say as
// steps to tap has a case here, under the name that its entry gives it.
func (d *Driver) privateTab(ctx context.Context, e catalogue.Entry) (way string, err error) {
	switch p := e.Browser.Private; p.Way {
	case "":
		for i, step := range p.Steps {
			if err := d.Tap(ctx, fmt.Sprintf("step %d to a private tab", i+1), []catalogue.Selector{step}); err != nil {
				return "", err
			}
		}
		return "its menu", nil
	default:
		return "", &NotPerformed{Want: "a private tab in " + e.Package, Got: fmt.Sprintf("the catalogue names a way %q, which nobody has written", p.Way)}
	}
}

// privateByIntent says why an intent opened no private tab; empty if it did.
func (d *Driver) privateByIntent(ctx context.Context, p catalogue.Private) (refused string, err error) {
	res, err := d.Device.StartActivity(ctx, strings.Fields(p.Intent)...)
	switch {
	case adb.CodeOf(err) == adb.NoActivity || adb.CodeOf(err) == adb.Denied:
		return err.Error(), nil
	case err != nil:
		return "", err
	case !res.OK():
		return res.Error, nil
	}
	waiting, cancel := context.WithTimeout(ctx, intentTimeout)
	defer cancel()
	_, err = d.Screen.WaitFor(waiting, selectorsOf(p.Marker)...)
	var missing *ui.NotFoundError
	if errors.As(err, &missing) && ctx.Err() == nil {
		return "it was taken, and no mark of a private tab came", nil
	}
	return "", err
}

// LeavePrivate leaves a private tab that is left over, if there is one.
func (d *Driver) LeavePrivate(ctx context.Context, e catalogue.Entry) error {
	_, err := d.leavePrivate(ctx, e)
	return err
}

// OpenNormal makes sure that what follows does not happen in a private tab left over, and proves it by the screen.
func (d *Driver) OpenNormal(ctx context.Context, e catalogue.Entry) error {
	left, err := d.leavePrivate(ctx, e)
	if err != nil || !left {
		return err
	}
	return d.Await(ctx, "no mark of a private tab", func(t *ui.Tree) bool {
		for _, s := range selectorsOf(e.Browser.Private.Marker) {
			if t.Find(s) != nil {
				return false
			}
		}
		return true
	})
}

func (d *Driver) leavePrivate(ctx context.Context, e catalogue.Entry) (left bool, err error) {
	if e.Browser == nil || len(e.Browser.Private.Marker) == 0 || len(e.Browser.Private.Leave) == 0 {
		return false, nil
	}
	on, err := d.Shows(ctx, e.Browser.Private.Marker)
	if err != nil || !on {
		return false, err
	}
	for _, step := range e.Browser.Private.Leave {
		if err := d.Tap(ctx, "a normal tab", []catalogue.Selector{step}); err != nil {
			return false, err
		}
	}
	return true, nil
}
