package evidence

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/telltale-farm/telltale/assertions/leak"
)

// specReport is what is read of ginkgo.json: one spec, the labels that carry its cell, and how it ended.
type specReport struct {
	ContainerHierarchyLabels [][]string
	LeafNodeType             string
	LeafNodeLabels           []string
	State                    string
}

// Contradictions is what ginkgo.json and the verdicts say of the same cells, where they are not of one mind.
type Contradictions struct {
	Late    []string // specs that passed, and whose cell got worse afterwards: a late batch, or a phone that changed
	Better  []string // specs that failed, and whose cell is clean: the two did not look at the same thing, which is a mistake of ours
	Foreign []string // specs of cells that the verdicts do not have
}

// Specs compares how each spec ended with the final verdict of its cell. Without a ginkgo.json there is nothing to compare: a
// run that was resumed has one of its last part, and one that ginkgo alone ran has none.
func Specs(bundle string, v leak.Verdicts) (Contradictions, error) {
	root, err := os.OpenRoot(bundle)
	if err != nil {
		return Contradictions{}, fmt.Errorf("comparing specs and verdicts: %w", err)
	}
	defer root.Close()
	c, err := (&Bundle{root: root}).specs(v)
	if err != nil {
		return c, fmt.Errorf("comparing specs and verdicts: %w", err)
	}
	return c, nil
}

func (b *Bundle) specs(v leak.Verdicts) (out Contradictions, err error) {
	raw, err := b.read(ginkgoName)
	if errors.Is(err, fs.ErrNotExist) {
		return out, nil
	}
	if err != nil {
		return out, err
	}
	var suites []struct{ SpecReports []specReport }
	if err := json.Unmarshal(raw, &suites); err != nil {
		return out, err
	}
	for _, s := range suites {
		for _, r := range s.SpecReports {
			key := r.key()
			if r.LeafNodeType != "It" || key.Phone == "" || r.State == "skipped" || r.State == "pending" {
				continue // also what the labels left out, and what was done before a resume
			}
			name := key.Phone + ", " + cellName(key)
			i := slices.IndexFunc(v.Cells, func(c leak.CellVerdict) bool { return c.Key == key })
			switch {
			case i < 0:
				out.Foreign = append(out.Foreign, name)
			case r.State == "passed" && v.Cells[i].Outcome != leak.Clean:
				out.Late = append(out.Late, fmt.Sprintf("%s: the spec passed, the final verdict is %s: %s", name, v.Cells[i].Outcome, worse(v.Cells[i])))
			case r.State == "failed" && v.Cells[i].Outcome == leak.Clean:
				out.Better = append(out.Better, fmt.Sprintf("%s: the spec failed, the final verdict is clean", name))
			}
		}
	}
	return out, nil
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

// worse says in a few words what made a cell worse than its spec.
func worse(c leak.CellVerdict) string {
	claims := slices.Sorted(maps.Keys(c.Claims))
	for _, claim := range claims {
		for _, f := range c.Claims[claim].Findings {
			if f.Late {
				return "a late upload to " + f.Host
			}
		}
	}
	for _, claim := range claims {
		for _, r := range c.Claims[claim].Reasons {
			return string(r.Code)
		}
	}
	return "found when all files were there"
}
