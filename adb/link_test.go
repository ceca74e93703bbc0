package adb_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"testing"
	"time"

	"github.com/telltale-farm/telltale/adb"
	"github.com/telltale-farm/telltale/harness/virtual/adbd"
)

// What breaks on the way is never output.
func TestBrokenCommands(t *testing.T) {
	d, phone := attached(t, adbd.Options{})
	online := func() {
		t.Helper()
		if err := d.Server().WaitState(t.Context(), d.Serial(), adb.StateDevice); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		name string
		arm  func()
		want adb.Code
	}{
		{"the link drops after 4 bytes", func() { phone.Inject(adbd.Fault{Kind: adbd.LoseLink, After: 4}) }, adb.NoExit},
		{"the stream ends without an exit packet", func() { phone.Inject(adbd.Fault{Kind: adbd.NoExit}) }, adb.NoExit},
		{"the command hangs", func() { phone.Inject(adbd.Fault{Kind: adbd.Hang}) }, adb.Timeout},
		{"the service is refused", func() { phone.RefuseServices("shell") }, adb.Closed},
	} {
		t.Run(tt.name, func(t *testing.T) {
			online()
			if _, err := d.Features(t.Context()); err != nil {
				t.Fatal(err)
			}
			tt.arm()
			defer phone.RefuseServices()
			limit := time.Minute
			if tt.want == adb.Timeout {
				limit = 500 * time.Millisecond
			}
			ctx, cancel := context.WithTimeout(t.Context(), limit)
			defer cancel()
			res, err := d.Shell(ctx, "echo", "0123456789")
			if !errors.Is(err, tt.want) || adb.ClassOf(err) != adb.ClassPhone {
				t.Errorf("%q, %v, class %s; want %s", res.Stdout, err, adb.ClassOf(err), tt.want)
			}
		})
	}
	online()
	if res, err := d.Shell(t.Context(), "echo", "again"); err != nil || string(res.Stdout) != "again\n" {
		t.Errorf("after all that: %q, %v", res.Stdout, err)
	}
}

func TestFrozenPhone(t *testing.T) {
	d, phone := attached(t, adbd.Options{})
	phone.Freeze()
	t.Cleanup(phone.Thaw)
	for name, call := range map[string]func(context.Context) error{
		"shell": func(ctx context.Context) error { _, err := d.Shell(ctx, "true"); return err },
		"push":  func(ctx context.Context) error { return d.Push(ctx, bytes.NewReader(make([]byte, 8<<20)), "/x", 0o644) },
		"pull":  func(ctx context.Context) error { return d.Pull(ctx, "/x", io.Discard) },
		"list":  func(ctx context.Context) error { _, err := d.List(ctx, "/"); return err },
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
			defer cancel()
			if err := call(ctx); !errors.Is(err, adb.Timeout) || adb.ClassOf(err) != adb.ClassPhone {
				t.Errorf("error %v", err)
			}
		})
	}
}

func TestUnauthorized(t *testing.T) {
	d, _ := attached(t, adbd.Options{})
	ask := adbd.New(adbd.Options{Device: &shellPhone{root: t.TempDir()}, Auth: adbd.Prompt})
	if err := ask.Listen(t.Context(), "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ask.Close() })
	s, serial := d.Server(), ask.Addr().String()
	if err := s.Connect(t.Context(), serial); !errors.Is(err, adb.Unauthorized) {
		t.Errorf("connect: %v", err)
	}
	if state, err := s.State(t.Context(), serial); state != adb.StateUnauthorized {
		t.Errorf("state %q, %v", state, err)
	}
	_, err := s.Device(serial, adb.Options{}).Shell(t.Context(), "true")
	if !errors.Is(err, adb.Unauthorized) {
		t.Errorf("shell: %v", err)
	}
	list, err := s.Devices(t.Context())
	if err != nil || len(list) != 2 {
		t.Fatalf("list %v, %v", list, err)
	}
}

// A phone on the network that vanishes is not pushed by the server; a blip is over before one can poll.
func TestTrackSeesTheRealServer(t *testing.T) {
	d, phone := attached(t, adbd.Options{})
	events, err := d.Server().Track(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	expect := func(states ...adb.State) {
		t.Helper()
		for _, want := range states {
			select {
			case e := <-events:
				if e.Serial != d.Serial() || e.State != want {
					t.Fatalf("event %+v, want state %q", e, want)
				}
			case <-time.After(time.Minute):
				t.Fatalf("no event, want state %q", want)
			}
		}
	}
	expect(adb.StateDevice)
	phone.DropLinks()
	expect(adb.StateOffline, adb.StateDevice)
	if list, err := d.Reverses(t.Context()); err != nil || len(list) != 0 {
		t.Errorf("reverses after a blip: %v, %v", list, err)
	}
	phone.PowerOff()
	expect(adb.StateOffline)
	if err := d.Server().Disconnect(t.Context(), d.Serial()); err != nil {
		t.Fatal(err)
	}
	expect("")
}

func TestReverse(t *testing.T) {
	d, phone := attached(t, adbd.Options{})
	ctx := t.Context()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	host := ln.Addr().(*net.TCPAddr).Port

	for range 3 {
		if err := d.EnsureReverse(ctx, 18080, host); err != nil {
			t.Fatal(err)
		}
	}
	list, err := d.Reverses(ctx)
	if err != nil || len(list) != 1 || list[0] != (adb.Reverse{Device: 18080, Host: host}) {
		t.Errorf("reverses %v, %v", list, err)
	}
	if err := d.EnsureReverse(ctx, 18080, host+1); !errors.Is(err, adb.ReverseTaken) || adb.ClassOf(err) != adb.ClassHarness {
		t.Errorf("rebinding: %v", err)
	}

	go func() {
		c, err := ln.Accept()
		if err != nil {
			return
		}
		fmt.Fprint(c, "through")
		c.Close()
	}()
	c, err := phone.DialReverse(ctx, 18080)
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(c)
	if string(got) != "through" || err != nil {
		t.Errorf("through the tunnel came %q, %v", got, err)
	}
	c.Close()

	for range 2 { // the second time it is not there any more
		if err := d.RemoveReverse(ctx, 18080); err != nil {
			t.Error(err)
		}
	}
	if list, err := d.Reverses(ctx); err != nil || len(list) != 0 {
		t.Errorf("reverses %v, %v", list, err)
	}
	for _, ports := range [][2]int{{0, 1}, {1, 0}, {1 << 16, 1}, {-1, 1}} {
		if err := d.EnsureReverse(ctx, ports[0], ports[1]); !errors.Is(err, adb.Usage) {
			t.Errorf("ports %v: %v", ports, err)
		}
	}
}

func TestEnsureReverseFromMany(t *testing.T) {
	d, _ := attached(t, adbd.Options{})
	errs := make(chan error)
	for range 6 {
		go func() { errs <- d.EnsureReverse(t.Context(), 18080, 19999) }()
	}
	for range 6 {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
}
