package harness_test

import (
	"testing"
	"time"

	"github.com/telltale-farm/telltale/harness"
	"github.com/telltale-farm/telltale/harness/virtual/personality"
)

// A phone that starts has a shell long before it has settings and apps: it is waited for, for longer than one that is away,
// and asked nothing until it is up.
func TestAPhoneThatIsStillStarting(t *testing.T) {
	t.Parallel()
	r := newRig(t, personality.Clean(), "clean")
	r.connected()
	r.options.Bounds = harness.Bounds{Attach: 5 * time.Second, Boot: time.Second}
	const up = "sys.boot_completed"
	props := r.phone.State().Props
	props.Force(up, "")
	if l, err := harness.Acquire(t.Context(), r.options); err == nil {
		r.release(l)
		t.Fatal("a phone was driven before it was up")
	} else if f := harness.LostFault(err); f.Code != "device-lost" || f.Class != "phone" {
		t.Errorf("%+v", f)
	}
	r.options.Bounds = harness.Bounds{Attach: 5 * time.Second}
	r.options.Progress = func(line string) {
		t.Log(line)
		switch {
		case line == "waiting until the phone has started":
			props.Force(up, "1")
		case line == "putting back what an earlier run left" && props.Get(up) != "1":
			t.Error("it was asked before it was up")
		}
	}
	r.release(r.lease())
}
