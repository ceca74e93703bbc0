package harness

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/telltale-farm/telltale/adb"
	"github.com/telltale-farm/telltale/assertions/leak"
)

// TestWhoWentTogether tells a link what it hears of phones, in ms since the first of it, and looks what it says of its own.
func TestWhoWentTogether(t *testing.T) {
	type heard struct {
		ms       int
		serial   string
		was, now adb.State
	}
	const device, offline, gone = adb.StateDevice, adb.StateOffline, adb.State("")
	for _, tc := range []struct {
		name  string
		heard []heard
		says  string // empty: it did not go
		not   string
	}{
		{"alone", []heard{{0, "own", device, offline}}, `from "device" to "offline"`, "other"},
		{"with two others", []heard{{0, "a", device, offline}, {1, "own", device, gone}, {2, "b", device, gone}}, "and 2 other phones of its adb server with it", "none"},
		{"another an hour before", []heard{{0, "a", device, offline}, {3_600_000, "own", device, offline}}, "from", "other"},
		{"its way back takes seconds", []heard{{0, "own", device, offline}, {1, "a", device, offline}, {5000, "own", offline, gone}, {9000, "own", gone, offline}, {9001, "own", offline, device}},
			"and 1 other phones", "none"},
		{"another goes once more on its way back", []heard{{0, "own", device, offline}, {1, "a", device, offline}, {4000, "a", offline, device}, {5000, "a", device, offline}}, "and 1 other phones", "none"},
		{"it goes once more on its way back", []heard{{0, "own", device, offline}, {1, "a", device, offline}, {4000, "own", offline, device}, {5000, "own", device, offline}}, "and 1 other phones", "none"},
		{"plugged anew between two looks", []heard{{0, "own", device, device}, {1, "a", device, device}}, "and 1 other phones", "none"},
		{"it is coming", []heard{{0, "own", gone, offline}, {1, "own", offline, device}, {2, "a", device, offline}}, "", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			l := newLink()
			first := time.Now().Add(-2 * time.Hour) // nothing is waited for
			for _, h := range tc.heard {
				l.follow(adb.Event{Serial: h.serial, Was: h.was, State: h.now, At: first.Add(time.Duration(h.ms) * time.Millisecond)}, "own")
			}
			went, class, what := l.since(t.Context(), 0, false)
			if went != (tc.says != "") || went && (class != leak.FaultPhone || !strings.Contains(what, tc.says) || strings.Contains(what, tc.not)) {
				t.Errorf("%v, %s, %q; want %q and not %q", went, class, what, tc.says, tc.not)
			}
		})
	}
}

// TestAFaultNamesWhoWentToo: a fault whose phone is sure to have gone waits to hear of that, and of those that went with
// it; that the adb server went first is no phone's fault.
func TestAFaultNamesWhoWentToo(t *testing.T) {
	lost := &leak.Fault{Class: leak.FaultPhone, Code: leak.CodeDeviceLost, Detail: "cut off"}
	for _, code := range []adb.Code{
		adb.NoExit,
		adb.Closed, // all that the server says when a link goes while a service is opened
	} {
		t.Run(string(code), func(t *testing.T) {
			t.Parallel() // it waits until all may have been heard of
			l := newLink()
			time.AfterFunc(50*time.Millisecond, func() {
				l.follow(adb.Event{Serial: "own", Was: adb.StateDevice, State: adb.StateOffline, At: time.Now()}, "own")
				time.AfterFunc(50*time.Millisecond, func() {
					l.follow(adb.Event{Serial: "a", Was: adb.StateDevice, State: adb.StateOffline, At: time.Now()}, "own")
				})
			})
			if got := l.blame(t.Context(), lost, code, 0); got.Code != leak.CodeDeviceLost || !strings.Contains(got.Detail, "cut off; the phone went from") || !strings.Contains(got.Detail, "1 other phones") {
				t.Errorf("%+v", got)
			}
		})
	}
	l := newLink()
	l.follow(adb.Event{Serial: "own", Was: adb.StateDevice, State: adb.StateOffline, At: time.Now()}, "own")
	l.follow(adb.Event{Err: errors.New("end of file"), At: time.Now()}, "own")
	l.follow(adb.Event{Serial: "own", Was: adb.StateDevice, State: adb.StateOffline, At: time.Now()}, "own")
	if got := l.blame(t.Context(), lost, adb.NoExit, 1); got.Code != leak.CodeCaptureGap || got.Class != leak.FaultHarness || !strings.Contains(got.Detail, "adb server went away") {
		t.Errorf("%+v", got)
	}
	ended, end := context.WithCancel(t.Context())
	end()
	if got := l.blame(ended, lost, adb.NotFound, 3); got != lost {
		t.Errorf("nothing was heard of: %+v", got)
	}
	refused, stop := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer stop()
	if got := l.blame(refused, lost, adb.Closed, l.dropped()); got != lost {
		t.Errorf("a phone that refuses a service has not gone: %+v", got)
	}
	if got := l.blame(t.Context(), lost, adb.Timeout, 3); got != lost {
		t.Errorf("one that hangs need not have gone: %+v", got)
	}
}
