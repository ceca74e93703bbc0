package evidence

import (
	"fmt"
	"strings"

	"github.com/telltale-farm/telltale/capture/flow/safe"
)

// LeftOutLine says in a line what a run without a filter left out, and how to run it; empty if it left out nothing.
func LeftOutLine(left []LeftOut) string {
	cells, names := 0, []string{}
	for _, l := range left {
		if l.Cells > 0 {
			cells += l.Cells
			names = append(names, fmt.Sprintf("%s (%d)", safe.Line(l.Scenario, 60), l.Cells))
		}
	}
	if cells == 0 {
		return ""
	}
	return fmt.Sprintf("left out, for no --filter was given: %s of extended scenarios: %s. To run these too: telltale run --filter ''",
		plural(int64(cells), "cell"), strings.Join(names, ", "))
}

// leftOutText is the same in lines of the table's width.
func leftOutText(left []LeftOut) string {
	line := LeftOutLine(left)
	if line == "" {
		return ""
	}
	var b strings.Builder
	wrapped(&b, 0, tableWidth, line)
	return b.String()
}
