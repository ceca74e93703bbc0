package scenarios

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	. "github.com/telltale-farm/telltale/assertions"
	"github.com/telltale-farm/telltale/harness/action"
	"github.com/telltale-farm/telltale/harness/spec"
)

var _ = spec.Scenario("search a site", func(p spec.Phone) {
	for _, b := range p.Browsers() {
		for _, mode := range b.Modes() {
			It("keeps what is typed into a page between the phone and its site, in a "+mode.String()+" tab of "+b.ID,
				Label("action:search-site", "variant:"+mode.String(), "browser:"+b.ID),
				func(ctx SpecContext) {
					s := p.Session(ctx)
					query := s.Canary("query on a site", s.Site())

					seen, err := s.Do(ctx, action.SearchSite(b, query, mode))

					Expect(err).NotTo(HaveOccurred())
					Expect(seen).To(Reach(s.Site()), "control: the site itself must have been asked")
					Expect(seen).NotTo(Leak(query))
				})
		}
	}
})
