package main

import (
	"bytes"
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/telltale-farm/telltale/harness"
	"github.com/telltale-farm/telltale/harness/virtual"
	"github.com/telltale-farm/telltale/harness/virtual/adbd"
	"github.com/telltale-farm/telltale/harness/virtual/personality"
	"github.com/telltale-farm/telltale/harness/virtual/phone"
)

// eachLine calls for each line that is written.
type eachLine func(line string)

func (l eachLine) Write(b []byte) (int, error) {
	for line := range strings.Lines(string(b)) {
		l(line)
	}
	return len(b), nil
}

// TestRestoreWaits has a phone whose run died, and which is still starting, or away: it is told nothing before it is up, and
// when the wait is over or interrupted, the journal is as it was.
func TestRestoreWaits(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("drives a virtual phone through a real adb server")
	}
	const up = "sys.boot_completed"
	p, err := virtual.New(virtual.Options{Personality: personality.Clean(), Name: "subject", Auth: adbd.NoAuth})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	if err := p.Listen(t.Context(), "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	settings, props, address, state := p.State().Settings, p.State().Props, p.Addr().String(), t.TempDir()
	settings.Put(phone.Global, "http_proxy", "127.0.0.1:18080")
	props.Force(up, "")
	undo, err := harness.OpenUndo(state, address)
	if err != nil {
		t.Fatal(err)
	}
	ours := "127.0.0.1:18080"
	if err := undo.Add(harness.UndoEntry{Serial: address, Phone: "subject", Address: address, Namespace: phone.Global, Key: "http_proxy", New: &ours}); err != nil {
		t.Fatal(err)
	}
	restore := func(ctx context.Context, b harness.Bounds, said eachLine) error {
		return (&restoreCmd{Bounds: b}).Run(ctx, &console{Out: &bytes.Buffer{}, Err: said}, &globals{State: state})
	}
	stays := func(when string, err error, want ...string) {
		t.Helper()
		for _, w := range append(want, "run `telltale restore` again") {
			if err == nil || !strings.Contains(err.Error(), w) {
				t.Errorf("%s: %v, want %q", when, err, w)
			}
		}
		if left, err := harness.OpenUndo(state, address); err != nil || len(left.Entries()) != 1 {
			t.Errorf("%s, the journal has %d entries, %v", when, len(left.Entries()), err)
		}
		if got, _ := settings.Get(phone.Global, "http_proxy"); got != ours {
			t.Errorf("%s, the phone's proxy is %q: it was touched before it was up", when, got)
		}
	}

	long := harness.Bounds{Attach: time.Minute, Boot: time.Minute}
	stays("after the bound", restore(t.Context(), harness.Bounds{Attach: time.Minute, Boot: time.Second}, func(string) {}), "still starting")

	interrupted, stop := context.WithCancelCause(t.Context())
	end := errors.New("somebody pressed Ctrl-C")
	stays("interrupted", restore(interrupted, long, func(line string) {
		if strings.Contains(line, "waiting up to 1m0s until the phone has started") {
			stop(end)
		}
	}), end.Error())

	away := t.TempDir()
	absent, err := harness.OpenUndo(away, "127.0.0.1:1")
	if err == nil {
		err = absent.Add(harness.UndoEntry{Serial: "127.0.0.1:1", Phone: "absent", Address: "127.0.0.1:1", Namespace: phone.Global, Key: "http_proxy", New: &ours})
	}
	if err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	err = (&restoreCmd{Bounds: harness.Bounds{Attach: time.Second}}).Run(t.Context(), &console{Out: &bytes.Buffer{}, Err: &said}, &globals{State: away})
	if err == nil || !strings.Contains(err.Error(), "run `telltale restore` again") || !strings.Contains(said.String(), "absent: waiting up to 1s for the phone: ") {
		t.Errorf("away: %v\n%s", err, &said)
	}

	err = restore(t.Context(), long, func(line string) {
		t.Log(strings.TrimSpace(line))
		if strings.Contains(line, "waiting up to 1m0s until the phone has started") {
			if got, _ := settings.Get(phone.Global, "http_proxy"); got != ours {
				t.Error("it was told something before it was up")
			}
			props.Force(up, "1")
		}
	})
	if got, _ := settings.Get(phone.Global, "http_proxy"); err != nil || got == ours {
		t.Errorf("when it was up: %v, its proxy is %q", err, got)
	}
	if left, err := filepath.Glob(filepath.Join(state, "undo", "*.jsonl")); err != nil || len(left) > 0 {
		t.Errorf("open journals: %v, %v", left, err)
	}
}
