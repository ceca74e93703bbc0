package spec

import (
	"slices"

	"github.com/onsi/ginkgo/v2"

	"github.com/telltale-farm/telltale/assertions/leak"
)

// A run that goes on builds the same tree and skips in it what an earlier part has carried to its end. That is the only
// reason for a Skip: what could not be seen is inconclusive.

// repeats is how many attempts a cell of a phone has, as written in policy.json before the first phone was touched.
func (s *suite) repeats(phone string) int {
	i := slices.IndexFunc(s.policy.Phones, func(p leak.PhonePolicy) bool { return p.ID == phone })
	if i < 0 {
		return 1
	}
	return max(s.policy.Phones[i].Repeat, 1)
}

// finished says whether every cell that was planned for a phone has its attempts.
func (s *suite) finished(phone string) bool {
	return !slices.ContainsFunc(s.plan.Cells, func(c leak.Cell) bool {
		return c.Phone == phone && len(s.past[phone].Left(c.Key, s.places(c.Key))) > 0
	})
}

// skipDone skips the spec that is about to run if an earlier part of the run has made its cell.
func (s *suite) skipDone(p Phone) {
	key, err := keyOf(ginkgo.CurrentSpecReport())
	if err == nil && len(s.past[p.ID()].Left(key, s.places(key))) == 0 {
		ginkgo.Skip("an earlier part of this run has made it")
	}
}
