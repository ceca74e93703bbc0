package scenarios

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	. "github.com/telltale-farm/telltale/assertions"
	"github.com/telltale-farm/telltale/harness/action"
	"github.com/telltale-farm/telltale/harness/spec"
)

var _ = spec.Scenario("switch apps", func(p spec.Phone) {
	if len(p.Browsers()) == 0 {
		return // there is no second app that every phone is known to have
	}
	It("does not report which app came to the front",
		Label("smoke", "action:switch-app"),
		func(ctx SpecContext) {
			s := p.Session(ctx)

			seen, err := s.Do(ctx, action.SwitchApp(p.SettingsApp(), p.Browsers()[0].App))

			Expect(err).NotTo(HaveOccurred())
			Expect(seen).NotTo(React())
		})
})
