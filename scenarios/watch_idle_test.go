package scenarios

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	. "github.com/telltale-farm/telltale/assertions"
	"github.com/telltale-farm/telltale/harness/action"
	"github.com/telltale-farm/telltale/harness/spec"
)

// The last of all, so that its windows can be as long as the longest before them. Only phones on which browsers are
// compared have it.
var _ = spec.Scenario("idle", func(p spec.Phone) {
	if !p.Compares() {
		return
	}
	for _, b := range p.Browsers() {
		It("tells nobody which phone it is while it is left alone, "+b.ID,
			Label("smoke", "action:idle", "browser:"+b.ID),
			func(ctx SpecContext) {
				s := p.Session(ctx)

				seen, err := s.Do(ctx, action.Idle(b))

				Expect(err).NotTo(HaveOccurred())
				Expect(seen).NotTo(Identify())
			})
	}
})
