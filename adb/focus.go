package adb

import (
	"context"
	"errors"
	"regexp"
	"strings"
)

// Focus is what takes the user's input.
type Focus struct {
	Package  string // empty: no app, for example the lock screen or the notification shade
	Activity string // full class name; empty for windows that are no activity
	Window   string // name of the window; empty while windows change
}

// Focus asks what is in front.
func (d *Device) Focus(ctx context.Context) (Focus, error) {
	const op = "asking what is in front"
	f, err := read(ctx, d, op, ParseFocus, "dumpsys", "window", "displays") // Android 10 and later
	if CodeOf(err) == Malformed {
		f, err = read(ctx, d, op, ParseFocus, "dumpsys", "window", "windows")
	}
	return f, err
}

var (
	focusWindow = regexp.MustCompile(`(?m)\bmCurrentFocus=(null|Window\{[0-9a-f]{1,16} (?:u\d+ )?([^\n}]{1,300}?)(?: paused=\w+)?\})`)
	focusApp    = regexp.MustCompile(`(?m)\b(?:mFocusedApp|topResumedActivity|mResumedActivity)(?:=|: )[^\n]*?ActivityRecord\{[0-9a-f]{1,16} u\d+ ([^\s}]{1,300})`)
)

// ParseFocus reads `dumpsys window displays` (Android 10 and later), `dumpsys window windows` (9 and older), or the
// lines of `dumpsys activity activities` that name the resumed activity. With several displays the pair that window and
// app agree on is taken.
func ParseFocus(text []byte) (Focus, error) {
	apps := map[string]bool{}
	var first Focus
	for _, m := range focusApp.FindAllSubmatch(text, 100) {
		f := component(string(m[1]))
		if f.Package != "" && len(apps) == 0 {
			first = f
		}
		apps[f.Package] = true
	}
	windows := focusWindow.FindAllSubmatch(text, 100)
	if len(windows) == 0 {
		if len(apps) == 0 {
			return Focus{}, errors.New("nothing about the focus")
		}
		return first, nil
	}
	var best Focus
	for _, m := range windows {
		name := string(m[2])
		if name == "" { // null: another display, or windows are changing
			continue
		}
		f := component(name)
		f.Window = name
		if f.Package == "" && (strings.HasPrefix(name, "PopupWindow:") || name == "PopupWindow") {
			f.Package, f.Activity = first.Package, first.Activity // a menu of the app
		}
		if best.Window == "" || apps[f.Package] && !apps[best.Package] {
			best = f
		}
	}
	return best, nil
}

// component splits "pkg/.Act" into package and full class; text without a slash is no component.
func component(s string) Focus {
	pkg, class, ok := strings.Cut(s, "/")
	if !ok || pkg == "" || strings.ContainsAny(pkg, " :") {
		return Focus{}
	}
	if strings.HasPrefix(class, ".") {
		class = pkg + class
	}
	return Focus{Package: pkg, Activity: class}
}
