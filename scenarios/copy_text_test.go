package scenarios

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	. "github.com/telltale-farm/telltale/assertions"
	"github.com/telltale-farm/telltale/harness/action"
	"github.com/telltale-farm/telltale/harness/spec"
)

var _ = spec.Scenario("copy a text", func(p spec.Phone) {
	for _, b := range p.Browsers() {
		It("keeps what is in the clipboard on the phone, with "+b.ID,
			Label("action:copy-text", "browser:"+b.ID),
			func(ctx SpecContext) {
				s := p.Session(ctx)
				word := s.Word("word in the clipboard", b.SearchHost)

				seen, err := s.Do(ctx, action.CopyText(b, word))

				Expect(err).NotTo(HaveOccurred())
				Expect(seen).NotTo(Leak(word))
			})
	}
})
