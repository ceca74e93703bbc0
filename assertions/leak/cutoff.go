package leak

import "slices"

// CutOff lists the attempts that had a canary and behind whose windows the recording stopped, at one of these times in
// microseconds, before their app was driven again and before the phone was drained: what the app held back until it left
// the screen may have been sent while nobody listened.
func CutOff(attempts []Attempt, stops []int64) (ids []int64) {
	for i := range attempts {
		a := &attempts[i]
		if a.Fault != nil || a.Window.End <= a.Window.Start || !slices.Contains(a.Claims, ClaimContent) {
			continue
		}
		if slices.ContainsFunc(stops, func(stop int64) bool { return a.Window.End < stop && !followed(attempts, a, stop) }) {
			ids = append(ids, a.ID)
		}
	}
	return ids
}

// followed says whether an attempt's app was driven again before a moment, or the phone drained.
func followed(attempts []Attempt, a *Attempt, before int64) bool {
	return slices.ContainsFunc(attempts, func(b Attempt) bool {
		if b.Window.Start <= a.Window.End || b.Window.End >= before {
			return false
		}
		if b.Key.Scenario == DrainScenario {
			return b.Fault == nil && b.Postcondition.Seen && b.Settle.Quiet && b.Tunnel.Before && b.Tunnel.After && b.Counters.Readable
		}
		return a.App != "" && b.App == a.App && b.driven()
	})
}

// redone says whether an attempt that was cut off was made again and carried to its end.
func redone(attempts []Attempt, a *Attempt) bool {
	return slices.ContainsFunc(attempts, func(b Attempt) bool {
		return b.Key == a.Key && b.Repeat == a.Repeat && b.ID > a.ID && b.Fault == nil
	})
}
