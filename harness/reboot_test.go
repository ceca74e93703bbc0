package harness_test

import (
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/harness/action"
	"github.com/telltale-farm/telltale/harness/evidence"
	"github.com/telltale-farm/telltale/harness/profile"
	"github.com/telltale-farm/telltale/harness/virtual/network"
	"github.com/telltale-farm/telltale/harness/virtual/personality"
)

const downloads = "com.android.providers.downloads"

// TestWhatARebootTakes reboots a phone that devices.yaml allows to be rebooted, after a search. Its browser was stopped before, and all
// that it sent was counted: the search is clean. What a service for browsers sends while the phone goes down is in no counter; what it
// sends as soon as the phone is up is.
func TestWhatARebootTakes(t *testing.T) {
	service := func(when personality.When) personality.Personality {
		who := personality.Clean()
		who.Apps = append(slices.Clone(who.Apps), personality.App{Package: downloads, Label: "Downloads", Kind: personality.Service, UID: 10088, Version: "9", VersionCode: 28, TargetSDK: 28})
		who.Leaks = []personality.Leak{{App: downloads, Of: "com.android.chrome", On: []personality.Trigger{personality.OnSearch}, Private: true, Direct: true, When: when,
			Encoding: "json", Trust: network.TrustUser, URL: "https://held.example-metrics.test/e"}}
		return who
	}
	for name, c := range map[string]struct {
		who   personality.Personality
		allow []string
		says  []string // in the details of the reasons; none is clean
	}{
		"nothing, for its apps were stopped":      {personality.Clean(), []string{"force-stop", "reboot"}, nil},
		"all, for they may not be":                {personality.Clean(), []string{"reboot"}, []string{"could not be read"}},
		"what a service sends as it goes down":    {service(personality.AtDown), []string{"force-stop", "reboot"}, []string{"in its last moments is not counted"}},
		"a service that may have, and is counted": {service(personality.AtBoot), []string{"force-stop", "reboot"}, []string{"in its last moments is not counted"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, c.who, "clean")
			r.options.Profile.Allow, r.options.Names = c.allow, r.internet.Names()
			r.options.Policy.Phones[0].Services = []string{downloads}
			plan, err := json.Marshal(leak.Plan{Schema: leak.Schema, Cells: []leak.Cell{{Key: r.searchKey(), Kind: profile.Virtual}}})
			if err == nil {
				r.bundle, err = evidence.Create(filepath.Join(t.TempDir(), "evidence"), "run", evidence.Inputs{Plan: plan, Policy: r.options.Policy, Run: evidence.Run{Seed: "seed"}})
			}
			if err == nil {
				r.options.Dir, err = evidence.OpenPhone(r.bundle.Dir(), phoneID)
			}
			if err != nil {
				t.Fatal(err)
			}
			r.options.Bundle = r.bundle.FS()
			l := r.lease()
			if seen, err := r.search(l, nil); err != nil || seen.Verdict.Outcome != leak.Clean {
				t.Fatalf("%+v, %v", seen, err)
			}
			install := r.phone.State().BootID()
			key := r.searchKey()
			key.Scenario, key.Variant = "identity", leak.EventReboot
			changes := action.Changes()
			s := l.Session(key)
			if _, err := s.Do(t.Context(), action.Return(r.browser(), s.URL("page", r.browser().SearchHost), changes[len(changes)-1])); err != nil {
				t.Fatal(err)
			}
			if r.phone.State().BootID() == install {
				t.Fatal("it was not rebooted")
			}
			claim := r.finish(l).Cells[0].Claims[leak.ClaimContent]
			want := leak.Clean
			if c.says != nil {
				want = leak.Inconclusive
			}
			if claim.Outcome != want || slices.ContainsFunc(claim.Reasons, func(x leak.Reason) bool { return x.Code != leak.CodeBypass }) {
				t.Fatalf("%s: %+v", claim.Outcome, claim.Reasons)
			}
			for _, text := range c.says {
				if !slices.ContainsFunc(claim.Reasons, func(x leak.Reason) bool { return strings.Contains(x.Detail+x.Host, text) }) {
					t.Errorf("%q is not among %+v", text, claim.Reasons)
				}
			}
			counted := slices.ContainsFunc(r.attempts(), func(a leak.Attempt) bool {
				between := slices.ContainsFunc(a.Events, func(e leak.Event) bool { return e.Kind == leak.EventReboot }) && a.Between != nil
				return between && slices.ContainsFunc(slices.Concat(a.Between.Deltas, a.Counters.Deltas), func(d leak.Delta) bool { return slices.Contains(d.Apps, downloads) && d.TX > 0 })
			})
			if booted := len(c.who.Leaks) > 0 && c.who.Leaks[0].When == personality.AtBoot; counted != booted {
				t.Errorf("bytes of the service after the reboot: %v, want %v", counted, booted)
			}
			for _, e := range r.phone.Manifest().Entries {
				if !e.Written {
					t.Errorf("the phone did not send what it should have: %+v", e)
				}
			}
			if sent := len(r.phone.Manifest().Entries) > 0; sent != (len(c.who.Leaks) > 0) {
				t.Errorf("the phone sent something: %v", sent)
			}
		})
	}
}
