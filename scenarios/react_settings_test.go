package scenarios

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	. "github.com/telltale-farm/telltale/assertions"
	"github.com/telltale-farm/telltale/harness/action"
	"github.com/telltale-farm/telltale/harness/spec"
)

// With as many windows as it takes to see a reaction that comes in three of ten times, whether or not what is sent can be
// read. On a real phone that is at least 40 minutes, so it is no part of the smoke test.
var _ = spec.Scenario("react to settings", func(p spec.Phone) {
	page := p.SettingsPage("wifi")
	It("does not behave differently when the "+page.ID+" settings are opened",
		Label("extended", "action:react-settings", "variant:"+page.ID, "trials"),
		func(ctx SpecContext) {
			s := p.Session(ctx)

			seen, err := s.Do(ctx, action.OpenSettings(page))

			Expect(err).NotTo(HaveOccurred())
			Expect(seen).NotTo(React())
		})
})
