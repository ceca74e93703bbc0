package scenarios

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	. "github.com/telltale-farm/telltale/assertions"
	"github.com/telltale-farm/telltale/harness/action"
	"github.com/telltale-farm/telltale/harness/spec"
)

var _ = spec.Scenario("read the news", func(p spec.Phone) {
	for _, b := range p.Browsers() {
		if !b.HasNews() {
			continue
		}
		It("does not report which item of the news was opened, "+b.ID,
			Label("extended", "action:read-news", "browser:"+b.ID),
			func(ctx SpecContext) {
				s := p.Session(ctx)

				seen, err := s.Do(ctx, action.ReadNews(b))

				Expect(err).NotTo(HaveOccurred())
				Expect(seen).NotTo(React())
			})
	}
})
