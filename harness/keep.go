package harness

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/telltale-farm/telltale/adb"
)

// shared is the phone's storage that its apps share. What an action needs is put there and nowhere else.
const shared = "/sdcard/"

// Put writes a file on the phone that an action needs, below /sdcard. That it has to go is in the undo journal before it
// is there, so that it goes even if we do not come back. What is there already is never touched.
func (d *Driver) Put(ctx context.Context, file string, content []byte) error {
	if err := d.mine(ctx, file); err != nil {
		return err
	}
	return d.Device.Push(ctx, bytes.NewReader(content), file, 0o644)
}

// MakeFolder makes a folder on the phone that an action needs, on the same terms.
func (d *Driver) MakeFolder(ctx context.Context, folder string) error {
	if err := d.mine(ctx, folder); err != nil {
		return err
	}
	_, err := d.Device.Shell(ctx, "mkdir", folder)
	return err
}

// Remove removes what Put or MakeFolder made, with all that is in it.
func (d *Driver) Remove(ctx context.Context, name string) error {
	_, err := d.Device.Shell(ctx, "rm", "-rf", name)
	return err
}

// mine makes sure that a name on the phone is free, and writes down that what will be there has to go again.
func (d *Driver) mine(ctx context.Context, name string) error {
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
	if err := d.Remember("the file "+name, "rm -rf "+adb.Quote(name)); err != nil {
		return fmt.Errorf("writing down that %s has to go again: %w", name, err)
	}
	return nil
}
