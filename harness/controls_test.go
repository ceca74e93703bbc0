package harness_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/harness"
	"github.com/telltale-farm/telltale/harness/profile"
	"github.com/telltale-farm/telltale/harness/virtual/network"
	"github.com/telltale-farm/telltale/harness/virtual/personality"
	"github.com/telltale-farm/telltale/harness/virtual/phone"
)

// broken is an action that breaks something once it was performed, before its window closes.
type broken struct {
	harness.Action
	after func(ctx context.Context) error
}

func (b broken) Run(ctx context.Context, d *harness.Driver) error {
	if err := b.Action.Run(ctx, d); err != nil {
		return err
	}
	return b.after(ctx)
}

// clean is the shipped clean phone, with one thing changed.
func clean(change func(*personality.Personality)) personality.Personality {
	p := personality.Clean()
	if change != nil {
		change(&p)
	}
	return p
}

// TestControls breaks each control once, on a phone that leaks nothing: the verdict must be inconclusive, with the code
// of that control, and never clean. The first row breaks nothing and must be clean, or the others prove nothing.
func TestControls(t *testing.T) {
	t.Parallel()
	const chrome = "com.android.chrome"
	for _, tc := range []struct {
		name   string
		who    personality.Personality
		before func(r *rig)
		break_ func(r *rig, l *harness.Lease) func(context.Context) error
		want   leak.Code // empty: clean
		cured  bool      // by the restart
	}{
		{name: "nothing broken", who: clean(nil)},
		{
			name: "the proxy stops in the middle of the action", who: clean(nil), want: leak.CodeCaptureGap, cured: true,
			break_: func(r *rig, l *harness.Lease) func(context.Context) error { return l.StopProxy },
		},
		{
			name: "the tunnel drops", who: clean(nil), want: leak.CodeCaptureGap, cured: true,
			break_: func(r *rig, l *harness.Lease) func(context.Context) error {
				return func(context.Context) error { r.flap(); return nil }
			},
		},
		{
			name: "a button is gone", who: clean(nil), want: leak.CodeNotPerformed,
			before: func(r *rig) { r.phone.State().Faults.Set(phone.Faults{Missing: "com.android.chrome:id/url_bar"}) },
		},
		{
			name: "bytes go around the proxy", want: leak.CodeBypass,
			who: clean(func(p *personality.Personality) {
				p.Noise = append(p.Noise, personality.Noise{App: chrome, URL: "https://example-news.test/", Every: 200 * time.Millisecond, Direct: true})
			}),
		},
		{
			name: "a body is cut", want: leak.CodeTruncated,
			who: clean(func(p *personality.Personality) {
				p.Leaks = []personality.Leak{{App: chrome, On: []personality.Trigger{personality.OnSwipe, personality.OnBeat}, Every: time.Second, Count: 1, URL: personality.OneTrackURL, Encoding: "onetrack", Trust: network.TrustUser, Filler: 80 << 10}} // soon sent, and little more than is kept
			}),
		},
		{
			name: "the phone is never quiet", want: leak.CodeNotQuiet, before: func(r *rig) { r.options.Profile.Settle = profile.Settle{Min: 4 * time.Second, Max: 6 * time.Second} },
			who: clean(func(p *personality.Personality) {
				p.Noise = append(p.Noise, personality.Noise{App: chrome, URL: "https://connectivitycheck.gstatic.com/generate_204", Every: 150 * time.Millisecond})
			}),
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, tc.who, "clean")
			l := r.lease()
			defer func() {
				if err := l.Release(context.WithoutCancel(t.Context())); err != nil {
					t.Log("release:", err)
				}
			}()
			if tc.before != nil {
				tc.before(r)
			}
			wrap := func(a harness.Action) harness.Action { return a }
			if tc.break_ != nil {
				once := false
				wrap = func(a harness.Action) harness.Action {
					return broken{a, func(ctx context.Context) error {
						if once {
							return nil
						}
						once = true
						return tc.break_(r, l)(ctx)
					}}
				}
			}
			seen, err := r.search(l, wrap)
			if seen == nil {
				t.Fatalf("no observation: %v", err)
			}
			if tc.want == "" {
				if seen.Verdict.Outcome != leak.Clean {
					t.Fatalf("%s, %v: %+v", seen.Verdict.Outcome, codes(seen), seen.Verdict.Claims)
				}
				return
			}
			attempts := r.attempts()
			if first := attempts[slices.IndexFunc(attempts, func(a leak.Attempt) bool { return a.Key == r.searchKey() })]; first.Fault != nil {
				// A fault is cured by a restart, which may then be clean; what counts is what the broken attempt says.
				if first.Fault.Code != tc.want {
					t.Fatalf("the broken attempt has the code %s (%s), want %s", first.Fault.Code, first.Fault.Detail, tc.want)
				}
				if tc.cured && (err != nil || seen.Verdict.Outcome != leak.Clean) {
					t.Errorf("the restart: %s %v, %v", seen.Verdict.Outcome, codes(seen), err)
				}
				return
			}
			if seen.Verdict.Outcome != leak.Inconclusive || !slices.Contains(codes(seen), tc.want) {
				t.Fatalf("%s with %v, want inconclusive with %s\n%+v", seen.Verdict.Outcome, codes(seen), tc.want, seen.Verdict.Claims)
			}
		})
	}
}
