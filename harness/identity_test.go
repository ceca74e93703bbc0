package harness_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/harness"
	"github.com/telltale-farm/telltale/harness/action"
	"github.com/telltale-farm/telltale/harness/virtual/network"
	"github.com/telltale-farm/telltale/harness/virtual/personality"
)

// TestIdentity visits a page on a phone whose browser sends three UUIDs: one that is gone with the app, one that is gone
// with its data, and one of each process. The first two must be learned, with what they outlived, and nothing else; their
// values must be those of the manifest.
func TestIdentity(t *testing.T) {
	who := clean(nil)
	hosts := map[personality.Lifetime]string{
		personality.UntilRemoved: "removed.example-metrics.test", personality.UntilCleared: "cleared.example-metrics.test", personality.UntilStopped: "stopped.example-metrics.test",
	}
	for lasts, host := range hosts {
		who.Leaks = append(who.Leaks, personality.Leak{App: "com.android.chrome", On: []personality.Trigger{personality.OnVisit}, Private: true,
			URL: "https://" + host + "/e", Encoding: "json", Trust: network.TrustUser, Lasts: lasts, Near: true})
	}
	r := newRig(t, who, "clean")
	r.options.Profile.Allow = []string{"force-stop", "app-data-reset", "reinstall", "reboot"}
	l := r.lease()
	key := r.searchKey()
	key.Scenario = "identity"
	for _, change := range action.Changes() {
		key.Variant = change.Name
		s := l.Session(key)
		seen, err := s.Do(t.Context(), action.Return(r.browser(), s.URL("page", r.browser().SearchHost), change))
		if err != nil {
			t.Fatalf("%s: %v", change.Name, err)
		}
		if c, ok := seen.Claim(leak.ClaimIdentity); !ok || slices.ContainsFunc(codes(seen), func(c leak.Code) bool { return c != leak.CodeTooFewSessions && c != leak.CodeTooFewPhones }) {
			t.Errorf("%s: %+v, %v", change.Name, c, codes(seen))
		}
	}
	if err := errors.Join(l.Drain(t.Context()), l.Release(context.WithoutCancel(t.Context()))); err != nil {
		t.Fatal(err)
	}
	v, err := leak.Judge(r.bundle.FS())
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]map[string]bool{} // host -> digests
	for _, id := range v.Identity {
		for _, f := range id.Findings {
			if got[f.Host] == nil {
				got[f.Host] = map[string]bool{}
				t.Log(f.Host, f.Canary, f.Location, f.Proof)
			}
			got[f.Host][f.SHA256] = true
			want := map[string]string{
				hosts[personality.UntilRemoved]: "survived app-data-reset, private-mode, reboot, restart; changed on reinstall",
				hosts[personality.UntilCleared]: "survived private-mode, reboot, restart; changed on app-data-reset, reinstall",
			}[f.Host]
			if id.App != "com.android.chrome" || f.Canary != "learned:install" || f.Proof == nil || f.Proof.String() != want {
				t.Errorf("%s: %+v %v", id.App, f, f.Proof)
			}
		}
	}
	sent := r.identifiers()
	if n := len(sent[hosts[personality.UntilStopped]]); n < 4 {
		t.Errorf("the phone drew %d of the UUIDs that last as long as a process", n)
	}
	delete(sent, hosts[personality.UntilStopped])
	if d := cmp.Diff(sent, got); d != "" || len(got) != 2 {
		t.Errorf("what the phone sent, and what was learned (-sent +learned): %s", d)
	}
}

// TestNotAllowed asks for everything that devices.yaml must allow, of a phone that allows none of it: nothing is done, the
// verdict says what to allow, and the phone is not put aside for it.
func TestNotAllowed(t *testing.T) {
	r := newRig(t, clean(nil), "clean")
	r.options.Profile.Allow = nil
	l := r.lease()
	key := r.searchKey()
	key.Scenario = "identity"
	install := r.phone.State().BootID()
	for _, change := range action.Changes()[2:] {
		key.Variant = change.Name
		s := l.Session(key)
		seen, err := s.Do(t.Context(), action.Return(r.browser(), s.URL("page", r.browser().SearchHost), change))
		var forbidden *harness.NotAllowed
		if !errors.As(err, &forbidden) || !slices.Equal(codes(seen), []leak.Code{leak.CodeNotAllowed}) {
			t.Errorf("%s: %v, %v", change.Name, err, codes(seen))
		}
	}
	if r.phone.State().BootID() != install {
		t.Error("it rebooted")
	}
	if seen, err := r.search(l, nil); err != nil || seen.Verdict.Outcome == leak.Leaked {
		t.Errorf("afterwards: %v", err)
	}
	if err := l.Release(context.WithoutCancel(t.Context())); err != nil {
		t.Error(err)
	}
}
