package flow

// Window is the span of a recording that belongs to one attempt: from the moment before the action to the moment the
// phone had been quiet for long enough. Times are microseconds since the recorder's epoch.
type Window struct {
	First int64 `json:"first"`    // seq of the first flow that could start in it
	Last  int64 `json:"last"`     // seq of the last flow that started in it; First-1 when none did
	Start int64 `json:"start_us"` //
	Acted int64 `json:"acted_us"` // the action's postcondition was seen; 0 when it was not
	End   int64 `json:"end_us"`   // settled, or given up
}

// Touches says whether a flow was alive in the window: it began before the window closed and had not ended when it opened.
func (w Window) Touches(f *Flow) bool {
	return f.Start <= w.End && (f.End < 0 || f.End >= w.Start)
}

// Sends says whether the phone sent something in the window on this flow, as far as the record tells: it began or last
// sent inside, or it was open throughout, when a byte may have gone at any time.
func (w Window) Sends(f *Flow) bool {
	if !w.Touches(f) {
		return false
	}
	return f.Start >= w.Start || f.Sent >= w.Start || f.End < 0
}
