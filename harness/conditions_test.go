package harness_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/harness/virtual/personality"
)

// What a phone is told to send of its own is recorded before and after, with who is signed in and what its browser asked
// its user to agree to; a switch that is flipped in the middle keeps the run from being clean.
func TestConditions(t *testing.T) {
	t.Parallel()
	who := personality.Clean()
	who.Account = true
	who.Lies = []personality.Lie{{After: 3, In: "com.android.chrome", Puts: &personality.Setting{Namespace: "global", Key: "multi_cb", Value: "0"}}}
	r := newRig(t, who, "clean")
	l := r.lease()
	seen, err := r.search(l, nil)
	if err != nil {
		t.Fatal(err)
	}
	if seen.Verdict.Outcome != leak.Clean {
		t.Errorf("before the phone was asked again the search is %s: %v", seen.Verdict.Outcome, codes(seen))
	}
	if err := l.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := l.Release(t.Context()); err != nil {
		t.Fatal(err)
	}
	lines, err := leak.ReadPhoneLines(r.bundle.FS(), phoneID)
	if err != nil || len(lines) != 2 {
		t.Fatalf("%d lines, %v", len(lines), err)
	}
	of := func(l leak.Phone, id string) leak.Condition {
		i := slices.IndexFunc(l.Conditions, func(c leak.Condition) bool { return c.ID == id })
		if i < 0 {
			t.Fatalf("%s is not recorded at the %s", id, l.At)
		}
		return l.Conditions[i]
	}
	for _, l := range lines {
		if got := of(l, leak.ConditionAccounts); got.Value != "com.xiaomi 1" || l.Accounts != 1 {
			t.Errorf("accounts at the %s: %d, %+v", l.At, l.Accounts, got)
		}
		if got := of(l, "limit-ad-tracking"); !got.Unset || got.Certainty != "unverified" || got.Source == "" || got.Key != "secure limit_ad_tracking" {
			t.Errorf("%+v", got)
		}
		if slices.ContainsFunc(l.Conditions, func(c leak.Condition) bool {
			return c.ID == "user-experience" || strings.Contains(c.Value+c.Means, r.phone.State().Identity.Account)
		}) {
			t.Errorf("a switch of other phones, or the name of an account: %+v", l.Conditions)
		}
	}
	if was, is := of(lines[0], "usage-diagnostics"), of(lines[1], "usage-diagnostics"); was.Means != "on" || is.Means != "off" {
		t.Errorf("the switch was %+v and is %+v", was, is)
	}
	all := r.attempts()
	if got := all[0].Consent; len(got) != 1 || !got[0].Asked || got[0].Answered != 1 || got[0].App != "com.android.chrome" {
		t.Errorf("the first start: %+v", got)
	}
	if got := all[1].Consent; len(got) != 1 || got[0].Asked {
		t.Errorf("the second: %+v", got)
	}
	closed, err := r.bundle.Close()
	if err != nil {
		t.Fatal(err)
	}
	c := closed.Verdicts.Cells[0].Claims[leak.ClaimContent]
	if c.Outcome != leak.Inconclusive || len(c.Reasons) != 1 || c.Reasons[0].Code != leak.CodeDeviceChanged ||
		c.Reasons[0].Detail != "Google's usage and diagnostics (global multi_cb) was on at the start and off at the end" {
		t.Errorf("%+v", c)
	}
}
