package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/telltale-farm/telltale/assertions/leak"
)

// specReport is what we read of ginkgo.json: one spec, the labels that carry its cell, and how it ended.
type specReport struct {
	ContainerHierarchyLabels [][]string
	LeafNodeType             string
	LeafNodeLabels           []string
	State                    string
}

// mismatches compares how each spec ended with the final verdict of its cell. A spec that passed and whose cell got
// worse afterwards is told: a late batch, or a phone that changed. A spec that failed and whose cell is clean after all
// would mean that the two did not look at the same thing, and that is an error of ours.
func mismatches(bundle string, v leak.Verdicts) (late []string, err error) {
	raw, err := os.ReadFile(filepath.Join(bundle, ginkgoReport))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("comparing specs and verdicts: %w", err)
	}
	var suites []struct{ SpecReports []specReport }
	if err := json.Unmarshal(raw, &suites); err != nil {
		return nil, fmt.Errorf("comparing specs and verdicts: %w", err)
	}
	for _, s := range suites {
		for _, r := range s.SpecReports {
			if r.LeafNodeType != "It" {
				continue
			}
			key := r.key()
			i := slices.IndexFunc(v.Cells, func(c leak.CellVerdict) bool { return c.Key == key })
			if i < 0 {
				continue
			}
			cell := v.Cells[i]
			switch {
			case r.State == "passed" && cell.Outcome != leak.Clean:
				late = append(late, fmt.Sprintf("%s, %s: the spec passed, the final verdict is %s: %s", key.Phone, cellName(key), cell.Outcome, why(cell)))
			case r.State == "failed" && cell.Outcome == leak.Clean:
				err = errors.Join(err, fmt.Errorf("%s, %s: the spec failed, the final verdict is clean; this is a mistake in Telltale or in the spec", key.Phone, cellName(key)))
			}
		}
	}
	return late, err
}

// key reads a cell's key from a spec's labels, as the plan did.
func (r specReport) key() leak.Key {
	k := leak.Key{Variant: "default"}
	for _, l := range slices.Concat(slices.Concat(r.ContainerHierarchyLabels...), r.LeafNodeLabels) {
		name, value, _ := strings.Cut(l, ":")
		switch name {
		case "phone":
			k.Phone = value
		case "scenario":
			k.Scenario = value
		case "browser":
			k.Browser = value
		case "variant":
			k.Variant = value
		}
	}
	return k
}

func cellName(k leak.Key) string {
	parts := []string{k.Scenario}
	for _, p := range []string{k.Variant, k.Browser} {
		if p != "" && p != "default" {
			parts = append(parts, p)
		}
	}
	return strings.Join(parts, ", ")
}

// why says in a few words what made a cell worse than its spec.
func why(c leak.CellVerdict) string {
	for _, v := range c.Claims {
		for _, f := range v.Findings {
			if f.Late {
				return "a late upload to " + f.Host
			}
		}
	}
	for _, v := range c.Claims {
		for _, r := range v.Reasons {
			return string(r.Code)
		}
	}
	return "found when all files were there"
}
