package scenarios

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	. "github.com/telltale-farm/telltale/assertions"
	"github.com/telltale-farm/telltale/harness/action"
	"github.com/telltale-farm/telltale/harness/spec"
)

var _ = spec.Scenario("open settings", func(p spec.Phone) {
	page := p.SettingsPage("wifi")
	It("does not report that the "+page.ID+" settings were opened",
		Label("smoke", "action:settings", "variant:"+page.ID, "trials:6"),
		func(ctx SpecContext) {
			s := p.Session(ctx)

			seen, err := s.Do(ctx, action.OpenSettings(page))

			Expect(err).NotTo(HaveOccurred())
			Expect(seen).NotTo(React())
		})
})
