package scenarios

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	. "github.com/telltale-farm/telltale/assertions"
	"github.com/telltale-farm/telltale/harness/action"
	"github.com/telltale-farm/telltale/harness/spec"
)

var _ = spec.Scenario("swipe the home screen", func(p spec.Phone) {
	It("does not report that the home screen was swiped",
		Label("action:swipe-home"),
		func(ctx SpecContext) {
			s := p.Session(ctx)

			seen, err := s.Do(ctx, action.SwipeHome())

			Expect(err).NotTo(HaveOccurred())
			Expect(seen).NotTo(React())
		})
})
