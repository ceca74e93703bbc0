package harness_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/telltale-farm/telltale/adb"
	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/harness"
	"github.com/telltale-farm/telltale/harness/virtual/personality"
)

// plugged stands in for the server's look at USB: a phone that it dropped is found again.
func (r *rig) plugged() (stop func()) {
	ctx, cancel := context.WithCancel(r.t.Context())
	var looking sync.WaitGroup
	looking.Go(func() {
		tick := time.NewTicker(200 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			if _, err := r.server.State(ctx, r.options.Serial); adb.CodeOf(err) == adb.NotFound {
				_ = r.server.Connect(ctx, r.options.Serial)
			}
		}
	})
	return func() { cancel(); looking.Wait() }
}

// TestAHungPhone: a phone whose adb daemon is stuck stays listed and answers nothing. It is connected anew, and the
// scenario is made again; one that the server found by itself, as it finds those on USB, too.
func TestAHungPhone(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		usb  bool
	}{{"on the network", false}, {"on USB", true}} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, personality.Clean(), "clean")
			if tc.usb {
				r.attach()
				r.options.Address = ""
				defer r.plugged()()
			}
			before := r.state()
			r.options.Bounds = harness.Bounds{Command: 10 * time.Second}
			l := r.lease()
			once := &sync.Once{}
			seen, err := r.search(l, func(a harness.Action) harness.Action {
				return struck{Action: a, once: once, before: true, happens: r.phone.ADB().HangLinks}
			})
			if err != nil || seen.Verdict.Outcome != leak.Clean {
				t.Errorf("the restart: %+v, %v", seen, err)
			}
			made := r.made()
			if f := made[0].Fault; f == nil || f.Class != leak.FaultPhone || f.Code != leak.CodeDeviceLost || !strings.Contains(f.Detail, "did not answer in time") {
				t.Errorf("the attempt in which it hung has the fault %+v", f)
			}
			if !strings.Contains(r.journal(), `"event":"reconnect"`) {
				t.Error("the journal does not say that it was connected anew")
			}
			r.finish(l)
			if diff := cmp.Diff(before, r.state()); diff != "" {
				t.Errorf("the phone is not as it was (-before +after):\n%s", diff)
			}
		})
	}
}
