// Package scenarios holds the specs, and nothing else: one file per scenario. What they are built from is in
// harness/spec, the verbs are in harness/action, and what "leak" means is decided in assertions/leak.
// The suite refuses to run without --devices: it drives phones.
package scenarios

import (
	"flag"
	"testing"

	"github.com/onsi/ginkgo/v2"
	"github.com/onsi/gomega"

	"github.com/telltale-farm/telltale/harness/spec"
)

var options = spec.Flags(flag.CommandLine)

func TestScenarios(t *testing.T) {
	gomega.RegisterFailHandler(ginkgo.Fail)
	spec.Run(t, options)
}
