package adb

import (
	"errors"
	"strings"
)

// denials are what Android prints when the shell lacks a permission (Android 9 to 14, MIUI with its toggle off). Some
// of these come with exit status 0.
var denials = []string{
	"java.lang.SecurityException",
	"requires INJECT_EVENTS permission",
	"Permission denial:",
	"Permission Denial:",
	"was not granted",
}

// said looks for a refusal in what a command of Android printed. Such commands may end with status 0 all the same. It
// returns err when there is none.
func (d *Device) said(op string, res Result, err error) error {
	if err != nil {
		var exit *ExitError
		if !errors.As(err, &exit) {
			return err
		}
	}
	text := string(res.Stderr) + "\n" + string(res.Stdout)
	for _, s := range denials {
		if strings.Contains(text, s) {
			return newFault(Denied, d.serial, op, errors.New(firstLines(text)))
		}
	}
	if err == nil && (strings.Contains(text, "Exception occurred while executing") || strings.Contains(text, "java.lang.")) {
		return newFault(Refused, d.serial, op, errors.New(firstLines(text)))
	}
	return err
}

// firstLines joins the first lines that say something; a Java stack trace follows them.
func firstLines(text string) string {
	var out []string
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "at ") || len(out) == 3 {
			break
		}
		if line != "" {
			out = append(out, line)
		}
	}
	return clip(strings.Join(out, " / "))
}
