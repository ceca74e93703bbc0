package leak_test

import (
	"slices"
	"testing"

	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/assertions/leak/leaktest"
	"github.com/telltale-farm/telltale/capture/flow"
)

// A flow whose uid is known is of one of the packages that share it: it concerns an app that is not among them no more
// than any other app's flow, and a policy for one of them accepts it. Candidates alone, without a uid, are not all that
// it may be.
func TestSharedUID(t *testing.T) {
	const gms, gsf = "com.google.android.gms", "com.google.android.gsf"
	for name, c := range map[string]struct {
		candidates []string
		by         flow.Attribution
		accept     []leak.Accept
		search     leak.Outcome // of scope app
		settings   leak.Outcome // of scope phone
	}{
		"others":           {[]string{gms, gsf}, flow.ByElimination, nil, leak.Clean, leak.Inconclusive},
		"the app is one":   {[]string{leaktest.Browser, gsf}, flow.ByRelay, nil, leak.Inconclusive, leak.Inconclusive},
		"a service is one": {[]string{"com.google.android.webview", gsf}, flow.ByRelay, nil, leak.Inconclusive, leak.Inconclusive},
		"uid not known":    {[]string{gms, gsf}, flow.ByUnknown, nil, leak.Inconclusive, leak.Inconclusive},
		"one accepted":     {[]string{gms, gsf}, flow.ByRelay, []leak.Accept{{App: gms, Host: "push.example"}}, leak.Clean, leak.Inconclusive},
		"guess accepted":   {[]string{gms, gsf}, flow.ByUnknown, []leak.Accept{{App: gms, Host: "push.example"}}, leak.Inconclusive, leak.Inconclusive},
	} {
		t.Run(name, func(t *testing.T) {
			b := leaktest.Clean()
			p := b.Phone(leaktest.PhoneID)
			for _, scenario := range []string{"search", "settings"} {
				f := leaktest.Tunnel("", "push.example", 5228, flow.ClassNotTLS, p.Attempt(scenario).Window.Start+1000)
				f.Candidates, f.AppBy = c.candidates, c.by
				p.AddFlow(f)
			}
			b.PhonePolicy(leaktest.PhoneID).Accept = c.accept
			v := judge(t, b)
			if got := claimOf(t, v, leaktest.SearchKey, leak.ClaimContent); got.Outcome != c.search {
				t.Errorf("search is %s: %+v", got.Outcome, got.Reasons)
			}
			got := claimOf(t, v, leaktest.SettingsKey, leak.ClaimReaction)
			if got.Outcome != c.settings {
				t.Errorf("settings is %s: %+v", got.Outcome, got.Reasons)
			}
			opaque := slices.ContainsFunc(got.Reasons, func(r leak.Reason) bool { return r.Code == leak.CodeOpaqueFlow })
			if accepted := len(got.Accepted) == 1 && got.Accepted[0].App == gms; accepted == opaque || accepted != (name == "one accepted") {
				t.Errorf("accepted %+v, reasons %+v", got.Accepted, got.Reasons)
			}
		})
	}
}
