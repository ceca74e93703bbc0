package harness_test

import (
	"context"
	"errors"
	"testing"

	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/harness"
	"github.com/telltale-farm/telltale/harness/profile"
	"github.com/telltale-farm/telltale/harness/virtual"
	"github.com/telltale-farm/telltale/harness/virtual/personality"
)

// pretend makes a rig's phone deny that it is virtual, and its profile one of a phone on USB: the same code path, with
// the catalogue of real phones, and nobody who installs our certificate.
func (r *rig) pretend() {
	r.phone.State().Props.Force(virtual.PropVirtual, "")
	r.options.Profile.Kind, r.options.Profile.Personality = profile.USB, ""
}

func TestARealPhoneIsNotDrivenBlind(t *testing.T) {
	t.Parallel()
	r := newRig(t, personality.Clean(), "clean")
	r.pretend()
	l, err := harness.Acquire(t.Context(), r.options)
	if l != nil {
		l.Release(context.WithoutCancel(t.Context()))
	}
	var blind *harness.NoControl
	if !errors.As(err, &blind) {
		t.Fatalf("leased with %v: nothing it sends can be read", err)
	}
	if f := harness.LostFault(err); f.Code != leak.CodeControlMissing {
		t.Fatalf("its cells would say %s", f.Code)
	}
	if host, port, on := r.phone.State().Proxy.Effective(); on {
		t.Fatalf("the phone was left behind the proxy %s:%d", host, port)
	}
}

func TestKindsAreNotMixedUp(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		make func(r *rig)
	}{
		{"a virtual phone as usb", func(r *rig) { r.options.Profile.Kind = profile.USB }},
		{"a real phone as virtual", func(r *rig) { r.phone.State().Props.Force(virtual.PropVirtual, "") }},
		{"another model", func(r *rig) { r.options.Profile.Expect = map[string]string{"ro.product.device": "ginkgo"} }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := newRig(t, personality.Clean(), "clean")
			tc.make(r)
			if l, err := harness.Acquire(t.Context(), r.options); err == nil {
				l.Release(context.WithoutCancel(t.Context()))
				t.Fatal("it was leased")
			}
		})
	}
}
