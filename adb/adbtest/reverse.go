package adbtest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/telltale-farm/telltale/adb"
)

func reverse(t *testing.T, s suite) {
	ctx := s.within(t)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	host := ln.Addr().(*net.TCPAddr).Port
	t.Cleanup(func() { // nothing dials it any more
		ctx, cancel := s.after()
		defer cancel()
		if err := s.d.RemoveReverse(ctx, port); err != nil {
			t.Error(err)
		}
		list, err := s.d.Reverses(ctx)
		check(t, "after it was removed", !slices.ContainsFunc(list, func(r adb.Reverse) bool { return r.Device == port }), list, err)
	})

	for range 3 {
		if err := s.d.EnsureReverse(ctx, port, host); err != nil {
			t.Fatal(err)
		}
	}
	list, err := s.d.Reverses(ctx)
	check(t, "list", slices.Contains(list, adb.Reverse{Device: port, Host: host}), list, err)
	if err := s.d.EnsureReverse(ctx, port, host+1); !errors.Is(err, adb.ReverseTaken) {
		t.Errorf("to another port of ours: %v", err)
	}
	sockets, err := s.d.Sockets(ctx, "tcp", "tcp6")
	check(t, "the phone listens on it", slices.ContainsFunc(sockets, func(r adb.Socket) bool {
		return r.State == adb.TCPListen && r.Local.Port() == port
	}), sockets, err)

	t.Run("data", func(t *testing.T) {
		dial := s.Dial
		if dial == nil {
			if dial = s.netcat(t); dial == nil {
				t.Skip("this phone has no nc, and the factory gives no Dial")
			}
		}
		came := make(chan string, 1)
		go func() {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			defer c.Close()
			c.SetDeadline(time.Now().Add(s.Patience))
			line := make([]byte, 64)
			n, _ := io.ReadAtLeast(c, line, len("through"))
			came <- string(line[:n])
		}()
		if err := dial(ctx, s.d, port, "through"); err != nil {
			t.Fatal(err)
		}
		select {
		case got := <-came:
			if !strings.HasPrefix(got, "through") {
				t.Errorf("through the tunnel came %q", got)
			}
		case <-ctx.Done():
			t.Error("nothing came through the tunnel")
		}
	})
}

// netcat finds a way to dial from the phone's shell; nil if there is none.
func (s suite) netcat(t *testing.T) func(context.Context, *adb.Device, int, string) error {
	for _, nc := range []string{"nc", "toybox nc"} {
		res, err := s.d.Script(s.within(t), nc+" --help 2>&1 || true")
		if err == nil && strings.Contains(strings.ToLower(string(res.Stdout)), "usage") {
			return func(ctx context.Context, d *adb.Device, port int, text string) error {
				ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
				defer cancel()
				_, err := d.Script(ctx, fmt.Sprintf("echo %s | %s 127.0.0.1 %d", adb.Quote(text), nc, port))
				if errors.Is(err, adb.Timeout) { // some wait for the other side to close
					err = nil
				}
				return err
			}
		}
	}
	return nil
}
