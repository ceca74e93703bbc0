package adb

import (
	"context"
	"fmt"
	"regexp"
	"strings"
)

// Setting names a row of Android's settings provider.
type Setting struct {
	Namespace string // global, secure or system
	Key       string
}

func (s Setting) String() string { return s.Namespace + " " + s.Key }

// Value is what a setting holds. The zero Value is a setting that is not set, which is not the same as an empty one.
type Value struct {
	Set   bool
	Value string
}

// Pointer gives the value, nil if it is not set.
func (v Value) Pointer() *string {
	if !v.Set {
		return nil
	}
	return &v.Value
}

var settingKey = regexp.MustCompile(`^[A-Za-z0-9_.:/@-]{1,200}$`)

func (d *Device) checkSetting(op string, s Setting) error {
	switch {
	case s.Namespace != "global" && s.Namespace != "secure" && s.Namespace != "system":
		return newFault(Usage, d.serial, op, fmt.Errorf("namespace %q", s.Namespace))
	case !settingKey.MatchString(s.Key) || s.Key[0] == '-':
		return newFault(Usage, d.serial, op, fmt.Errorf("key %q", clip(s.Key)))
	}
	return nil
}

// Setting reads a setting. `settings get` prints null for one that is not set; one that holds the text "null" cannot be
// told from it.
func (d *Device) Setting(ctx context.Context, s Setting) (Value, error) {
	op := "reading setting " + s.String()
	if err := d.checkSetting(op, s); err != nil {
		return Value{}, err
	}
	res, err := d.Shell(ctx, "settings", "get", s.Namespace, s.Key)
	if err := d.said(op, res, err); err != nil {
		return Value{}, err
	}
	text := string(res.Stdout)
	if text == "" {
		return Value{}, newFault(Malformed, d.serial, op, fmt.Errorf("no answer"))
	}
	text = strings.TrimSuffix(strings.TrimSuffix(text, "\n"), "\r")
	if text == "null" {
		return Value{}, nil
	}
	return Value{Set: true, Value: text}, nil
}

// PutSetting writes a setting and reads it back: [NotKept] if it holds something else then, [Denied] if Android refuses,
// as MIUI does while "USB debugging (Security settings)" is off.
func (d *Device) PutSetting(ctx context.Context, s Setting, value string) error {
	op := "writing setting " + s.String()
	if err := d.checkSetting(op, s); err != nil {
		return err
	}
	if value == "null" || strings.ContainsAny(value, "\r\n") {
		return newFault(Usage, d.serial, op, fmt.Errorf("value %q could not be read back", clip(value)))
	}
	res, err := d.Shell(ctx, "settings", "put", s.Namespace, s.Key, value)
	if err := d.said(op, res, err); err != nil {
		return err
	}
	got, err := d.Setting(ctx, s)
	if err != nil {
		return err
	}
	if !got.Set || got.Value != value {
		return newFault(NotKept, d.serial, op, fmt.Errorf("it holds %s, not %q", got, clip(value)))
	}
	return nil
}

// DeleteSetting removes a setting; one that is not set is no error. It reads back that it is gone.
func (d *Device) DeleteSetting(ctx context.Context, s Setting) error {
	op := "deleting setting " + s.String()
	if err := d.checkSetting(op, s); err != nil {
		return err
	}
	res, err := d.Shell(ctx, "settings", "delete", s.Namespace, s.Key)
	if err := d.said(op, res, err); err != nil {
		return err
	}
	got, err := d.Setting(ctx, s)
	if err != nil {
		return err
	}
	if got.Set {
		return newFault(NotKept, d.serial, op, fmt.Errorf("it still holds %s", got))
	}
	return nil
}

// Snapshot reads several settings, to be kept before they are changed.
func (d *Device) Snapshot(ctx context.Context, keys ...Setting) (map[Setting]Value, error) {
	out := make(map[Setting]Value, len(keys))
	for _, s := range keys {
		v, err := d.Setting(ctx, s)
		if err != nil {
			return nil, err
		}
		out[s] = v
	}
	return out, nil
}

func (v Value) String() string {
	if !v.Set {
		return "nothing"
	}
	return fmt.Sprintf("%q", clip(v.Value))
}
