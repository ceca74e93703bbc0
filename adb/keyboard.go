package adb

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// UnicodeKeyboard is ADBKeyBoard (github.com/senzhk/ADBKeyBoard), an input method that types what a broadcast tells it:
// `input text` knows printable ASCII alone. Its owner has to install it.
const UnicodeKeyboard = "com.android.adbkeyboard/.AdbIME"

// DefaultKeyboard names the input method in use.
var DefaultKeyboard = Setting{Namespace: "secure", Key: "default_input_method"}

// Keyboards lists input methods: those that are enabled, or all that are installed.
func (d *Device) Keyboards(ctx context.Context, all bool) ([]string, error) {
	argv := []string{"ime", "list", "-s"}
	if all {
		argv = append(argv, "-a")
	}
	res, err := d.Shell(ctx, argv...)
	if err != nil {
		return nil, err
	}
	return strings.Fields(string(res.Stdout)), nil
}

// SetKeyboard enables and chooses an input method, and reads back that it is the one in use.
func (d *Device) SetKeyboard(ctx context.Context, id string) error {
	const op = "choosing a keyboard"
	for _, verb := range []string{"enable", "set"} {
		res, err := d.Shell(ctx, "ime", verb, id)
		if err := d.said(op, res, err); err != nil {
			return err
		}
	}
	now, err := d.Setting(ctx, DefaultKeyboard)
	if err != nil {
		return err
	}
	if now.Value != id {
		return newFault(NotKept, d.serial, op, fmt.Errorf("it is %s, not %s", now, id))
	}
	return nil
}

// UnicodeText types any text but control characters with [UnicodeKeyboard], which must be in use. Nothing is known of what
// arrived: read the field afterwards.
func (d *Device) UnicodeText(ctx context.Context, text string) error {
	const op = "typing"
	if i := strings.IndexFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f }); i >= 0 {
		return newFault(Untypable, d.serial, op, fmt.Errorf("a control character at byte %d", i))
	}
	res, err := d.Shell(ctx, "am", "broadcast", "-a", "ADB_INPUT_B64", "--es", "msg", base64.StdEncoding.EncodeToString([]byte(text)))
	if err := d.said(op, res, err); err != nil {
		return err
	}
	if !slices.Contains(strings.Fields(string(res.Stdout)), "completed:") {
		return newFault(Malformed, d.serial, op, errors.New(firstLines(string(res.Stdout))))
	}
	return nil
}

// Typable says whether `input text` can type a text.
func Typable(text string) bool {
	_, err := typeable(text)
	return err == nil
}
