package harness_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/harness"
	"github.com/telltale-farm/telltale/harness/action"
	"github.com/telltale-farm/telltale/harness/evidence"
	"github.com/telltale-farm/telltale/harness/profile"
	"github.com/telltale-farm/telltale/harness/profile/catalogue"
	"github.com/telltale-farm/telltale/harness/virtual/network"
	"github.com/telltale-farm/telltale/harness/virtual/personality"
)

const reporter, reportingApp = "reports.example-metrics.test", "com.miui.analytics"

// telling is a phone whose system service sends what its leak says.
func telling(l personality.Leak) personality.Personality {
	p := personality.Pinned()
	l.Flush = 20 * time.Millisecond // long before its window closes, however slow the computer is
	l.App, l.URL, l.Encoding = reportingApp, "https://"+reporter+"/e", "json"
	p.Leaks = []personality.Leak{l}
	return p
}

// trialRig is a rig whose plan is to open the settings, with n windows of each kind.
func trialRig(t *testing.T, who personality.Personality, n int, accept ...leak.Accept) (*rig, leak.Key) {
	t.Helper()
	r := newRig(t, who, "pinned")
	for _, a := range accept {
		r.options.Policy.Phones[0].Accept = append(r.options.Policy.Phones[0].Accept, a)
	}
	key := leak.Key{Phone: phoneID, Scenario: "open settings", Variant: "wifi"}
	plan, err := json.Marshal(leak.Plan{Schema: leak.Schema, Cells: []leak.Cell{{Key: key, Kind: profile.Virtual, Trials: n}}})
	if err != nil {
		t.Fatal(err)
	}
	r.bundle, err = evidence.Create(filepath.Join(t.TempDir(), "evidence"), "run", evidence.Inputs{Plan: plan, Policy: r.options.Policy, Run: evidence.Run{Seed: "seed"}})
	if err != nil {
		t.Fatal(err)
	}
	if r.options.Dir, err = evidence.OpenPhone(r.bundle.Dir(), phoneID); err != nil {
		t.Fatal(err)
	}
	r.options.Bundle, r.options.Trials = r.bundle.FS(), map[leak.Key]int{key: n}
	return r, key
}

// settingsOpened drives the plan of a trial rig to the end of its phone, and judges its files.
func settingsOpened(t *testing.T, r *rig, key leak.Key, wrap func(harness.Action) harness.Action) leak.ClaimVerdict {
	t.Helper()
	page, ok := catalogue.FindSurface("wifi")
	if !ok {
		t.Fatal("the catalogue has no Wi-Fi page")
	}
	l := r.lease()
	// What beats may have connected before the phone had our proxy, if the lease took its time: that would be around it.
	service, _ := personality.Pinned().App(reportingApp)
	r.phone.Network().CloseApp(service.UID)
	a := action.OpenSettings(page)
	if wrap != nil {
		a = wrap(a)
	}
	_, err := l.Session(key).Do(t.Context(), a)
	if err := l.Drain(t.Context()); err != nil {
		t.Error("drain:", err)
	}
	if err := l.Release(context.WithoutCancel(t.Context())); err != nil {
		t.Error("release:", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	v, err := leak.Judge(r.bundle.FS())
	if err != nil {
		t.Fatal(err)
	}
	at := slices.IndexFunc(v.Cells, func(c leak.CellVerdict) bool { return c.Key == key })
	if at < 0 {
		t.Fatalf("no verdict: %+v", v)
	}
	return v.Cells[at].Claims[leak.ClaimReaction]
}

// TestTrials opens the settings of phones that react and of phones that do not, between windows in which they are left
// alone, and judges from the files whether the phone reacts.
func TestTrials(t *testing.T) {
	settings := []personality.Trigger{personality.OnSettings}
	beat := personality.Leak{On: []personality.Trigger{personality.OnBeat}, Every: 1500 * time.Millisecond, Trust: network.TrustUser}
	pinnedBeat := beat
	pinnedBeat.Trust, pinnedBeat.Tries = network.TrustPinned, 1
	// Noise is compared in fewer windows than any chance could call a reaction in: how seldom the judge is wrong is
	// simulated beside it.
	for name, c := range map[string]struct {
		leak   personality.Leak
		n      int
		want   leak.Outcome
		reacts bool
		codes  []leak.Code // all of them
		unread bool
	}{
		"reacts, unread":                {leak: personality.Leak{On: settings, Trust: network.TrustPinned, Tries: 1}, n: 6, want: leak.Leaked, reacts: true, unread: true},
		"reacts, unread, too few":       {leak: personality.Leak{On: settings, Trust: network.TrustPinned, Tries: 1}, n: 2, want: leak.Inconclusive, codes: []leak.Code{leak.CodeOpaqueFlow, leak.CodeTooFewRepeats}, unread: true},
		"noise, read":                   {leak: beat, n: 4, want: leak.Clean},
		"noise, unread, too few for it": {leak: pinnedBeat, n: 3, want: leak.Inconclusive, codes: []leak.Code{leak.CodeOpaqueFlow, leak.CodeTooFewRepeats}, unread: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, key := trialRig(t, telling(c.leak), c.n)
			claim := settingsOpened(t, r, key, nil)
			var codes []leak.Code
			for _, reason := range claim.Reasons {
				codes = append(codes, reason.Code)
			}
			slices.Sort(codes)
			codes = slices.Compact(codes)
			if claim.Outcome != c.want || c.codes != nil && !slices.Equal(codes, c.codes) || c.want == leak.Clean && len(codes) > 0 {
				t.Errorf("%s for %v, want %s for %v\n%+v", claim.Outcome, codes, c.want, c.codes, claim.Reasons)
			}
			if claim.Trials == nil || claim.Trials.Actions != c.n || claim.Trials.Idles != c.n {
				t.Fatalf("windows: %+v", claim.Trials)
			}
			t.Logf("%d windows of %d ms in %d ms: %+v", 2*c.n, claim.Trials.WindowUS/1000, claim.Trials.WallUS/1000, claim.Trials.Effect)
			called := slices.ContainsFunc(claim.Findings, func(f leak.Finding) bool { return f.Class == leak.ClassReaction && f.Host == reporter })
			if called != c.reacts {
				t.Errorf("a reaction was called: %v, want %v", called, c.reacts)
			}
			at := slices.IndexFunc(claim.Trials.Effect, func(e leak.TrialEffect) bool { return e.Host == reporter })
			if at < 0 {
				t.Fatal("nothing was sent to " + reporter)
			}
			if e := claim.Trials.Effect[at]; e.Unread != c.unread || c.reacts && (e.Seen != c.n || e.IdleSeen > 0 || !strings.Contains(e.Text, "6 of 6 times; idle 0 of 6")) {
				t.Errorf("%+v", e)
			}
			checkOrder(t, r, key, c.n)
		})
	}
}

// TestManyTrials compares as many windows as TELLTALE_TRIALS says, of a phone that reacts one time in three, and of one that
// sends the same now and then whatever is done, both unread and accepted. It takes minutes, and is run by hand.
func TestManyTrials(t *testing.T) {
	n, err := strconv.Atoi(os.Getenv("TELLTALE_TRIALS"))
	if err != nil || n < leak.DefaultTrials {
		t.Skipf("TELLTALE_TRIALS is the number of windows of each kind, %d or more", leak.DefaultTrials)
	}
	for name, c := range map[string]struct {
		leak personality.Leak
		want leak.Outcome
	}{
		"one time in three": {personality.Leak{On: []personality.Trigger{personality.OnSettings}, OneIn: 3, Trust: network.TrustPinned, Tries: 1}, leak.Leaked},
		"now and then":      {personality.Leak{On: []personality.Trigger{personality.OnBeat}, Every: 40 * time.Second, Trust: network.TrustPinned, Tries: 1}, leak.Clean},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, key := trialRig(t, telling(c.leak), n, leak.Accept{App: reportingApp, Host: reporter, Why: "test"})
			claim := settingsOpened(t, r, key, nil)
			t.Logf("%s, accepted %v, windows %+v", claim.Outcome, claim.Accepted, claim.Trials)
			if claim.Outcome != c.want {
				t.Errorf("%s, want %s: %+v", claim.Outcome, c.want, claim.Reasons)
			}
		})
	}
}

// checkOrder compares the windows that were made with the order that the seed draws.
func checkOrder(t *testing.T, r *rig, key leak.Key, n int) {
	t.Helper()
	order := leak.TrialOrder(leak.TrialSeed("seed", key), n)
	var made []leak.Attempt
	for _, a := range r.attempts() {
		if a.Key == key && a.Trial != nil && a.Fault == nil {
			made = append(made, a)
		}
	}
	if len(made) != len(order) {
		t.Fatalf("%d windows were made of %d", len(made), len(order))
	}
	for i, a := range made {
		idle := order[i].Kind == leak.TrialIdle
		if a.Trial.Kind != order[i].Kind || a.Trial.N != i+1 || a.Repeat != i+2 || idle != (len(a.Claims) == 0) || !a.Postcondition.Seen {
			t.Errorf("window %d: %+v", i+1, a)
		}
		if i > 0 && a.Window.Start <= made[i-1].Window.End {
			t.Errorf("window %d begins in the one before it", i+1)
		}
	}
}

// A fault in a window restarts that window: the order has no hole, and what was void is named.
func TestTrialsRestartAfterAFault(t *testing.T) {
	t.Parallel()
	r, key := trialRig(t, telling(personality.Leak{On: []personality.Trigger{personality.OnSettings}, Trust: network.TrustPinned, Tries: 1}), 2)
	runs := 0
	claim := settingsOpened(t, r, key, func(a harness.Action) harness.Action {
		return broken{Action: a, after: func(context.Context) error {
			if runs++; runs == 2 { // the first is made before the windows that are compared
				return &harness.Displaced{Was: "com.android.settings", Is: "com.example.alarm"}
			}
			return nil
		}}
	})
	if claim.Trials.Actions != 2 || claim.Trials.Idles != 2 || len(claim.Trials.Left) != 1 {
		t.Errorf("%+v", claim.Trials)
	}
	checkOrder(t, r, key, 2)
}

// An action that makes no claim about reactions has nothing to compare.
func TestTrialsRefuseOtherActions(t *testing.T) {
	t.Parallel()
	r := newRig(t, personality.Clean(), "clean")
	r.options.Trials = map[leak.Key]int{r.searchKey(): 2}
	l := r.lease()
	defer l.Release(context.WithoutCancel(t.Context()))
	if _, err := r.search(l, nil); err == nil || !strings.Contains(err.Error(), "trials") {
		t.Error(err)
	}
}
