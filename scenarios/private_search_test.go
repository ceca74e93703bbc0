package scenarios

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	. "github.com/telltale-farm/telltale/assertions"
	"github.com/telltale-farm/telltale/harness/action"
	"github.com/telltale-farm/telltale/harness/spec"
)

var _ = spec.Scenario("private search", func(p spec.Phone) {
	for _, b := range p.Browsers() {
		It("keeps the query between the phone and the search engine, in "+b.ID,
			Label("smoke", "action:search", "variant:private", "browser:"+b.ID),
			func(ctx SpecContext) {
				s := p.Session(ctx)
				query := s.Canary("search query", b.SearchHost)

				seen, err := s.Do(ctx, action.Search(b, query, action.Private))

				Expect(err).NotTo(HaveOccurred())
				Expect(seen).To(Reach(b.SearchHost), "control: the search itself must be captured")
				Expect(seen).NotTo(Leak(query))
			})
	}
})
