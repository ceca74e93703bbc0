package harness_test

import (
	"context"
	"io/fs"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/telltale-farm/telltale/adb"
	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/harness"
	"github.com/telltale-farm/telltale/harness/virtual/adbd"
	"github.com/telltale-farm/telltale/harness/virtual/personality"
)

// TestUnauthorised: a phone that does not know our key is not waited for, says how to mend it, and keeps no other phone.
func TestUnauthorised(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	refusing, other := d.rig(t, clean(nil), "clean", adbd.Refuse), d.rig(t, clean(nil), "clean", adbd.NoAuth)
	refusing.options.Bounds.Attach = time.Hour // an hour is what it would be waited for
	begun := time.Now()
	_, err := harness.Acquire(t.Context(), refusing.options)
	if err == nil || adb.CodeOf(err) != adb.Unauthorized || !strings.Contains(err.Error(), "accept the RSA prompt") {
		t.Fatalf("leasing a phone that refuses our key: %v", err)
	}
	if took := time.Since(begun); took > time.Hour/2 {
		t.Errorf("it was waited for %s", took)
	}
	if f := harness.LostFault(err); f.Class != leak.FaultPhone || f.Code != leak.CodeDeviceLost || !strings.Contains(f.Detail, "accept the RSA prompt") {
		t.Errorf("its cells have the reason %+v", f)
	}
	l := other.lease()
	if seen, err := other.search(l, nil); err != nil || seen.Verdict.Outcome != leak.Clean {
		t.Errorf("the phone beside it: %+v, %v", seen, err)
	}
	other.finish(l)
}

// TestKeyRevoked: a phone whose owner revokes the key in the middle of a run is put aside at once, with the reason in
// every cell that is left, and is put back when somebody allows the key again.
func TestKeyRevoked(t *testing.T) {
	t.Parallel()
	r := newDesk(t).rig(t, clean(nil), "clean", adbd.Prompt)
	before := r.state()
	stop := r.allowing()
	l := r.lease()
	stop()
	seen, err := r.search(l, func(a harness.Action) harness.Action {
		return struck{Action: a, once: &sync.Once{}, before: true, happens: r.phone.ADB().Unauthorise}
	})
	if adb.CodeOf(err) != adb.Unauthorized {
		t.Errorf("the action ended with %v, %+v", err, seen)
	}
	if _, err := r.search(l, nil); adb.CodeOf(err) != adb.Unauthorized {
		t.Errorf("the next cell ended with %v", err)
	}
	made := r.made()
	if n := len(made); n != 3 || made[n-1].Fault == nil || !strings.Contains(made[n-1].Fault.Detail, "put aside") || !strings.Contains(made[n-1].Fault.Detail, "accept the RSA prompt") {
		t.Errorf("%d attempts: %+v", n, made)
	}
	defer r.allowing()()
	if err := l.Release(t.Context()); err != nil {
		t.Error("releasing:", err)
	}
	if diff := cmp.Diff(before, r.state()); diff != "" {
		t.Errorf("the phone is not as it was (-before +after):\n%s", diff)
	}
}

// allowing taps "Allow" whenever the phone asks, until it is told to stop.
func (r *rig) allowing() (stop func()) {
	ctx, cancel := context.WithCancel(r.t.Context())
	var tapping sync.WaitGroup
	tapping.Go(func() {
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				r.phone.ADB().Accept(true)
			}
		}
	})
	return func() { cancel(); tapping.Wait() }
}

// journal is everything that was written about the rig's phone.
func (r *rig) journal() string {
	r.t.Helper()
	raw, err := fs.ReadFile(r.bundle.FS(), "phones/"+phoneID+"/journal.jsonl")
	if err != nil {
		r.t.Fatal(err)
	}
	return string(raw)
}

// TestParked: a phone that runs out of battery or is too hot rests, and that is no attempt; when it rests for too long,
// its cell has the reason.
func TestParked(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name        string
		tire, rests func(r *rig)
		words       string
	}{
		{
			"a low battery", func(r *rig) { r.battery(12, 300) }, func(r *rig) { r.battery(31, 300) }, "its battery is at 12 %",
		}, {
			"a hot battery", func(r *rig) { r.battery(80, 480) }, func(r *rig) { r.battery(80, 410) }, "48.0",
		}, {
			"heat", func(r *rig) {
				r.phone.State().Props.Force("ro.build.version.sdk", "29") // the first that tells its thermal status
				r.phone.State().Power.SetThermal(4)
			}, func(r *rig) { r.phone.State().Power.SetThermal(1) }, "thermal status is 4",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, personality.Leaky2020(), "leaky-2020")
			before := r.state()
			parked, rests := make(chan struct{}, 1), tc.rests
			r.options.Bounds = harness.Bounds{Look: 100 * time.Millisecond, Park: 2 * time.Second}
			r.options.Progress = func(line string) {
				t.Log(line)
				if strings.HasPrefix(line, "parked: ") && rests != nil {
					rests(r) // before it is looked at again
					parked <- struct{}{}
				}
			}
			l := r.lease()
			tc.tire(r)
			if _, err := r.search(l, nil); err != nil {
				t.Fatal(err)
			}
			select {
			case <-parked:
			default:
				t.Error("it was not parked")
			}
			if made := r.made(); len(made) != 1 || made[0].Fault != nil || !strings.Contains(r.journal(), tc.words) {
				t.Errorf("attempts %+v; want one without a fault, and %q in the journal", made, tc.words)
			}
			rests = nil
			tc.tire(r)
			if _, err := r.search(l, nil); err == nil || !strings.Contains(err.Error(), tc.words) {
				t.Errorf("a phone that stays tired: %v", err)
			}
			made := r.made()
			if f := made[len(made)-1].Fault; f == nil || f.Class != leak.FaultPhone || f.Code != leak.CodeDeviceLost || !strings.Contains(f.Detail, "parked for 2s in vain") {
				t.Errorf("its cell has the reason %+v", f)
			}
			tc.rests(r)
			r.finish(l)
			if diff := cmp.Diff(before, r.state()); diff != "" {
				t.Errorf("the phone is not as it was (-before +after):\n%s", diff)
			}
		})
	}
}

func (r *rig) battery(level, tenths int) {
	b := r.phone.State().Power.Battery()
	b.Level, b.Temperature = level, tenths
	r.phone.State().Power.SetBattery(b)
}

// TestFullStorage: nothing can be pushed to a full phone, and it says so before anything is tried.
func TestFullStorage(t *testing.T) {
	t.Parallel()
	r := newRig(t, clean(nil), "clean")
	before := r.state()
	l := r.lease()
	_, was := r.phone.State().Files.Usage()
	r.phone.State().Files.SetCapacity(1 << 20)
	_, err := r.search(l, nil)
	f := r.made()[0].Fault
	if err == nil || f == nil || f.Class != leak.FaultPhone || f.Code != leak.CodeNotPerformed || !strings.Contains(f.Detail, "its storage is full") {
		t.Errorf("a full phone: %v, %+v", err, f)
	}
	r.phone.State().Files.SetCapacity(was)
	if _, err := r.search(l, nil); err != nil {
		t.Errorf("with room again: %v", err)
	}
	r.finish(l)
	if diff := cmp.Diff(before, r.state()); diff != "" {
		t.Errorf("the phone is not as it was (-before +after):\n%s", diff)
	}
}

// TestThreeFaultsPutAPhoneAside, with the reason in its other cells; and the phone is put back all the same.
func TestThreeFaultsPutAPhoneAside(t *testing.T) {
	t.Parallel()
	r := newRig(t, clean(nil), "clean")
	before := r.state()
	l := r.lease()
	l.AttachWithin(2 * time.Second)
	r.phone.ADB().RefuseServices("shell")
	for range 3 {
		if _, err := r.search(l, nil); err == nil {
			t.Fatal("a phone that refuses its shell was driven")
		}
	}
	n, tried := len(r.made()), strings.Count(r.journal(), `"event":"recovery"`)
	if _, err := r.search(l, nil); err == nil || !strings.Contains(err.Error(), "put aside: 3 faults in a row") {
		t.Errorf("the fourth cell: %v", err)
	}
	if now := strings.Count(r.journal(), `"event":"recovery"`); tried == 0 || now != tried {
		t.Errorf("in the fourth cell the phone was waited for: %d events of recovery, then %d", tried, now)
	}
	made := r.made()
	if len(made) != n+1 || made[n].Fault.Code != leak.CodeDeviceLost || !strings.Contains(made[n].Fault.Detail, "put aside") {
		t.Errorf("the fourth cell has %+v", made[n:])
	}
	r.phone.ADB().RefuseServices()
	if err := l.Release(t.Context()); err != nil {
		t.Error("releasing:", err)
	}
	if diff := cmp.Diff(before, r.state()); diff != "" {
		t.Errorf("the phone is not as it was (-before +after):\n%s", diff)
	}
}

// TestAnotherPhoneUnderTheSerial is refused before anything is changed on it.
func TestAnotherPhoneUnderTheSerial(t *testing.T) {
	t.Parallel()
	r := newRig(t, clean(nil), "clean")
	before := r.state()
	r.options.Profile.Expect = map[string]string{"ro.product.device": "ginkgo"}
	_, err := harness.Acquire(t.Context(), r.options)
	if err == nil || !strings.Contains(err.Error(), "another phone hangs on this serial") {
		t.Errorf("leasing another phone: %v", err)
	}
	if f := harness.LostFault(err); f.Class == "" || f.Code == leak.CodeHarness {
		t.Errorf("its cells have the reason %+v", f)
	}
	if diff := cmp.Diff(before, r.state()); diff != "" {
		t.Errorf("the phone is not as it was (-before +after):\n%s", diff)
	}
}

// TestOneLeaseAPhone: a phone that is driven is not driven by another.
func TestOneLeaseAPhone(t *testing.T) {
	t.Parallel()
	r := newRig(t, clean(nil), "clean")
	l := r.lease()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	if _, err := harness.Acquire(ctx, r.options); err == nil || !strings.Contains(err.Error(), "another telltale process drives this phone") {
		t.Errorf("a second lease of the phone: %v", err)
	}
	if seen, err := r.search(l, nil); err != nil || seen.Verdict.Outcome != leak.Clean {
		t.Errorf("the first lease after it: %+v, %v", seen, err)
	}
	r.finish(l)
}
