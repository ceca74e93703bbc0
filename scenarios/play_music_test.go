package scenarios

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	. "github.com/telltale-farm/telltale/assertions"
	"github.com/telltale-farm/telltale/harness/action"
	"github.com/telltale-farm/telltale/harness/spec"
)

var _ = spec.Scenario("play music", func(p spec.Phone) {
	It("keeps the title of a track that is played on the phone",
		Label("action:play-track"),
		func(ctx SpecContext) {
			s := p.Session(ctx)
			title := s.Canary("track title", spec.Nobody)

			seen, err := s.Do(ctx, action.PlayTrack(title))

			Expect(err).NotTo(HaveOccurred())
			Expect(seen).NotTo(Leak(title))
		})
})
