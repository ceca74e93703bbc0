package action

import (
	"context"
	"strings"

	"github.com/telltale-farm/telltale/adb"
	"github.com/telltale-farm/telltale/harness"
	"github.com/telltale-farm/telltale/harness/profile/catalogue"
)

// installed returns what the catalogue knows of the first of some packages that the phone has.
func installed(ctx context.Context, d *harness.Driver, what string, packages []string) (catalogue.Entry, error) {
	for _, pkg := range packages {
		entry, known := d.Phone.App(pkg)
		if !known {
			continue
		}
		component, err := d.Device.ResolveLauncher(ctx, pkg)
		if adb.CodeOf(err) == adb.NoActivity {
			continue
		}
		if err != nil {
			return catalogue.Entry{}, err
		}
		if entry.Launch == "" {
			entry.Launch = component
		}
		return entry, nil
	}
	return catalogue.Entry{}, &harness.NotPerformed{Want: what + " that the catalogue knows", Got: "the phone has none of " + strings.Join(packages, ", ")}
}
