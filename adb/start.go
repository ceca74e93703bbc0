package adb

import (
	"context"
	"errors"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Started is what `am start -W` says.
type Started struct {
	Status      string // ok; timeout: it was told to start, and had drawn nothing when the wait was over
	LaunchState string // COLD, WARM, HOT, UNKNOWN (Android 10 and later)
	Activity    string // component that came to the front; it may be another app's, such as a permission prompt
	TotalTime   time.Duration
	Warning     string // for example that a running task was brought to the front instead
	Error       string // why nothing was started
}

// OK says that something was told to start, and was not refused. Look at the screen to know what came of it.
func (s Started) OK() bool { return s.Error == "" && (s.Status == "ok" || s.Status == startSlow) }

// startSlow is the status of a start of which nothing was drawn within Android's own time.
const startSlow = "timeout"

// StartActivity runs `am start -W` with arguments such as "-n", "pkg/.Act". That Android refuses to start something is
// no error but a result that is not OK.
//
// Android waits for 10 s until what it started is drawn, and of an activity that draws nothing itself and hands on to
// another it may never say that it was (public reports of Firefox, Android 8 and others): [Limits].Start bounds that.
func (d *Device) StartActivity(ctx context.Context, args ...string) (Started, error) {
	argv := append([]string{"am", "start", "-W"}, args...)
	waiting, cancel := context.WithTimeout(ctx, d.limits.Start)
	res, err := d.Shell(waiting, argv...)
	cancel()
	if CodeOf(err) == Timeout && !over(ctx) && strings.HasPrefix(string(res.Stdout), "Starting: ") {
		return Started{Status: startSlow}, nil
	}
	var exit *ExitError
	if err != nil && !errors.As(err, &exit) {
		return Started{}, err
	}
	s, perr := ParseStarted(append(res.Stdout, res.Stderr...))
	switch {
	case perr != nil && exit != nil:
		return Started{}, exit
	case perr != nil:
		return Started{}, newFault(Malformed, d.serial, "running "+describe(argv), perr)
	case exit != nil && s.Error == "":
		s.Error = exit.Error()
	}
	return s, nil
}

// ParseStarted reads what `am start -W` prints.
func ParseStarted(text []byte) (Started, error) {
	var s Started
	known := false
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		key, value, _ := strings.Cut(line, ": ")
		field := &value
		switch key {
		case "Status":
			field = &s.Status
		case "LaunchState":
			field = &s.LaunchState
		case "Activity":
			field = &s.Activity
		case "Warning":
			field = &s.Warning
		case "Error", "java.lang.SecurityException", "java.lang.IllegalArgumentException":
			if field = &s.Error; s.Error != "" {
				continue
			}
		case "TotalTime":
			if ms, err := strconv.ParseUint(value, 10, 31); err == nil {
				s.TotalTime = time.Duration(ms) * time.Millisecond
			}
		case "Starting":
			known = true
		}
		*field = clip(value)
	}
	if s.Status == "" && s.Error == "" {
		if !known {
			return Started{}, errors.New("nothing about a start: " + firstLines(string(text[:min(len(text), 500)])))
		}
		s.Error = "no status"
	}
	if s.Status != "" && s.Status != "ok" && s.Status != startSlow && s.Error == "" {
		s.Error = "status " + s.Status
	}
	return s, nil
}

var componentLine = regexp.MustCompile(`(?m)^\s*([A-Za-z0-9_.]{1,200}/[A-Za-z0-9_.$]{1,300})\s*$`)

// ResolveLauncher finds the component behind an app's launcher icon; [NoActivity] if it has none or is not installed.
func (d *Device) ResolveLauncher(ctx context.Context, pkg string) (string, error) {
	const op = "finding the launcher activity"
	res, err := d.Shell(ctx, "cmd", "package", "resolve-activity", "--brief", "-c", "android.intent.category.LAUNCHER", pkg)
	var exit *ExitError
	if err != nil && !errors.As(err, &exit) {
		return "", err
	}
	m := componentLine.FindAllSubmatch(res.Stdout, 10)
	if len(m) == 0 || !strings.HasPrefix(string(m[len(m)-1][1]), pkg+"/") {
		return "", newFault(NoActivity, d.serial, op, errors.New(pkg+": "+firstLines(string(res.Stdout)+"\n"+string(res.Stderr))))
	}
	return string(m[len(m)-1][1]), nil
}
