package adb

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Key codes of Android (KeyEvent).
const (
	KeyHome    = 3
	KeyBack    = 4
	KeyEnter   = 66
	KeyDelete  = 67
	KeyMenu    = 82
	KeyMoveEnd = 123
	KeySwitch  = 187
	KeyCut     = 277
	KeyPaste   = 279
	KeySleep   = 223
	KeyWakeup  = 224
)

// Tap touches a point, in pixels. Nothing is known of what happened: HyperOS drops touches without a word
// ([Device.InputDenied]), so look at the screen afterwards.
func (d *Device) Tap(ctx context.Context, x, y int) error {
	return d.input(ctx, nil, "tap", strconv.Itoa(x), strconv.Itoa(y))
}

// Swipe draws a line in the given time; a line of no length is a long press.
func (d *Device) Swipe(ctx context.Context, x1, y1, x2, y2 int, in time.Duration) error {
	n := strconv.Itoa
	return d.input(ctx, nil, "swipe", n(x1), n(y1), n(x2), n(y2), n(int(in.Milliseconds())))
}

// Key presses keys, one after the other.
func (d *Device) Key(ctx context.Context, codes ...int) error {
	args := []string{"keyevent"}
	for _, c := range codes {
		args = append(args, strconv.Itoa(c))
	}
	return d.input(ctx, nil, args...)
}

// Text types into the field that has the focus. Only printable ASCII can be typed ([Untypable]); the keyboard may alter
// it, so read the field afterwards.
func (d *Device) Text(ctx context.Context, text string) error { return d.text(ctx, text, false) }

// SecretText types like [Device.Text], but neither the journal nor an error shows what.
func (d *Device) SecretText(ctx context.Context, text string) error { return d.text(ctx, text, true) }

func (d *Device) text(ctx context.Context, text string, secret bool) error {
	words, err := typeable(text)
	if err != nil {
		if secret {
			err = errors.New("a character that is not printable ASCII")
		}
		return newFault(Untypable, d.serial, "typing", err)
	}
	for _, w := range words {
		var shown []string
		if secret {
			shown = []string{"text", "***"}
		}
		if err := d.input(ctx, shown, "text", w); err != nil {
			return err
		}
	}
	return nil
}

func (d *Device) input(ctx context.Context, shown []string, args ...string) error {
	if shown == nil {
		shown = args
	}
	argv, name := append([]string{"input"}, args...), append([]string{"input"}, shown...)
	res, err := d.shell(ctx, argv, name)
	return d.said("running "+describe(name), res, err)
}

// typeable spells text for `input text`, which turns "%s" into a blank, and nothing else: a blank must be sent as "%s"
// (some phones cut the text at a real one), and a "%s" that is meant must be cut in two calls.
func typeable(text string) ([]string, error) {
	var words []string
	var w strings.Builder
	for i, r := range text {
		switch {
		case r < ' ' || r > '~':
			return nil, fmt.Errorf("%q at byte %d", r, i)
		case r == ' ':
			w.WriteString("%s")
			continue
		case r == 's' && i > 0 && text[i-1] == '%':
			words = append(words, w.String())
			w.Reset()
		}
		w.WriteRune(r)
	}
	if w.Len() > 0 {
		words = append(words, w.String())
	}
	return words, nil
}

// InputDenied looks into the phone's log for touches that were dropped since a time of the phone's clock: HyperOS lets
// `input` end with status 0 and print nothing, and says so only there. It is [Denied], or nil if there was none.
func (d *Device) InputDenied(ctx context.Context, since time.Time) error {
	const op = "looking for input that was dropped"
	from := fmt.Sprintf("%d.%03d", since.Unix(), since.Nanosecond()/1e6)
	res, err := d.Shell(ctx, "logcat", "-d", "-v", "epoch", "-T", from, "-s", "InputDispatcher:W")
	if err != nil {
		return err
	}
	if line, ok := ParseInputDenied(res.Stdout); ok {
		return newFault(Denied, d.serial, op, errors.New(clip(line)))
	}
	return nil
}

// ParseInputDenied finds the first line of a log that tells of a touch by adb that was dropped.
func ParseInputDenied(log []byte) (line string, found bool) {
	for line := range strings.Lines(string(log)) {
		if strings.Contains(line, "Permission denied: injecting event from pid") {
			return strings.TrimSpace(line), true
		}
	}
	return "", false
}
