// Package world is what a run stands on: adb servers, virtual phones with their stand-in internet, the state directory,
// the lifeline of the workers. It is opened once a run, by `telltale run` or by the first process of a plain ginkgo run.
// It drives no phone and judges nothing, and it keeps the leak manifests of the virtual phones to itself until the run
// is closed.
package world
