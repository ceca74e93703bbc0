package spec

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/onsi/ginkgo/v2"
	"github.com/onsi/ginkgo/v2/types"

	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/harness/profile"
)

// preview walks the tree without running it and returns the plan: a cell for every spec that the label filter selects;
// and what it leaves out of the scenarios that are labelled extended.
func preview(cfg *profile.Config) (leak.Plan, map[string]int, error) {
	report := ginkgo.PreviewSpecs("Telltale")
	plan, err := planOf(report, cfg)
	return plan, leftOut(report), err
}

// labelExtended marks a spec that a run without a filter leaves out.
const labelExtended = "extended"

// leftOut counts the cells of extended scenarios that are not in the plan, by scenario.
func leftOut(report ginkgo.Report) map[string]int {
	out := map[string]int{}
	for _, r := range report.SpecReports {
		if r.LeafNodeType != types.NodeTypeIt || !r.State.Is(types.SpecStateSkipped) || !slices.Contains(r.Labels(), labelExtended) {
			continue
		}
		if key, err := keyOf(r); err == nil {
			out[key.Scenario]++
		}
	}
	return out
}

func planOf(report ginkgo.Report, cfg *profile.Config) (leak.Plan, error) {
	phones := map[string]*profile.Phone{}
	for i := range cfg.Phones {
		phones[cfg.Phones[i].ID] = &cfg.Phones[i]
	}
	plan := leak.Plan{Schema: leak.Schema, Cells: []leak.Cell{}}
	var errs []error
	seen := map[leak.Key]string{}
	for _, r := range report.SpecReports {
		if r.LeafNodeType != types.NodeTypeIt || r.State.Is(types.SpecStateSkipped|types.SpecStatePending) {
			continue
		}
		key, err := keyOf(r)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		where := r.LeafNodeLocation.String()
		if first, twice := seen[key]; twice {
			errs = append(errs, fmt.Errorf("two specs make the cell %s / %s / %s / %s: %s and %s; give one of them another variant label", key.Phone, key.Browser, key.Scenario, key.Variant, first, where))
			continue
		}
		seen[key] = where
		trials, err := trialsOf(r, phones[key.Phone])
		if err != nil {
			errs = append(errs, err)
		}
		cell := leak.Cell{Key: key, Trials: trials}
		if p := phones[key.Phone]; p != nil {
			cell.Kind = p.Kind
		}
		plan.Cells = append(plan.Cells, cell)
	}
	slices.SortFunc(plan.Cells, func(a, b leak.Cell) int {
		return cmp.Or(cmp.Compare(a.Phone, b.Phone), cmp.Compare(a.Browser, b.Browser), cmp.Compare(a.Scenario, b.Scenario), cmp.Compare(a.Variant, b.Variant))
	})
	return plan, errors.Join(errs...)
}

// keyOf reads a cell's key from the labels of a spec and its containers; its text is never a key.
func keyOf(r types.SpecReport) (leak.Key, error) {
	var key leak.Key
	var errs []error
	set := func(field *string, name, value string) {
		if *field != "" {
			errs = append(errs, fmt.Errorf("the spec at %s has two %q labels: %s and %s", r.LeafNodeLocation, name, *field, value))
		}
		*field = value
	}
	for _, l := range r.Labels() {
		for prefix, field := range map[string]*string{labelPhone: &key.Phone, labelScenario: &key.Scenario, labelBrowser: &key.Browser, labelVariant: &key.Variant} {
			if v, ok := strings.CutPrefix(l, prefix); ok {
				set(field, prefix, v)
			}
		}
	}
	switch {
	case key.Phone == "" || key.Scenario == "":
		errs = append(errs, fmt.Errorf("the spec at %s is outside of spec.Scenario", r.LeafNodeLocation))
	case !scenarioID.MatchString(key.Scenario):
		errs = append(errs, fmt.Errorf("scenario id %q: use lower-case letters, digits, blanks and dashes", key.Scenario))
	case key.Scenario == leak.DrainScenario || key.Scenario == leak.ControlScenario:
		errs = append(errs, fmt.Errorf("scenario id %q is the harness's own; choose another", key.Scenario))
	}
	key.Variant = cmp.Or(key.Variant, DefaultVariant)
	return key, errors.Join(errs...)
}

// encodePlan returns the bytes of plan.json and their digest, which every process compares.
func encodePlan(p leak.Plan) (raw []byte, digest string) {
	raw, err := json.MarshalIndent(p, "", " ")
	if err != nil {
		panic(err) // strings only
	}
	raw = append(raw, '\n')
	sum := sha256.Sum256(raw)
	return raw, hex.EncodeToString(sum[:])
}
