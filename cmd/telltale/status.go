package main

import "fmt"

// Exit codes. Code 2 stays Go's own (a panic). Any code that is not listed is a failure.
const (
	exitClean        = 0   // clean, also with named exceptions; nothing found; all well
	exitFailed       = 1   // usage, configuration or internal error
	exitLeaked       = 3   // leaked, found, regressed
	exitInconclusive = 4   // something could not be seen
	exitIncomplete   = 5   // the plan was not carried out whole
	exitTampered     = 6   // evidence is not genuine, or was not reproduced
	exitInterrupted  = 130 // stopped by a signal
)

// exitStatus ends a verb with a code of its own. Err, when there is one, is printed on standard error.
type exitStatus struct {
	Code int
	Err  error
}

// Error says why, or at least with what code.
func (e *exitStatus) Error() string {
	if e.Err != nil {
		return e.Err.Error()
	}
	return fmt.Sprintf("exit status %d", e.Code)
}

// Unwrap gives the reason.
func (e *exitStatus) Unwrap() error { return e.Err }
