package harness

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/telltale-farm/telltale/adb"
	"github.com/telltale-farm/telltale/harness/profile/catalogue"
)

// shared is the phone's storage that its apps share. What an action needs is put there and nowhere else.
const shared = "/sdcard/"

// withShared goes before the script that removes something from there: until a phone with a PIN was unlocked once after a
// reboot, that storage is not there, and rm finds nothing to remove and says that all is well.
const withShared = `[ -d ` + shared + ` ] || { echo "the phone's storage is not there: unlock it by hand, once" >&2; exit 1; }; `

// Put writes a file on the phone that an action needs, below /sdcard. That it has to go is in the undo journal before it
// is there, so that it goes even if we do not come back. What is there already is never touched.
func (d *Driver) Put(ctx context.Context, file string, content []byte) error {
	if err := d.Expect(ctx, file); err != nil {
		return err
	}
	return d.Device.Push(ctx, bytes.NewReader(content), file, 0o644)
}

// MakeFolder makes a folder on the phone that an action needs, on the same terms.
func (d *Driver) MakeFolder(ctx context.Context, folder string) error {
	if err := d.Expect(ctx, folder); err != nil {
		return err
	}
	_, err := d.Device.Shell(ctx, "mkdir", folder)
	return err
}

// Remove removes what was put or expected, with all that is in it.
func (d *Driver) Remove(ctx context.Context, name string) error {
	_, err := d.Device.Shell(ctx, "rm", "-rf", name)
	return err
}

// Expect makes sure that a name below /sdcard is free on the phone, and writes down that what will be there, by us or by an
// app, has to go again.
func (d *Driver) Expect(ctx context.Context, name string) error {
	if !strings.HasPrefix(name, shared) || path.Clean(name) != name {
		return fmt.Errorf("%s is not a name below %s", name, shared)
	}
	_, err := d.Device.Shell(ctx, "test", "-e", name)
	var exit *adb.ExitError
	switch {
	case err == nil:
		return &NotPerformed{Want: "to make " + name, Got: "there is one already, which is not ours"}
	case !errors.As(err, &exit):
		return err
	case d.Remember == nil:
		return nil
	}
	if err := d.Remember("the file "+name, withShared+"rm -rf "+adb.Quote(name)); err != nil {
		return fmt.Errorf("writing down that %s has to go again: %w", name, err)
	}
	return nil
}

// AwaitFile waits until an app has written a file that was expected. Buttons, if one is shown meanwhile, are tapped: the
// app asks before it does.
func (d *Driver) AwaitFile(ctx context.Context, file string, buttons []catalogue.Selector) error {
	what := "the file " + file
	return d.step(ctx, func(ctx context.Context) error {
		return notPerformed(what, d.Screen.AwaitState(ctx, what, func() (bool, string, error) {
			_, err := d.Device.Shell(ctx, "test", "-f", file)
			var exit *adb.ExitError
			if !errors.As(err, &exit) {
				return err == nil, "", err
			}
			_, err = d.Screen.Dismiss(ctx, selectorsOf(buttons))
			return false, "no such file", err
		}))
	})
}
