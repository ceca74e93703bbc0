package adbtest

import (
	"context"
	"testing"
	"time"

	"github.com/telltale-farm/telltale/adb"
)

// rebootTimeout is for a real phone; a virtual one takes 10 s, which is when the adb server tries it again.
const rebootTimeout = 5 * time.Minute

func reboot(t *testing.T, s suite) {
	ctx, cancel := context.WithTimeout(t.Context(), rebootTimeout)
	defer cancel()
	before, err := s.d.BootID(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.d.EnsureReverse(ctx, port, 1); err != nil {
		t.Fatal(err)
	}
	events, err := s.d.Server().Track(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.d.Reboot(ctx); err != nil {
		t.Fatal(err)
	}
	for e := range events {
		if e.Serial == s.d.Serial() && e.State != adb.StateDevice {
			break
		}
	}
	if err := s.d.Server().WaitState(ctx, s.d.Serial(), adb.StateDevice); err != nil {
		t.Fatal(err)
	}
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		props, err := s.d.Props(ctx)
		if props["sys.boot_completed"] == "1" {
			break
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("it did not come up again: %v", err)
		}
	}
	now, err := s.d.BootID(ctx)
	check(t, "the boot id changed", now != before, []string{before, now}, err)
	list, err := s.d.Reverses(ctx)
	check(t, "reverse tunnels are gone", len(list) == 0, list, err)
}
