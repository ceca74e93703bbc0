package scenarios

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	. "github.com/telltale-farm/telltale/assertions"
	"github.com/telltale-farm/telltale/harness/action"
	"github.com/telltale-farm/telltale/harness/spec"
)

// What the two apps send by themselves when they come to the front is theirs; what anyone else sends then is a reaction.
var _ = spec.Scenario("react to switching apps", func(p spec.Phone) {
	if len(p.Browsers()) == 0 {
		return // there is no second app that every phone is known to have
	}
	It("does not behave differently when another app comes to the front",
		Label("extended", "action:react-switch-app", "trials"),
		func(ctx SpecContext) {
			s := p.Session(ctx)

			seen, err := s.Do(ctx, action.SwitchApp(p.SettingsApp(), p.Browsers()[0].App))

			Expect(err).NotTo(HaveOccurred())
			Expect(seen).NotTo(React())
		})
})
