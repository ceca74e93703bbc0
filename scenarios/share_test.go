package scenarios

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	. "github.com/telltale-farm/telltale/assertions"
	"github.com/telltale-farm/telltale/harness/action"
	"github.com/telltale-farm/telltale/harness/spec"
)

var _ = spec.Scenario("share a page", func(p spec.Phone) {
	for _, b := range p.Browsers() {
		for _, mode := range b.Modes() {
			It("keeps the address of a page that is shared with nobody, in a "+mode.String()+" tab of "+b.ID,
				Label("action:share", "variant:"+mode.String(), "browser:"+b.ID),
				func(ctx SpecContext) {
					s := p.Session(ctx)
					page := s.URL("address of a page", b.SearchHost)

					seen, err := s.Do(ctx, action.Share(b, page, mode))

					Expect(err).NotTo(HaveOccurred())
					Expect(seen).To(Reach(b.SearchHost), "control: the site itself must have been asked")
					Expect(seen).NotTo(Leak(page))
				})
		}
	}
})
