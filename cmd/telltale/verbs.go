package main

import (
	"github.com/alecthomas/kong"

	"github.com/telltale-farm/telltale/harness/world"
)

// verbs is the whole command line: one field a verb, in the order of a first use. Every verb is a struct of its flags
// with Run(ctx context.Context, c *console) error (a further *globals where it needs the state directory) and
// Help() string, which holds an example and an EXIT STATUS block.
type verbs struct {
	globals

	Run     runCmd     `cmd:"" help:"Drive phones, capture, judge, and leave the evidence."`
	Devices devicesCmd `cmd:"" help:"List attached phones, or print one's block for devices.yaml."`

	Doctor  doctorCmd  `cmd:"" help:"Say what a phone still needs before a run."`
	Restore restoreCmd `cmd:"" help:"Put every changed setting of every phone back."`

	Judge   judgeCmd   `cmd:"" help:"Compute a bundle's verdicts again from its files."`
	Verify  verifyCmd  `cmd:"" help:"Check that a bundle is what was recorded."`
	Diff    diffCmd    `cmd:"" help:"Say what changed between two bundles."`
	Report  reportCmd  `cmd:"" help:"Write a bundle's derived files again."`
	Ask     askCmd     `cmd:"" help:"Ask the destinations of findings what they answer; store it dated."`
	Redact  redactCmd  `cmd:"" help:"Copy what can be published of a bundle."`
	History historyCmd `cmd:"" help:"List runs by phone and firmware."`

	Scan    scanCmd    `cmd:"" help:"Search captures for canaries, however they were packed."`
	Decode  decodeCmd  `cmd:"" help:"Show the values that a captured body holds."`
	Proxy   proxyCmd   `cmd:"" help:"Run the capturing proxy alone."`
	Virtual virtualCmd `cmd:"" help:"Serve virtual phones to any adb client."`
}

// globals are the flags that every verb has.
type globals struct {
	State   string           `placeholder:"DIR" help:"State directory: CA, keys, undo journals. Default: $$XDG_STATE_HOME/telltale, or ~/.local/state/telltale."`
	Version kong.VersionFlag `help:"Print the version and exit."`
}

// stateDir is the state directory as an absolute path. It makes nothing.
func (g *globals) stateDir() (string, error) { return world.StateDir(g.State) }
