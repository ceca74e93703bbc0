package scenarios

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	. "github.com/telltale-farm/telltale/assertions"
	"github.com/telltale-farm/telltale/harness/action"
	"github.com/telltale-farm/telltale/harness/spec"
)

var _ = spec.Scenario("pull the status bar", func(p spec.Phone) {
	It("does not report that the status bar was pulled down",
		Label("action:pull-status-bar"),
		func(ctx SpecContext) {
			s := p.Session(ctx)

			seen, err := s.Do(ctx, action.PullStatusBar())

			Expect(err).NotTo(HaveOccurred())
			Expect(seen).NotTo(React())
		})
})
