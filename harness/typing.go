package harness

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/telltale-farm/telltale/adb"
)

// Type types into the field that has the focus: printable ASCII as a keyboard would, anything else through ADBKeyBoard, if
// that is installed on the phone. The keyboard that was in use is put back at once, and by the undo journal if we do not
// come back. What arrived has to be read from the field.
func (d *Driver) Type(ctx context.Context, text string) error {
	if adb.Typable(text) {
		return d.Screen.Type(ctx, text)
	}
	back, err := d.unicodeKeyboard(ctx, text)
	if err != nil {
		return err
	}
	err = d.Device.UnicodeText(ctx, text)
	_, rerr := d.Device.Script(context.WithoutCancel(ctx), back)
	return errors.Join(err, rerr)
}

// unicodeKeyboard puts ADBKeyBoard in use, and returns the script that puts back what was.
func (d *Driver) unicodeKeyboard(ctx context.Context, text string) (back string, err error) {
	installed, err := d.Device.Keyboards(ctx, true)
	if err != nil {
		return "", err
	}
	if !slices.Contains(installed, adb.UnicodeKeyboard) {
		return "", &NotPerformed{Want: fmt.Sprintf("to type %q", text),
			Got: "a keyboard for adb that types printable ASCII alone: install ADBKeyBoard (github.com/senzhk/ADBKeyBoard) on the phone, or use such text"}
	}
	enabled, err := d.Device.Keyboards(ctx, false)
	if err != nil {
		return "", err
	}
	old, err := d.Device.Setting(ctx, adb.DefaultKeyboard)
	if err != nil {
		return "", err
	}
	back = "ime reset"
	if old.Set && old.Value != "" {
		back = "ime set " + adb.Quote(old.Value)
	}
	if !slices.Contains(enabled, adb.UnicodeKeyboard) {
		back += "; ime disable " + adb.UnicodeKeyboard
	}
	if d.Remember != nil {
		if err := d.Remember("the keyboard", back); err != nil {
			return "", fmt.Errorf("writing down which keyboard was in use: %w", err)
		}
	}
	return back, d.Device.SetKeyboard(ctx, adb.UnicodeKeyboard)
}
