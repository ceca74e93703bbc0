package leak

// Exit codes of `telltale run` and `telltale judge`. 2 is Go's own.
const (
	ExitClean        = 0
	ExitError        = 1
	ExitLeaked       = 3
	ExitInconclusive = 4
	ExitIncomplete   = 5
	ExitTampered     = 6
	ExitInterrupted  = 130
)

// ExitCode is what the verdicts alone come to. When several hold, a leak outweighs an incomplete plan, and that outweighs
// an inconclusive cell.
func (v Verdicts) ExitCode() int {
	code := ExitClean
	if v.Outcome == Inconclusive {
		code = ExitInconclusive
	}
	if !v.Complete {
		code = ExitIncomplete
	}
	if v.Outcome == Leaked {
		code = ExitLeaked
	}
	return code
}

// WorseExit is the exit code that outweighs the other: 6, 3, 130, 1, 5, 4, 0. An unknown code counts as an error of ours.
func WorseExit(a, b int) int {
	rank := func(code int) int {
		for i, c := range [...]int{ExitTampered, ExitLeaked, ExitInterrupted, ExitError, ExitIncomplete, ExitInconclusive, ExitClean} {
			if c == code {
				return i
			}
		}
		return 3
	}
	if rank(b) < rank(a) {
		return b
	}
	return a
}
