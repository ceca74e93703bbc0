package harness_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/harness/virtual/personality"
)

// Xiaomi's switch flips back by itself in the middle of a run: the next attempt is a fault of the phone that names it,
// and nothing is driven.
func TestSwitchFlipsBack(t *testing.T) {
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
