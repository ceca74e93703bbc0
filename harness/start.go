package harness

import (
	"context"

	"github.com/telltale-farm/telltale/adb"
)

// Start brings an app to the front by its icon: by the component that the catalogue names, or, where there is none or the
// release on the phone has another, by the one that the phone resolves. That it starts neither is a *NotPerformed.
func (d *Driver) Start(ctx context.Context, pkg, component string) error {
	refused := ""
	if component != "" {
		res, err := d.Device.StartActivity(ctx, "-n", component)
		if err != nil || res.OK() {
			return err
		}
		refused = res.Error
	}
	resolved, err := d.Device.ResolveLauncher(ctx, pkg)
	switch {
	case refused != "" && (adb.CodeOf(err) == adb.NoActivity || resolved == component):
		return &NotPerformed{Want: "to start " + pkg, Got: refused}
	case err != nil:
		return err
	}
	res, err := d.Device.StartActivity(ctx, "-n", resolved)
	if err == nil && !res.OK() {
		err = &NotPerformed{Want: "to start " + pkg, Got: res.Error}
	}
	return err
}
