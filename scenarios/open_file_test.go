package scenarios

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	. "github.com/telltale-farm/telltale/assertions"
	"github.com/telltale-farm/telltale/harness/action"
	"github.com/telltale-farm/telltale/harness/spec"
)

var _ = spec.Scenario("open a file", func(p spec.Phone) {
	It("keeps the names of a folder and a file that are opened on the phone",
		Label("action:open-file"),
		func(ctx SpecContext) {
			s := p.Session(ctx)
			folder, file := s.Canary("folder name", spec.Nobody), s.Canary("file name", spec.Nobody)

			seen, err := s.Do(ctx, action.OpenFile(folder, file))

			Expect(err).NotTo(HaveOccurred())
			Expect(seen).NotTo(Leak(folder, file))
		})
})
