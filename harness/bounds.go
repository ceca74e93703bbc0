package harness

import (
	"time"

	"github.com/telltale-farm/telltale/adb"
)

// Bounds are how long a lease waits for a phone that does not do what it should, and how much it takes from it. A field of
// 0 stands for its default.
type Bounds struct {
	Command time.Duration // one adb command: 60 s
	Attach  time.Duration // a phone that is away: 60 s
	Boot    time.Duration // a phone that is starting: 5 min; updates of apps are compiled meanwhile
	Restore time.Duration // putting everything back at the end: 60 s
	Park    time.Duration // a phone that is too empty or too hot, all in all: 30 min
	Step    time.Duration // what a step of an action waits for on the screen: 20 s
	Look    time.Duration // how often a parked phone is looked at: 1 min
	Package int64         // bytes of a file that is copied from the phone, such as a browser's package: 512 MiB; those of 2025 have up to 300 MB
}

func (b Bounds) withDefaults() Bounds {
	def := func(v *time.Duration, d time.Duration) {
		if *v <= 0 {
			*v = d
		}
	}
	def(&b.Command, time.Minute)
	def(&b.Attach, time.Minute)
	def(&b.Boot, 5*time.Minute)
	def(&b.Restore, time.Minute)
	def(&b.Park, ParkAllowance)
	def(&b.Step, screenTimeout)
	def(&b.Look, time.Minute)
	if b.Package <= 0 {
		b.Package = 512 << 20
	}
	return b
}

// adb are the limits of a lease's commands.
func (b Bounds) adb() adb.Limits { return adb.Limits{Timeout: b.Command, File: b.Package} }

// ParkAllowance is how long a phone may be parked in one run, for who computes how long a run may take.
const ParkAllowance = 30 * time.Minute
