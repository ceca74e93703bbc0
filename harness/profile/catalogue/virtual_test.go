package catalogue_test

import (
	"slices"
	"testing"

	"github.com/telltale-farm/telltale/harness/profile/catalogue"
	"github.com/telltale-farm/telltale/harness/virtual/personality"
)

// devices.yaml can name exactly the personalities that there are, and the catalogue knows every app of theirs: one that
// it does not know counts as holding events back for a minute, which no virtual phone waits.
func TestCatalogueKnowsEveryVirtualApp(t *testing.T) {
	if got, want := catalogue.Personalities(), personality.Names(); !slices.Equal(got, want) {
		t.Fatalf("the catalogue has personalities %q, there are %q", got, want)
	}
	for _, name := range personality.Names() {
		kind, err := personality.ByName(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, app := range kind.Apps {
			e, ok := catalogue.Find(app.Package, name)
			switch {
			case !ok:
				t.Errorf("%s: %s is not in the catalogue", name, app.Package)
			case e.Flush <= 0:
				t.Errorf("%s: the flush time of %s is unknown", name, app.Package)
			case (e.Browser != nil) != (app.Kind == personality.Web):
				t.Errorf("%s: %s is a browser here and none there", name, app.Package)
			}
		}
	}
}
