package harness_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/harness/profile"
)

// TestAcceptedOwners: what devices.yaml takes for Android's own uids is what the judge calls them.
func TestAcceptedOwners(t *testing.T) {
	var names []string
	for uid := range 10_000 {
		if name := leak.SystemName(uid); name != "" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	if diff := cmp.Diff(names, profile.SystemOwners()); diff != "" {
		t.Errorf("-judge +devices.yaml:\n%s", diff)
	}
}
