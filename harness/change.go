package harness

import (
	"context"

	"github.com/telltale-farm/telltale/adb"
)

// change is how a lease changes a setting of its phone, and the only way: what stood there is in the undo journal, on
// disk, before the phone is told. What is as wanted already is left alone.
func (l *Lease) change(ctx context.Context, s adb.Setting, value string) error {
	old, err := l.device.Setting(ctx, s)
	if err != nil || old.Set && old.Value == value {
		return err
	}
	if err := l.remember(s, old, &value); err != nil {
		return err
	}
	return l.device.PutSetting(ctx, s, value)
}
