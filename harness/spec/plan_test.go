package spec

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/onsi/ginkgo/v2"
	"github.com/onsi/ginkgo/v2/types"

	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/harness/profile"
)

// spec is a leaf of a walked tree, with the labels of its containers and its own.
func spec(state types.SpecState, containers []string, leaf ...string) types.SpecReport {
	r := types.SpecReport{LeafNodeType: types.NodeTypeIt, State: state, LeafNodeLabels: leaf}
	for _, c := range containers {
		r.ContainerHierarchyLabels = append(r.ContainerHierarchyLabels, []string{c})
	}
	return r
}

var twoPhones = &profile.Config{Phones: []profile.Phone{{ID: "a", Kind: profile.USB}, {ID: "b", Kind: profile.Virtual}}}

func TestPlanHasACellForEverySelectedSpec(t *testing.T) {
	got, err := planOf(ginkgo.Report{SpecReports: []types.SpecReport{
		spec(types.SpecStatePassed, []string{"phone:b", "scenario:search"}, "smoke", "browser:mi", "variant:private"),
		spec(types.SpecStatePassed, []string{"phone:a", "scenario:search"}, "browser:mi"),
		spec(types.SpecStateSkipped, []string{"phone:a", "scenario:filtered out"}),
		{LeafNodeType: types.NodeTypeBeforeSuite},
	}}, twoPhones)
	want := leak.Plan{Schema: leak.Schema, Cells: []leak.Cell{
		{Key: leak.Key{Phone: "a", Browser: "mi", Scenario: "search", Variant: "default"}, Kind: "usb"},
		{Key: leak.Key{Phone: "b", Browser: "mi", Scenario: "search", Variant: "private"}, Kind: "virtual"},
	}}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Fatalf("%v (-want +got):\n%s", err, diff)
	}
	_, one := encodePlan(got)
	got.Cells[0].Variant = "another"
	if _, two := encodePlan(got); one == two {
		t.Fatal("two plans have one digest: a process with another tree would go unnoticed")
	}
}

func TestPlanRefuses(t *testing.T) {
	for name, tc := range map[string]struct {
		specs []types.SpecReport
		want  string
	}{
		"the same key twice": {[]types.SpecReport{
			spec(types.SpecStatePassed, []string{"phone:a", "scenario:s"}, "browser:mi"),
			spec(types.SpecStatePassed, []string{"phone:a", "scenario:s"}, "browser:mi", "smoke"),
		}, "variant label"},
		"a spec outside of a scenario": {[]types.SpecReport{spec(types.SpecStatePassed, []string{"phone:a"})}, "outside of spec.Scenario"},
		"two browsers":                 {[]types.SpecReport{spec(types.SpecStatePassed, []string{"phone:a", "scenario:s"}, "browser:mi", "browser:chrome")}, "two"},
		"the harness's own name":       {[]types.SpecReport{spec(types.SpecStatePassed, []string{"phone:a", "scenario:" + leak.DrainScenario})}, "choose another"},
		"an id that is no id":          {[]types.SpecReport{spec(types.SpecStatePassed, []string{"phone:a", "scenario:Öffnen!"})}, "lower-case"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := planOf(ginkgo.Report{SpecReports: tc.specs}, twoPhones)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Fatalf("%v, want something about %q", err, tc.want)
			}
		})
	}
}

// Only what is labelled extended, and is not planned, is left out.
func TestLeftOut(t *testing.T) {
	got := leftOut(ginkgo.Report{SpecReports: []types.SpecReport{
		spec(types.SpecStateSkipped, []string{"phone:a", "scenario:first start"}, "extended", "browser:mi"),
		spec(types.SpecStateSkipped, []string{"phone:b", "scenario:first start"}, "extended", "browser:mi"),
		spec(types.SpecStatePassed, []string{"phone:a", "scenario:identity"}, "extended", "browser:mi"),
		spec(types.SpecStateSkipped, []string{"phone:a", "scenario:search"}, "smoke", "browser:mi"),
		spec(types.SpecStateSkipped, nil, "extended"),
		{LeafNodeType: types.NodeTypeBeforeSuite, State: types.SpecStateSkipped},
	}})
	if diff := cmp.Diff(map[string]int{"first start": 2}, got); diff != "" {
		t.Fatal(diff)
	}
}

func TestTrialsOfACell(t *testing.T) {
	none, five := 0, 5
	for name, c := range map[string]struct {
		labels []string
		phone  *profile.Phone
		want   int
		bad    bool
	}{
		"no label":               {labels: []string{"smoke"}},
		"no label, all the same": {labels: []string{"smoke"}, phone: &profile.Phone{Trials: &five}},
		"as many as it takes":    {labels: []string{"trials"}, want: leak.DefaultTrials},
		"a number":               {labels: []string{"trials:6"}, phone: &profile.Phone{}, want: 6},
		"the file's number":      {labels: []string{"trials"}, phone: &profile.Phone{Trials: &five}, want: 5},
		"the file's none":        {labels: []string{"trials:6"}, phone: &profile.Phone{Trials: &none}},
		"one":                    {labels: []string{"trials:1"}, bad: true},
		"too many":               {labels: []string{"trials:501"}, bad: true},
		"a word":                 {labels: []string{"trials:many"}, bad: true},
	} {
		got, err := trialsOf(spec(types.SpecStatePassed, []string{"phone:a", "scenario:s"}, c.labels...), c.phone)
		if got != c.want || (err != nil) != c.bad {
			t.Errorf("%s: %d, %v", name, got, err)
		}
	}
}

func TestTimeoutGrowsWithThePlan(t *testing.T) {
	cfg := &profile.Config{Phones: []profile.Phone{{ID: "a", Repeat: 3, Settle: profile.Settle{Min: 20 * time.Second, Max: 2 * time.Minute}, Browsers: make([]profile.Browser, 2)}}}
	plan := leak.Plan{}
	for i := range 40 {
		plan.Cells = append(plan.Cells, leak.Cell{Key: leak.Key{Phone: "a", Variant: string(rune('a' + i))}})
	}
	if got := timeoutOf(cfg, plan, 0); got < 4*time.Hour {
		t.Errorf("a night's run of %d cells may take %s only: ginkgo would cut it short", len(plan.Cells), got)
	}
	few := timeoutOf(cfg, plan, 0)
	plan.Cells[0].Trials = leak.DefaultTrials
	if many := timeoutOf(cfg, plan, 0); many < few+2*leak.DefaultTrials*2*time.Minute {
		t.Errorf("%d windows of each kind have %s more", leak.DefaultTrials, many-few)
	}
	if one, three := timeoutOf(cfg, plan, 1), timeoutOf(cfg, plan, 0); one >= three {
		t.Errorf("one repeat may take %s, three %s", one, three)
	}
}
