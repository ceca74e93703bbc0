package spec

import (
	"regexp"

	"github.com/onsi/ginkgo/v2"
)

// DefaultVariant is the variant of a cell whose spec names none.
const DefaultVariant = "default"

// The labels that carry a cell's key.
const (
	labelPhone    = "phone:"
	labelScenario = "scenario:"
	labelBrowser  = "browser:"
	labelVariant  = "variant:"
)

// labelTrials marks a spec whose cell compares windows with and without its action; `trials:N` says how many of each.
const labelTrials = "trials"

type scenario struct {
	id   string
	body func(p Phone)
}

// registered is the one sanctioned registration of the project: scenario files say `var _ = spec.Scenario(...)`.
var registered []scenario

var scenarioID = regexp.MustCompile(`^[a-z0-9][a-z0-9 -]*$`)

// Scenario registers a scenario: body is called once per phone while the tree is built, and declares its specs with It.
// Their labels carry the key of their cell: `browser:ID` and `variant:NAME`.
func Scenario(id string, body func(p Phone)) bool {
	registered = append(registered, scenario{id: id, body: body})
	return true
}

// build declares one Ordered container per phone, with every registered scenario in it. Ordered keeps a phone on one
// process; ContinueOnFailure lets the other cells of the phone have their verdicts after one leaked.
func build(s *suite) {
	for i := range s.config.Phones {
		phone := Phone{suite: s, profile: &s.config.Phones[i], browsers: browsersOf(&s.config.Phones[i])}
		ginkgo.Describe(phone.ID(), ginkgo.Ordered, ginkgo.ContinueOnFailure, ginkgo.Label(labelPhone+phone.ID()), func() {
			ginkgo.BeforeAll(func(ctx ginkgo.SpecContext) { s.acquire(ctx, phone) }, ginkgo.NodeTimeout(s.setupTimeout(phone.profile)))
			ginkgo.AfterAll(func(ctx ginkgo.SpecContext) { s.release(ctx, phone) }, ginkgo.NodeTimeout(s.drainTimeout(phone.profile)))
			ginkgo.BeforeEach(func() { s.skipDone(phone) })
			for _, sc := range registered {
				ginkgo.Describe(sc.id, ginkgo.Label(labelScenario+sc.id), func() { sc.body(phone) })
			}
		})
	}
}
