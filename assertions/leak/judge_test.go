package leak_test

import (
	"maps"
	"os"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/assertions/leak/leaktest"
)

const s = int64(1_000_000)

func judge(t *testing.T, b *leaktest.Bundle) leak.Verdicts {
	t.Helper()
	v, err := leak.Judge(os.DirFS(b.Write(t)))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func claimOf(t *testing.T, v leak.Verdicts, key leak.Key, claim leak.Claim) leak.ClaimVerdict {
	t.Helper()
	for _, c := range v.Cells {
		if c.Key == key {
			got, ok := c.Claims[claim]
			if !ok {
				t.Fatalf("cell %s makes no claim %s", key, claim)
			}
			return got
		}
	}
	t.Fatalf("no cell %s", key)
	return leak.ClaimVerdict{}
}

func codes(c leak.ClaimVerdict) (out []leak.Code) {
	for _, r := range c.Reasons {
		if !slices.Contains(out, r.Code) {
			out = append(out, r.Code)
		}
	}
	slices.Sort(out)
	return out
}

// change is one thing done to the clean bundle, and what must become of the two claims.
type change struct {
	do                func(b *leaktest.Bundle, p *leaktest.Phone)
	search, settings  leak.Outcome
	searchCodes, sets []leak.Code // reason codes of search and of settings
}

const (
	clean        = leak.Clean
	leaked       = leak.Leaked
	inconclusive = leak.Inconclusive
)

func only(c ...leak.Code) []leak.Code { return c }

func TestJudge(t *testing.T) {
	changes := maps.Clone(claimChanges)
	maps.Copy(changes, controlChanges)
	for name, c := range changes {
		t.Run(name, func(t *testing.T) {
			b := leaktest.Clean()
			c.do(b, b.Phone(leaktest.PhoneID))
			v := judge(t, b)
			for _, want := range []struct {
				key   leak.Key
				claim leak.Claim
				out   leak.Outcome
				codes []leak.Code
			}{
				{leaktest.SearchKey, leak.ClaimContent, c.search, c.searchCodes},
				{leaktest.SettingsKey, leak.ClaimReaction, c.settings, c.sets},
			} {
				got := claimOf(t, v, want.key, want.claim)
				slices.Sort(want.codes)
				if got.Outcome != want.out {
					t.Errorf("%s is %s, want %s\n%+v", want.key, got.Outcome, want.out, got)
				}
				if diff := cmp.Diff(want.codes, codes(got)); diff != "" {
					t.Errorf("reasons of %s (-want +got):\n%s%+v", want.key, diff, got.Reasons)
				}
			}
			roundTrip(t, v)
		})
	}
}

// roundTrip checks that verdicts come back from their bytes as they were.
func roundTrip(t *testing.T, v leak.Verdicts) {
	t.Helper()
	b, err := v.Canonical()
	if err != nil {
		t.Fatal(err)
	}
	back, err := leak.ParseVerdicts(b)
	if err != nil {
		t.Fatalf("reading it back: %v", err)
	}
	if diff := cmp.Diff(v, back); diff != "" {
		t.Errorf("read back it differs (-written +read):\n%s", diff)
	}
}
