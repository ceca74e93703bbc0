package spec

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/onsi/ginkgo/v2/types"

	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/harness/profile"
)

// minTrials is the least number of windows of each kind that a label may ask for. They show nothing yet, and say so.
const minTrials = 2

// trialsOf is how many windows of each kind the cell of a spec compares: what devices.yaml says of the phone, else the
// spec's label; 0 for a spec without one.
func trialsOf(r types.SpecReport, p *profile.Phone) (n int, err error) {
	for _, l := range r.Labels() {
		many, counted := strings.CutPrefix(l, labelTrials+":")
		switch {
		case l == labelTrials:
			n = leak.DefaultTrials
		case counted:
			if n, err = strconv.Atoi(many); err != nil || n < minTrials || n > leak.MaxTrials {
				return 0, fmt.Errorf("the spec at %s has the label %q: write trials, or trials:N with N from %d to %d", r.LeafNodeLocation, l, minTrials, leak.MaxTrials)
			}
		}
	}
	if n > 0 && p != nil && p.Trials != nil {
		n = *p.Trials
	}
	return n, nil
}

// trials is how many windows of each kind the plan wants, by cell.
func (s *suite) trials() map[leak.Key]int {
	out := map[leak.Key]int{}
	for _, c := range s.plan.Cells {
		if c.Trials > 0 {
			out[c.Key] = c.Trials
		}
	}
	return out
}

// places is how many attempts a cell of the plan has when everything goes well.
func (s *suite) places(key leak.Key) int {
	return leak.TrialPlaces(s.repeats(key.Phone), s.trials()[key])
}
