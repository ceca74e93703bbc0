package harness

import (
	"github.com/telltale-farm/telltale/adb"
)

// journal writes every command that was sent to the phone into the evidence, as it was asked and how it ended.
func (l *Lease) journal(c adb.Command) {
	data := map[string]any{
		"kind": c.Kind, "argv": c.Argv, "us": c.Duration.Microseconds(), "exit": c.Exit, "bytes": c.BytesOut,
	}
	if c.Err != nil {
		data["error"] = c.Err.Error()
	}
	if err := l.dir.AppendJournal("command", data); err != nil {
		l.say("writing the journal: " + err.Error())
	}
}
