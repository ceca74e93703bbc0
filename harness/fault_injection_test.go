package harness_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/harness"
	"github.com/telltale-farm/telltale/harness/evidence"
	"github.com/telltale-farm/telltale/harness/virtual/adbd"
	"github.com/telltale-farm/telltale/harness/virtual/phone"
)

// struck is an action that has something go wrong once: before it runs, or after it was performed.
type struck struct {
	harness.Action
	once    *sync.Once
	before  bool
	happens func()
}

func (s struck) Run(ctx context.Context, d *harness.Driver) error {
	if s.before {
		s.once.Do(s.happens)
	}
	err := s.Action.Run(ctx, d)
	if err == nil && !s.before {
		s.once.Do(s.happens)
	}
	return err
}

// state is what a run may change on a phone.
func (r *rig) state() map[string]any {
	out := map[string]any{}
	for _, ns := range []string{"global", "secure", "system"} {
		for _, s := range r.phone.State().Settings.List(ns) {
			out[ns+" "+s.Name] = s.Value
		}
	}
	_, _, out["a proxy is in effect"] = r.phone.State().Proxy.Effective()
	return out
}

// finish ends a run as a worker does, and checks that the evidence is whole.
func (r *rig) finish(l *harness.Lease) leak.Verdicts {
	r.t.Helper()
	if err := l.Drain(r.t.Context()); err != nil {
		r.t.Log("draining:", err)
	}
	if err := l.Release(r.t.Context()); err != nil {
		r.t.Error("releasing:", err)
	}
	if err := r.options.Dir.Close(); err != nil {
		r.t.Error(err)
	}
	closed, err := r.bundle.Close()
	if err != nil {
		r.t.Fatal(err)
	}
	check, err := evidence.Verify(closed.Dir)
	if err != nil || check.State != evidence.Genuine {
		r.t.Errorf("the evidence is %v, %v: %v", check.State, err, check.Problems)
	}
	return closed.Verdicts
}

// made lists the attempts of the rig's cell.
func (r *rig) made() (out []leak.Attempt) {
	for _, a := range r.attempts() {
		if a.Key == r.searchKey() {
			out = append(out, a)
		}
	}
	return out
}

// flap takes a phone away and has it back before anybody asks it anything: only who watches can know.
func (r *rig) flap() {
	r.t.Helper()
	r.phone.ADB().DropLinks()
	until(r.t, "the phone to be back", func() bool {
		_, err := r.server.Device(r.options.Serial, adbOptions).Shell(r.t.Context(), "true")
		return err == nil
	})
}

// set replaces the faults of a phone by one.
func set(r *rig, f phone.Faults) func() { return func() { r.phone.State().Faults.Set(f) } }

// TestFaults lets one thing go wrong in the middle of an action: the attempt must say what, of the right class and code,
// the scenario must be made again from its beginning where that may help, and afterwards the phone is as it was.
func TestFaults(t *testing.T) {
	t.Parallel()
	soon := func(r *rig, d time.Duration, heal func()) { time.AfterFunc(d, heal) }
	for _, tc := range []struct {
		name   string
		strike func(r *rig) func()
		before bool // the action, and not after it
		cured  bool // by the time that it is said
		heal   func(r *rig)
		class  string
		code   leak.Code
		words  string       // in the fault's text
		ends   leak.Outcome // of the run; empty is clean, after a restart
		unread bool         // the void attempt may have sent something that nobody could read: then it cannot be clean
	}{
		{name: "offline", class: leak.FaultPhone, code: leak.CodeDeviceLost, before: true, strike: func(r *rig) func() {
			return func() {
				r.phone.ADB().MuteHandshake(true)
				r.phone.ADB().DropLinks()
				soon(r, 2*time.Second, func() { r.phone.ADB().MuteHandshake(false) })
			}
		}},
		{name: "the cable flaps", class: leak.FaultPhone, code: leak.CodeCaptureGap, words: "the phone went from", strike: func(r *rig) func() {
			return r.flap
		}},
		{name: "the adb server is killed", class: leak.FaultHarness, code: leak.CodeCaptureGap, words: "adb server", strike: func(r *rig) func() {
			return func() { r.server.Close() }
		}},
		{name: "the adb server is killed before the action", before: true, class: leak.FaultHarness, code: leak.CodeCaptureGap, strike: func(r *rig) func() {
			return func() { r.server.Close() }
		}},
		{name: "the reverse tunnel is lost", class: leak.FaultHarness, code: leak.CodeCaptureGap, words: "the reverse tunnel of tcp:18080 is gone", strike: func(r *rig) func() {
			return r.phone.ADB().ForgetReverses
		}},
		{name: "a command hangs", class: leak.FaultPhone, code: leak.CodeDeviceLost, words: "did not answer in time", strike: func(r *rig) func() {
			return func() { r.phone.ADB().Inject(adbd.Fault{Kind: adbd.Hang, Match: "trafficcontroller"}) }
		}},
		{name: "an answer is cut", before: true, class: leak.FaultPhone, code: leak.CodeDeviceLost, words: "cut off before its end", strike: func(r *rig) func() {
			return func() { r.phone.ADB().Inject(adbd.Fault{Kind: adbd.NoExit, Match: "uiautomator", After: 100}) }
		}},
		{name: "the link drops in an answer", before: true, class: leak.FaultPhone, code: leak.CodeDeviceLost, strike: func(r *rig) func() {
			return func() { r.phone.ADB().Inject(adbd.Fault{Kind: adbd.LoseLink, Match: "uiautomator", After: 100}) }
		}},
		{name: "the shell is refused", before: true, class: leak.FaultPhone, code: leak.CodeDeviceLost, words: "refused the service", strike: func(r *rig) func() {
			return func() {
				r.phone.ADB().RefuseServices("shell")
				soon(r, time.Second, func() { r.phone.ADB().RefuseServices() })
			}
		}},
		{name: "the phone reboots", class: leak.FaultPhone, code: leak.CodeDeviceLost, strike: func(r *rig) func() {
			return func() { r.phone.ADB().Reboot("") }
		}},
		{name: "airplane mode", class: leak.FaultNetwork, code: leak.CodeNotPerformed, words: "airplane mode", cured: true,
			strike: func(r *rig) func() {
				return func() { r.phone.State().Settings.Put("global", "airplane_mode_on", "1") }
			},
			heal: func(r *rig) { r.phone.State().Settings.Put("global", "airplane_mode_on", "0") }},
		{name: "a captive portal", class: leak.FaultNetwork, code: leak.CodeNotPerformed, words: "captive portal", ends: leak.Inconclusive,
			strike: func(r *rig) func() { return set(r, phone.Faults{CaptivePortal: true}) }},
		{name: "the clock jumps", class: leak.FaultPhone, code: leak.CodeNotPerformed, words: "its clock is off", cured: true, unread: true,
			strike: func(r *rig) func() { return set(r, phone.Faults{ClockOffset: -72 * time.Hour}) },
			heal:   func(r *rig) { r.phone.State().Faults.Set(phone.Faults{}) }},
		{name: "the screen never rests", before: true, class: leak.FaultPhone, code: leak.CodeNotPerformed, cured: true,
			strike: func(r *rig) func() { return set(r, phone.Faults{NoIdle: true}) },
			heal:   func(r *rig) { r.phone.State().Faults.Set(phone.Faults{}) }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, clean(nil), "clean")
			before := r.state()
			r.options.Bounds = harness.Bounds{Command: 10 * time.Second}
			var once sync.Once
			r.options.Progress = func(line string) {
				t.Log(line)
				if tc.cured && strings.Contains(line, " fault: ") {
					once.Do(func() { tc.heal(r) })
				}
			}
			l := r.lease()
			strike := &sync.Once{}
			_, err := r.search(l, func(a harness.Action) harness.Action {
				return struck{Action: a, once: strike, before: tc.before, happens: tc.strike(r)}
			})
			made := r.made()
			if len(made) == 0 || made[0].Fault == nil {
				t.Fatalf("no attempt with a fault: %+v, %v", made, err)
			}
			if f := made[0].Fault; f.Class != tc.class || f.Code != tc.code || !strings.Contains(f.Detail, tc.words) {
				t.Errorf("the fault is of class %s, code %s: %s; want %s, %s, %q", f.Class, f.Code, f.Detail, tc.class, tc.code, tc.words)
			}
			want := tc.ends
			if want == "" {
				want = leak.Clean
				if n := len(made); made[n-1].Fault != nil || made[n-1].RetryOf != made[n-2].ID || made[n-2].RetriedBy != made[n-1].ID || err != nil {
					t.Errorf("%d attempts, and the last is no cured restart: %+v, %v", n, made[n-1], err)
				}
			} else if len(made) != 3 || err == nil {
				t.Errorf("%d attempts, %v; want an attempt and its two restarts, and their reason", len(made), err)
			}
			if tc.heal == nil { // what a phone has caught by itself does not last longer than the test
				r.phone.State().Faults.Set(phone.Faults{})
			}
			v := r.finish(l)
			if len(v.Cells) == 1 && tc.unread && v.Cells[0].Outcome == leak.Inconclusive {
				want = leak.Inconclusive
			}
			if !v.Complete || len(v.Cells) != 1 || v.Cells[0].Outcome != want {
				t.Errorf("complete: %v, verdicts %+v; want %s", v.Complete, v.Cells, want)
			}
			if diff := cmp.Diff(before, r.state()); diff != "" {
				t.Errorf("the phone is not as it was (-before +after):\n%s", diff)
			}
		})
	}
}

// TestADrainIsMadeAgain: a fault in the last cell of a phone would leave nothing of it clean.
func TestADrainIsMadeAgain(t *testing.T) {
	t.Parallel()
	r := newRig(t, clean(nil), "clean")
	l := r.lease()
	if seen, err := r.search(l, nil); err != nil || seen.Verdict.Outcome != leak.Clean {
		t.Fatalf("%+v, %v", seen, err)
	}
	r.phone.ADB().Inject(adbd.Fault{Kind: adbd.LoseLink, Match: "force-stop"})
	v := r.finish(l)
	if len(v.Cells) != 1 || v.Cells[0].Outcome != leak.Clean {
		t.Errorf("verdicts %+v", v.Cells)
	}
	var drains []leak.Attempt
	for _, a := range r.attempts() {
		if a.Key.Scenario == leak.DrainScenario {
			drains = append(drains, a)
		}
	}
	if len(drains) != 2 || drains[0].Fault == nil || drains[1].Fault != nil || drains[1].RetryOf != drains[0].ID {
		t.Errorf("drains %+v", drains)
	}
}
