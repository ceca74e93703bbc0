package adb

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestShell(t *testing.T) {
	tests := []struct {
		name   string
		argv   []string
		script script
		want   Result
		code   Code // of the fault; empty: none
		exit   int  // of the ExitError
	}{
		{"output and status", []string{"getprop", "ro.x"}, script{
			"shell,v2,raw:'getprop' 'ro.x'": prints("out\n", "err\n", 0)},
			Result{Stdout: []byte("out\n"), Stderr: []byte("err\n")}, "", 0},
		{"status other than 0 is an ExitError with the result", []string{"false"}, script{
			"shell,v2,raw:'false'": prints("some", "no", 200)},
			Result{Stdout: []byte("some"), Stderr: []byte("no"), Exit: 200}, "", 200},
		{"every argument is one word", []string{"echo", "a b", "c;id", "$HOME", "it's", "", "&"}, script{
			`shell,v2,raw:'echo' 'a b' 'c;id' '$HOME' 'it'\''s' '' '&'`: prints("", "", 0)},
			Result{}, "", 0},
		{"no exit packet is a fault, whatever was printed", []string{"getprop"}, script{
			"shell,v2,raw:'getprop'": func(c *fakeConn) { c.okay(); c.packet(packetStdout, "half") }},
			Result{Stdout: []byte("half")}, NoExit, 0},
		{"link drops inside a packet", []string{"getprop"}, script{
			"shell,v2,raw:'getprop'": func(c *fakeConn) { c.okay(); io.WriteString(c, "\x01\xff\x00\x00\x00half") }},
			Result{Stdout: []byte("half")}, NoExit, 0},
		{"exit packet without a status", []string{"true"}, script{
			"shell,v2,raw:'true'": func(c *fakeConn) { c.okay(); c.packet(packetExit, "") }},
			Result{}, Malformed, 0},
		{"unknown packet", []string{"true"}, script{
			"shell,v2,raw:'true'": func(c *fakeConn) { c.okay(); c.packet(9, "x") }},
			Result{}, Malformed, 0},
		{"more output than allowed", []string{"cat"}, script{
			"shell,v2,raw:'cat'": prints(strings.Repeat("x", 1025), "", 0)},
			Result{}, TooLarge, 0},
		{"a length of 4 GiB holds no memory", []string{"cat"}, script{
			"shell,v2,raw:'cat'": func(c *fakeConn) { c.okay(); io.WriteString(c, "\x01\xff\xff\xff\xff") }},
			Result{}, TooLarge, 0},
		{"refused service", []string{"ls"}, script{"shell,v2,raw:'ls'": fails("closed")}, Result{}, Closed, 0},
		{"unauthorized", []string{"ls"}, script{"shell,v2,raw:'ls'": fails("device unauthorized.\nThis adb server's $ADB_VENDOR_KEYS is not set")}, Result{}, Unauthorized, 0},
		{"offline", []string{"ls"}, script{"shell,v2,raw:'ls'": fails("device offline")}, Result{}, Offline, 0},
		{"no such phone", []string{"ls"}, script{"shell,v2,raw:'ls'": fails("device '7c2d9a10' not found")}, Result{}, NotFound, 0},
		{"NUL cannot be sent", []string{"echo", "a\x00b"}, script{}, Result{}, Usage, 0},
		{"no command", nil, script{}, Result{}, Usage, 0},
		{"a line that no request can carry", []string{"echo", strings.Repeat("x", 1<<16)}, script{}, Result{}, Usage, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := startFake(t, v2(tt.script)).device(Options{Limits: Limits{Output: 1024}})
			got, err := d.Shell(t.Context(), tt.argv...)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("result (-want +got):\n%s", diff)
			}
			var exit *ExitError
			switch {
			case CodeOf(err) != tt.code:
				t.Errorf("error %v, want code %q", err, tt.code)
			case tt.code != "" && !errors.Is(err, tt.code):
				t.Errorf("errors.Is(%v, %q) is false", err, tt.code)
			case tt.exit == 0 && tt.code == "" && err != nil:
				t.Errorf("error %v", err)
			case tt.exit != 0 && (!errors.As(err, &exit) || exit.Result.Exit != tt.exit):
				t.Errorf("error %v, want exit status %d", err, tt.exit)
			}
		})
	}
}

func TestShellWithoutV2(t *testing.T) {
	tests := []struct {
		name   string
		answer func(mark string) string
		want   Result
		code   Code
		exit   int
	}{
		{"status is read behind the mark", func(m string) string { return "a\r\nb\r\n" + m + "0\r\n" }, Result{Stdout: []byte("a\nb\n")}, "", 0},
		{"no line end before the mark", func(m string) string { return "tail" + m + "7\n" }, Result{Stdout: []byte("tail"), Exit: 7}, "", 7},
		{"no mark", func(string) string { return "half" }, Result{Stdout: []byte("half")}, NoExit, 0},
		{"cut behind the mark", func(m string) string { return "x" + m }, Result{Stdout: []byte("x")}, NoExit, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := startFake(t, nil)
			f.serve = func(c *fakeConn, request string) bool {
				if request == featuresRequest {
					says("cmd")(c)
					return true
				}
				line, ok := strings.CutPrefix(request, "shell:('ls'\n); echo ")
				mark, ok2 := strings.CutSuffix(line, "$?")
				if !ok || !ok2 {
					return false
				}
				streams(tt.answer(mark))(c)
				return true
			}
			got, err := f.device(Options{}).Shell(t.Context(), "ls")
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("result (-want +got):\n%s", diff)
			}
			if CodeOf(err) != tt.code || (tt.exit != 0) != (CodeOf(err) == "" && err != nil) {
				t.Errorf("error %v", err)
			}
		})
	}
}

func TestLegacyMarkInTheOutput(t *testing.T) {
	got, err := parseLegacy([]byte("M1\nM0\n"), "M")
	if err != nil || got.Exit != 0 || string(got.Stdout) != "M1\n" {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestContextEndsACommand(t *testing.T) {
	for _, tt := range []struct {
		name string
		ctx  func() (context.Context, context.CancelFunc)
		code Code
		is   error
	}{
		{"deadline: the phone's fault", func() (context.Context, context.CancelFunc) {
			return context.WithTimeout(t.Context(), 20*time.Millisecond)
		}, Timeout, context.DeadlineExceeded},
		{"cancel: ours", func() (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(20*time.Millisecond, cancel)
			return ctx, cancel
		}, Canceled, context.Canceled},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := startFake(t, v2(script{"shell,v2,raw:*": func(c *fakeConn) { c.okay(); c.packet(packetStdout, "x"); hangs(c) }}))
			ctx, cancel := tt.ctx()
			defer cancel()
			_, err := f.device(Options{}).Shell(ctx, "sleep", "9")
			if !errors.Is(err, tt.code) || !errors.Is(err, tt.is) {
				t.Errorf("error %v", err)
			}
		})
	}
}

func TestDefaultDeadline(t *testing.T) {
	f := startFake(t, v2(script{"shell,v2,raw:*": func(c *fakeConn) { c.okay(); hangs(c) }}))
	_, err := f.device(Options{Limits: Limits{Timeout: 20 * time.Millisecond}}).Shell(context.Background(), "sleep", "9")
	if !errors.Is(err, Timeout) || ClassOf(err) != ClassPhone {
		t.Errorf("error %v", err)
	}
}

func TestPlacesAreBounded(t *testing.T) {
	started := make(chan struct{}, 2)
	f := startFake(t, v2(script{"shell,v2,raw:*": func(c *fakeConn) { c.okay(); started <- struct{}{}; hangs(c) }}))
	d := f.device(Options{Limits: Limits{InFlight: 1}})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { _, err := d.Shell(ctx, "first"); done <- err }()
	<-started
	short, stop := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer stop()
	_, err := d.Shell(short, "second")
	if !errors.Is(err, Timeout) || ClassOf(err) != ClassHarness {
		t.Errorf("a command without a place: %v, class %s", err, ClassOf(err))
	}
	if len(started) != 0 {
		t.Error("the second command was sent")
	}
	cancel()
	<-done
}

func TestJournal(t *testing.T) {
	var got []Command
	f := startFake(t, v2(script{
		"shell,v2,raw:'false'": prints("ab", "c", 3),
		"shell,v2,raw:'drop'":  func(c *fakeConn) { c.okay() },
		"exec:'screencap'":     streams("12345"),
	}))
	d := f.device(Options{Journal: func(c Command) {
		if c.Started.IsZero() || c.Duration <= 0 {
			t.Errorf("times of %+v", c)
		}
		c.Started, c.Duration = time.Time{}, 0
		got = append(got, c)
	}})
	d.Shell(t.Context(), "false")
	d.Shell(t.Context(), "drop")
	d.Exec(t.Context(), "screencap")
	if len(got) != 3 {
		t.Fatalf("%d lines, want 3", len(got))
	}
	if !errors.Is(got[1].Err, NoExit) {
		t.Errorf("second line's error %v", got[1].Err)
	}
	got[1].Err = nil
	want := []Command{
		{Kind: "shell", Argv: []string{"false"}, Exit: 3, BytesOut: 3},
		{Kind: "shell", Argv: []string{"drop"}, Exit: -1},
		{Kind: "exec", Argv: []string{"screencap"}, BytesOut: 5},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("journal (-want +got):\n%s", diff)
	}
}

func FuzzShellPackets(f *testing.F) {
	f.Add("\x01\x02\x00\x00\x00hi\x03\x01\x00\x00\x00\x00")
	f.Add("\x02\xff\xff\xff\xff")
	f.Add("\x03\x00\x00\x00\x00")
	f.Fuzz(func(t *testing.T, in string) {
		const limit = 256
		res, err := parseShell(strings.NewReader(in), limit)
		if len(res.Stdout) > limit || len(res.Stderr) > limit {
			t.Fatalf("%d and %d bytes kept", len(res.Stdout), len(res.Stderr))
		}
		if err == nil && !strings.Contains(in, "\x03\x01\x00\x00\x00") {
			t.Fatal("a result without an exit packet")
		}
	})
}

func FuzzLegacy(f *testing.F) {
	f.Add("out\r\nMARK0\r\n")
	f.Add("MARK")
	f.Fuzz(func(t *testing.T, in string) {
		res, err := parseLegacy([]byte(in), "MARK")
		if err == nil && !strings.Contains(in, "MARK") {
			t.Fatal("a status without the mark")
		}
		if res.Exit < 0 || res.Exit > 255 {
			t.Fatal(res.Exit)
		}
	})
}
