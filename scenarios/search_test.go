package scenarios

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	. "github.com/telltale-farm/telltale/assertions"
	"github.com/telltale-farm/telltale/harness/action"
	"github.com/telltale-farm/telltale/harness/spec"
)

// The search in the private mode as it is has a file of its own: it is what a first run shows.
var _ = spec.Scenario("search", func(p spec.Phone) {
	for _, b := range p.Browsers() {
		for _, mode := range b.Modes() {
			if mode == action.Private {
				continue
			}
			It("keeps the query between the phone and the search engine, in a "+mode.String()+" tab of "+b.ID,
				Label("action:search", "variant:"+mode.String(), "browser:"+b.ID),
				func(ctx SpecContext) {
					s := p.Session(ctx)
					query := s.Canary("search query", b.SearchHost)

					seen, err := s.Do(ctx, action.Search(b, query, mode))

					Expect(err).NotTo(HaveOccurred())
					Expect(seen).To(Reach(b.SearchHost), "control: the search itself must be captured")
					Expect(seen).NotTo(Leak(query))
				})
		}
	}
})
