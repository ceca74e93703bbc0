package action

import (
	"context"

	"github.com/telltale-farm/telltale/harness"
)

// start brings an app to the front: by the component that the catalogue names, else by the one that the phone resolves.
func start(ctx context.Context, d *harness.Driver, pkg, component string) error {
	return d.Start(ctx, pkg, component)
}

// launch runs am start -W and takes a refusal as an action that did not happen.
func launch(ctx context.Context, d *harness.Driver, what string, args ...string) error {
	res, err := d.Device.StartActivity(ctx, args...)
	if err != nil {
		return err
	}
	if !res.OK() {
		return &harness.NotPerformed{Want: "to start " + what, Got: res.Error}
	}
	return nil
}
