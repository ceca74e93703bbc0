// Package spec is the only glue to Ginkgo: it builds the spec tree from devices.yaml and the registered scenarios, makes
// the plan from that tree, and hands each scenario a phone. The tree never depends on what is attached: two processes
// that read the same file build the same tree, and each proves it by the plan's digest.
// It judges nothing; a spec's Expect speaks of what the judge said.
package spec
