package scenarios

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	. "github.com/telltale-farm/telltale/assertions"
	"github.com/telltale-farm/telltale/harness/action"
	"github.com/telltale-farm/telltale/harness/spec"
)

var _ = spec.Scenario("identity", func(p spec.Phone) {
	for _, b := range p.Browsers() {
		for _, change := range action.Changes() {
			It("tells nobody which phone it is, "+change.Words+", in "+b.ID,
				Label("extended", "identity", "action:return", "variant:"+change.Name, "browser:"+b.ID),
				func(ctx SpecContext) {
					s := p.Session(ctx)
					page := s.URL("address of a page", b.SearchHost)

					seen, err := s.Do(ctx, action.Return(b, page, change))

					Expect(err).NotTo(HaveOccurred())
					Expect(seen).To(Reach(b.SearchHost), "control: the visit itself must be captured")
					Expect(seen).NotTo(Identify())
					Expect(seen).NotTo(Leak(page))
				})
		}
	}
})
