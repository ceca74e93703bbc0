package adb

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestParseList(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("testdata", "adb", "devices-l.txt"))
	if err != nil {
		t.Fatal(err)
	}
	got, err := ParseList(text)
	if err != nil {
		t.Fatal(err)
	}
	want := []Listed{
		{Serial: "216d6a43", State: StateDevice, USB: "1-10", Product: "ginkgo", Model: "Redmi_Note_8", Device: "ginkgo", Transport: "1"},
		{Serial: "emulator-5554", State: StateDevice, Product: "sdk_google_atv64_x86_64", Model: "sdk_google_atv64_x86_64", Transport: "2"},
		{Serial: "192.168.120.241:5555", State: StateUnauthorized, Transport: "3"},
		{Serial: "localhost:5555", State: StateOffline},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestParseListLines(t *testing.T) {
	tests := []struct {
		name, line string
		want       Listed
		bad        bool
	}{
		{"short form", "7c2d\tdevice", Listed{Serial: "7c2d", State: StateDevice}, false},
		{"unknown state is kept", "7c2d\tnewstate", Listed{Serial: "7c2d", State: "newstate"}, false},
		{"no permissions with blanks in the text", "0123\tno permissions (user in plugdev group; are your udev rules wrong?); see [http://developer.android.com/tools/device.html] usb:1-4 transport_id:9",
			Listed{Serial: "0123", State: StateNoPermissions, USB: "1-4", Transport: "9",
				Detail: "(user in plugdev group; are your udev rules wrong?); see [http://developer.android.com/tools/device.html]"}, false},
		{"no permissions without a link", "0123\tno permissions", Listed{Serial: "0123", State: StateNoPermissions}, false},
		{"serial of question marks", "????????????\tdevice usb:1-4", Listed{Serial: "????????????", State: StateDevice, USB: "1-4"}, false},
		{"none, in the long form", "(no serial number)     device usb:1-4 product:p model:M device:d transport_id:7",
			Listed{State: StateDevice, USB: "1-4", Product: "p", Model: "M", Device: "d", Transport: "7"}, false},
		{"none, in the short form", "(no serial number)\tunauthorized", Listed{State: StateUnauthorized}, false},
		{"none, and no permissions", "(no serial number)     no permissions (missing udev rules? user is in the plugdev group); see [http://x/y] usb:1-4 transport_id:7",
			Listed{State: StateNoPermissions, Detail: "(missing udev rules? user is in the plugdev group); see [http://x/y]", USB: "1-4", Transport: "7"}, false},
		{"none, in a state that is unknown", "(no serial number)     newstate usb:1-4", Listed{State: "newstate", USB: "1-4"}, false},
		{"a serial that begins like none", "(no serial number)2    offline", Listed{Serial: "(no serial number)2", State: StateOffline}, false},
		{"a name of mDNS with a blank", "adb-7c2d (2)._adb-tls-connect._tcp device product:p transport_id:3",
			Listed{Serial: "adb-7c2d (2)._adb-tls-connect._tcp", State: StateDevice, Product: "p", Transport: "3"}, false},
		{"a serial that would pass for another phone's line", "7c2d device usb:1-9 offline usb:1-4 transport_id:3",
			Listed{Serial: "7c2d device usb:1-9", State: StateOffline, USB: "1-4", Transport: "3"}, false},
		{"an unknown state with attributes", "7c2d                   newstate usb:1-4 device:device transport_id:3",
			Listed{Serial: "7c2d", State: "newstate", USB: "1-4", Device: "device", Transport: "3"}, false},
		{"no state", "7c2d", Listed{}, true},
		{"a blank for a state", "7c2d \v", Listed{}, true},
		{"neither serial nor state", "(no serial number)", Listed{}, true},
		{"no serial", "\tdevice", Listed{}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := ParseList([]byte(tt.line + "\n"))
			if tt.bad {
				if !errors.Is(err, Protocol) {
					t.Errorf("%+v, %v", got, err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]Listed{tt.want}, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func FuzzParseList(f *testing.F) {
	f.Add("7c2d\tno permissions (x]; see [y] usb:1-4\n")
	f.Add("(no serial number)     device usb:1-4 transport_id:7\n")
	f.Fuzz(func(t *testing.T, in string) {
		list, err := ParseList([]byte(in))
		if err == nil {
			for _, d := range list {
				if d.Serial == "" && !strings.Contains(in, noSerial) || d.State == "" {
					t.Fatalf("%+v in %q", d, in)
				}
			}
		}
	})
}

func TestServerAnswers(t *testing.T) {
	f := startFake(t, script{
		"host:version":                     says("0029"),
		"host:connect:10.0.0.1:5555":       says("connected to 10.0.0.1:5555"),
		"host:connect:10.0.0.2:5555":       says("already connected to 10.0.0.2:5555"),
		"host:connect:10.0.0.3:5555":       says("failed to connect to '10.0.0.3:5555': Connection refused"),
		"host:connect:10.0.0.4:5555":       says("failed to authenticate to 10.0.0.4:5555"),
		"host:disconnect:10.0.0.1:5555":    says("disconnected 10.0.0.1:5555"),
		"host:disconnect:10.0.0.9:5555":    fails("no such device '10.0.0.9:5555'"),
		"host-serial:a:get-state":          says("device"),
		"host-serial:b:get-state":          fails("device offline"),
		"host-serial:c:get-state":          fails("device unauthorized.\nThis adb server's $ADB_VENDOR_KEYS is not set"),
		"host-serial:d:get-state":          fails("device 'd' not found"),
		"host-serial:e:get-state":          says("recovery"),
		"host-serial:f:get-state":          fails("device still connecting"),
		"host-serial:g:get-state":          func(c *fakeConn) { c.Write([]byte("WHAT")) },
		"host-serial:h:get-state":          func(c *fakeConn) { c.Write([]byte("OKAYzzzz")) },
		"host-serial:0123456789:get-state": fails("insufficient permissions for device: user in plugdev group; are your udev rules wrong?\nSee [http://developer.android.com/tools/device.html] for more information"),
	})
	s, ctx := f.server(), t.Context()
	if v, err := s.Version(ctx); v != 41 || err != nil {
		t.Errorf("version %d, %v", v, err)
	}
	for addr, want := range map[string]Code{"10.0.0.1:5555": "", "10.0.0.2:5555": "", "10.0.0.3:5555": Unreachable, "10.0.0.4:5555": Unauthorized} {
		if err := s.Connect(ctx, addr); CodeOf(err) != want || (err == nil) != (want == "") {
			t.Errorf("connect %s: %v, want %q", addr, err, want)
		}
	}
	if c := ClassOf(s.Connect(ctx, "10.0.0.3:5555")); c != ClassNetwork {
		t.Errorf("an unreachable phone is the %q's fault", c)
	}
	for _, addr := range []string{"10.0.0.1:5555", "10.0.0.9:5555"} {
		if err := s.Disconnect(ctx, addr); err != nil {
			t.Errorf("disconnect %s: %v", addr, err)
		}
	}
	states := []struct {
		serial string
		want   State
		code   Code
	}{
		{"a", StateDevice, ""}, {"b", StateOffline, ""}, {"c", StateUnauthorized, ""}, {"d", "", NotFound}, {"e", "recovery", ""},
		{"f", StateOffline, ""}, {"g", "", Protocol}, {"h", "", Protocol}, {"0123456789", "", NoPermissions},
	}
	for _, tt := range states {
		if got, err := s.State(ctx, tt.serial); got != tt.want || CodeOf(err) != tt.code {
			t.Errorf("state of %s: %q, %v", tt.serial, got, err)
		}
	}
}

func TestServerGone(t *testing.T) {
	f := startFake(t, nil)
	f.ln.Close()
	_, err := f.server().Version(t.Context())
	if !errors.Is(err, ServerGone) || ClassOf(err) != ClassHarness {
		t.Errorf("error %v", err)
	}
	_, err = f.device(Options{}).Shell(t.Context(), "true")
	if !errors.Is(err, ServerGone) {
		t.Errorf("error %v", err)
	}
}

func TestWaitStateNamesTheLastState(t *testing.T) {
	asked := map[string]chan struct{}{"a": make(chan struct{}, 1), "b": make(chan struct{}, 1)}
	// hangs the second time: the look that is cut short by the deadline says nothing
	once := func(serial, text string) func(*fakeConn) {
		return func(c *fakeConn) {
			select {
			case asked[serial] <- struct{}{}:
				c.fail(text)
			default:
				hangs(c)
			}
		}
	}
	f := startFake(t, script{
		"host-serial:a:get-state": once("a", "device unauthorized.\nTry 'adb kill-server'"),
		"host-serial:b:get-state": once("b", "device 'b' not found"),
	})
	for serial, want := range map[string]Code{"a": Unauthorized, "b": NotFound} {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		err := f.server().WaitState(ctx, serial, StateDevice)
		cancel()
		if !errors.Is(err, want) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: %v", serial, err)
		}
	}
}

func TestTrack(t *testing.T) {
	push := make(chan string)
	// Two phones without a serial are no phone that changes at each look.
	polled := "(no serial number)     device transport_id:8\n(no serial number)     offline transport_id:9\naa\tdevice transport_id:1\n"
	f := startFake(t, script{
		"host:track-devices-l": func(c *fakeConn) {
			c.okay()
			for text := range push {
				c.text(text)
			}
		},
		"host:devices-l": func(c *fakeConn) { says(polled)(c) },
	})
	events, err := f.server().Track(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	next := func(want Event) {
		t.Helper()
		got := <-events
		if got.At.IsZero() {
			t.Error("no time")
		}
		got.At = time.Time{}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
	next(Event{Serial: "aa", State: StateDevice}) // from the first poll, before anything was pushed
	push <- "aa\toffline transport_id:1\n"        // a blip: both ends are seen although polling sees none
	next(Event{Serial: "aa", State: StateOffline, Was: StateDevice})
	push <- "aa\tdevice transport_id:1\n"
	next(Event{Serial: "aa", State: StateDevice, Was: StateOffline})
	push <- "aa\tdevice transport_id:1\n" // said again: no event
	push <- "aa\tdevice transport_id:2\n" // plugged in again
	next(Event{Serial: "aa", State: StateDevice, Was: StateDevice})
	close(push) // the server goes
	for e := range events {
		if e.Serial == "" && !errors.Is(e.Err, ServerGone) {
			t.Errorf("last event %+v", e)
		}
	}
}

func TestTrackOldServer(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var polls atomic.Int32
	f := startFake(t, script{
		"host:track-devices-l": fails("unknown host service"),
		"host:track-devices":   func(c *fakeConn) { c.okay(); c.text("aa\tdevice\n"); hangs(c) },
		"host:devices-l": func(c *fakeConn) {
			if polls.Add(1) > 3 {
				cancel()
			}
			says("aa device transport_id:7\n")(c)
		},
	})
	events, err := f.server().Track(ctx)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for e := range events {
		if n++; e.State != StateDevice || e.Err != nil {
			t.Errorf("event %+v", e)
		}
	}
	if n != 1 {
		t.Errorf("%d events; the long and the short list do not differ", n)
	}
}

func TestEnsureUserServer(t *testing.T) {
	f := startFake(t, script{"host:version": says("0029")})
	t.Setenv("PATH", t.TempDir())
	t.Setenv("ADB_SERVER_SOCKET", "tcp:"+f.server().Addr)
	if s, err := EnsureUserServer(t.Context()); err != nil || s != f.server() {
		t.Errorf("a server that runs: %v, %v", s, err)
	}
	f.ln.Close()
	if _, err := EnsureUserServer(t.Context()); !errors.Is(err, NotInstalled) {
		t.Errorf("no server and no adb: %v", err)
	}
	adb := filepath.Join(os.Getenv("PATH"), "adb")
	if err := os.WriteFile(adb, []byte("#!/bin/sh\necho \"$@: cannot\"; exit 1\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := EnsureUserServer(t.Context()); !errors.Is(err, ServerGone) || !strings.Contains(err.Error(), "start-server: cannot") {
		t.Errorf("an adb that cannot start one: %v", err)
	}
}

func TestUserServer(t *testing.T) {
	tests := []struct {
		name string
		env  map[string]string
		want string
	}{
		{"usual", nil, "127.0.0.1:5037"},
		{"port", map[string]string{"ANDROID_ADB_SERVER_PORT": "5038"}, "127.0.0.1:5038"},
		{"socket with host", map[string]string{"ADB_SERVER_SOCKET": "tcp:farm:5039", "ANDROID_ADB_SERVER_PORT": "5038"}, "farm:5039"},
		{"socket without host", map[string]string{"ADB_SERVER_SOCKET": "tcp:5039"}, "127.0.0.1:5039"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := userServer(func(k string) string { return tt.env[k] }).Addr; got != tt.want {
				t.Errorf("%s, want %s", got, tt.want)
			}
		})
	}
}
