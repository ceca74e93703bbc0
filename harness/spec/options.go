package spec

import "flag"

// Options are the suite's own flags, after `--` on ginkgo's command line.
type Options struct {
	Devices string // devices.yaml; without it the suite is skipped
	Handoff string // file written by `telltale run`, which has opened the world; empty in a plain ginkgo run
	Report  string // file that ginkgo's report is written to, in a folder that is there; empty for none
	PlanOut string // write plan.json there and stop: no phone is touched
	Out     string // plain runs: folder of evidence bundles
	State   string // plain runs: state directory
	Repeat  int    // plain runs: attempts per cell; 0 as devices.yaml says
}

// Flags declares the flags on a flag set and returns where their values will be.
func Flags(fs *flag.FlagSet) *Options {
	o := &Options{}
	fs.StringVar(&o.Devices, "devices", "", "devices.yaml that names the phones (required; relative to this folder)")
	fs.StringVar(&o.Handoff, "handoff", "", "file from the process that opened the world (set by `telltale run`)")
	fs.StringVar(&o.Report, "report", "", "write ginkgo's report to this file (set by `telltale run`)")
	fs.StringVar(&o.PlanOut, "plan-out", "", "write the plan to this file and stop")
	fs.StringVar(&o.Out, "out", "evidence", "folder for the evidence of a plain ginkgo run")
	fs.StringVar(&o.State, "state", "", "state directory of a plain ginkgo run (default as `telltale run`)")
	fs.IntVar(&o.Repeat, "repeat", 0, "attempts per cell of a plain ginkgo run (default as devices.yaml says)")
	return o
}
