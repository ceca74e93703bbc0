package harness_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/telltale-farm/telltale/adb"
	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/harness"
	"github.com/telltale-farm/telltale/harness/virtual/personality"
	"github.com/telltale-farm/telltale/harness/virtual/phone"
)

// Xiaomi's switch flips back by itself in the middle of a run: the next attempt is a fault of the phone that names it,
// and nothing is driven.
func TestSwitchFlipsBack(t *testing.T) {
	t.Parallel()
	r := newRig(t, personality.Leaky2020(), "leaky-2020")
	l := r.lease()
	props := r.phone.State().Props
	defer func() {
		props.Force("persist.security.adbinput", "1")
		if err := l.Release(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	}()
	props.Force("persist.security.adbinput", "0")
	if _, err := r.search(l, nil); err == nil || !strings.Contains(err.Error(), "USB debugging (Security settings)") {
		t.Errorf("the error does not say what to do: %v", err)
	}
	attempts := r.attempts()
	at := attempts[slices.IndexFunc(attempts, func(a leak.Attempt) bool { return a.Key == r.searchKey() })]
	if at.Fault == nil || at.Fault.Class != leak.FaultPhone || !strings.Contains(at.Fault.Detail, "persist.security.adbinput") {
		t.Errorf("%+v", at.Fault)
	}
	if at.Window.Last >= at.Window.First {
		t.Errorf("something was driven: %+v", at.Window)
	}
}

// A Xiaomi system without the switch, as that of a tablet, is asked whether it takes input; one that never had it touched
// does not.
func TestXiaomiWithoutTheSwitch(t *testing.T) {
	t.Parallel()
	r := newRig(t, personality.Leaky2020(), "leaky-2020")
	r.phone.State().Props.Force("persist.security.adbinput", "")
	if l, err := harness.Acquire(t.Context(), r.options); l != nil || !errors.Is(err, adb.Denied) || !strings.Contains(err.Error(), "persist.security.adbinput") {
		t.Errorf("a phone that denies input: %v", err)
	}
	r.phone.State().Faults.Set(phone.Faults{Ungated: true})
	l := r.lease()
	if _, err := r.search(l, nil); err != nil {
		t.Error(err)
	}
	r.release(l)
}

// TestTapsDroppedWithoutAWord: HyperOS lets a tap end with status 0 and does nothing. The attempts are void, with the line
// of the phone's log that says so, the screen's tree and a picture.
func TestTapsDroppedWithoutAWord(t *testing.T) {
	t.Parallel()
	r := newRig(t, personality.Clean(), "clean")
	r.options.Bounds.Step = 5 * time.Second
	l := r.lease()
	defer l.Release(context.WithoutCancel(t.Context()))
	r.phone.State().Faults.Set(phone.Faults{SilentTaps: true})
	seen, err := r.search(l, nil)
	if err == nil || seen.Verdict.Outcome != leak.Inconclusive || !slices.Contains(codes(seen), leak.CodeNotPerformed) {
		t.Fatalf("%+v, %v", seen, err)
	}
	last := r.attempts()[len(r.attempts())-1]
	if last.Fault == nil || last.Fault.Class != leak.FaultPhone || !strings.Contains(last.Fault.Detail, "injecting event") || !strings.Contains(last.Fault.Detail, "Security settings") {
		t.Errorf("%+v", last.Fault)
	}
	r.keeps(last, "ui.xml", "com.android.chrome")
	r.keeps(last, "screen-after.png", "PNG")
	r.keeps(last, "logcat.txt", "Permission denied: injecting event")
}
