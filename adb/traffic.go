package adb

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// Bytes is what a uid received and sent.
type Bytes struct{ RX, TX int64 }

// Traffic is bytes per uid, cumulative. What passes the loopback interface, and with it an `adb reverse`, is not in it
// (netd's accounting; unverified on a phone). A uid that is missing has sent nothing yet.
type Traffic map[int]Bytes

// trafficSources are tried in this order; they are told apart by what they print, not by the Android version, since the
// accounting is updated apart from it. Their values must never be compared with each other.
var trafficSources = []struct{ name, script string }{
	{"netstats", "dumpsys netstats"},                                        // Android 13 and later
	{"connectivity", "dumpsys connectivity trafficcontroller"},              // early Android 13
	{"netd", "dumpsys netd trafficcontroller"},                              // Android 10 to 12
	{"history", "dumpsys netstats --poll && dumpsys netstats --uid --full"}, // Android 8 to 12
	{"qtaguid", "cat /proc/net/xt_qtaguid/stats"},                           // Android 9 and older, old kernels
}

// Traffic reads the byte counters of every uid. Once a source has answered, later calls ask only that one, so that two
// results can be subtracted; when none answers, the fault is [Malformed] and says what each printed.
func (d *Device) Traffic(ctx context.Context) (Traffic, error) {
	const op = "reading byte counters"
	d.mu.Lock()
	only := d.traffic
	d.mu.Unlock()
	var tried []error
	for i, s := range trafficSources {
		if only != 0 && only != i+1 {
			continue
		}
		res, err := d.Script(ctx, s.script)
		var exit *ExitError
		if err != nil && !errors.As(err, &exit) {
			return nil, err
		}
		if err == nil {
			var t Traffic
			if t, err = parseTraffic(s.name, res.Stdout); err == nil {
				d.mu.Lock()
				d.traffic = i + 1
				d.mu.Unlock()
				return t, nil
			}
		}
		tried = append(tried, fmt.Errorf("%s: %w", s.name, err))
	}
	var texts []string
	for _, e := range tried {
		texts = append(texts, clip(firstLines(e.Error())))
	}
	return nil, newFault(Malformed, d.serial, op, errors.New(strings.Join(texts, "; ")))
}

// parseTraffic takes from a source only the format that it is asked for: the history that plain `dumpsys netstats`
// prints on Android 12 was not polled, and lags behind.
func parseTraffic(source string, text []byte) (Traffic, error) {
	t, format, err := parseNetstats(text)
	if err != nil {
		return nil, err
	}
	want := formatMap
	switch source {
	case "history":
		want = formatHistory
	case "qtaguid":
		want = formatQtaguid
	}
	if format != want {
		return nil, fmt.Errorf("it prints %s, not %s", format, want)
	}
	return t, nil
}
