package scenarios

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	. "github.com/telltale-farm/telltale/assertions"
	"github.com/telltale-farm/telltale/harness/action"
	"github.com/telltale-farm/telltale/harness/spec"
)

var _ = spec.Scenario("first start", func(p spec.Phone) {
	for _, b := range p.Browsers() {
		It("says nothing before its user has agreed, "+b.ID,
			Label("extended", "action:first-start", "browser:"+b.ID),
			func(ctx SpecContext) {
				s := p.Session(ctx)

				seen, err := s.Do(ctx, action.FirstStart(b))

				Expect(err).NotTo(HaveOccurred())
				Expect(seen).NotTo(React())
			})
	}
})
