package adb

import "time"

// Limits bound what one phone may cost. Zero fields mean the defaults.
type Limits struct {
	Output   int64         // bytes of output of one command, stdout and stderr each: 64 MiB
	File     int64         // bytes of one pulled file: 256 MiB
	Timeout  time.Duration // of a call whose context has no deadline: 60 s
	Start    time.Duration // of the wait for an activity to be drawn: 15 s
	Dial     time.Duration // of the connection to the adb server: 5 s
	InFlight int           // commands at a time; more wait for a place, or for their context: 8
}

func (l Limits) withDefaults() Limits {
	if l.Output <= 0 {
		l.Output = 64 << 20
	}
	if l.File <= 0 {
		l.File = 256 << 20
	}
	if l.Timeout <= 0 {
		l.Timeout = time.Minute
	}
	if l.Start <= 0 {
		l.Start = 15 * time.Second
	}
	if l.Dial <= 0 {
		l.Dial = 5 * time.Second
	}
	if l.InFlight <= 0 {
		l.InFlight = 8
	}
	return l
}
