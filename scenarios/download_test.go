package scenarios

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	. "github.com/telltale-farm/telltale/assertions"
	"github.com/telltale-farm/telltale/harness/action"
	"github.com/telltale-farm/telltale/harness/spec"
)

var _ = spec.Scenario("download", func(p spec.Phone) {
	for _, b := range p.Browsers() {
		for _, mode := range b.Modes() {
			It("keeps the address and the name of a file between the phone and its site, in a "+mode.String()+" tab of "+b.ID,
				Label("action:download", "variant:"+mode.String(), "browser:"+b.ID),
				func(ctx SpecContext) {
					s := p.Session(ctx)
					file := s.FileURL("file to download")

					seen, err := s.Do(ctx, action.Download(b, file, mode))

					Expect(err).NotTo(HaveOccurred())
					Expect(seen).To(Reach(s.Site()), "control: the site itself must have been asked")
					Expect(seen).NotTo(Leak(file))
				})
		}
	}
})
