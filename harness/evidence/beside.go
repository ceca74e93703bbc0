package evidence

// Beside is what a report says beside the verdicts, for programs: nothing of it decides a verdict. All text in it is safe
// to show.
type Beside struct {
	Schema     int          `json:"schema"`
	Kind       string       `json:"kind"` // of the run: usb, virtual or mixed
	SideBySide []SideBySide `json:"side_by_side"`
	Conditions []Condition  `json:"conditions"`
	Consent    []Consent    `json:"consent"`
	LeftOut    []LeftOut    `json:"left_out"`
}

// beside gathers it from what the report shows.
func (w view) beside(run Run) Beside {
	out := Beside{Schema: Schema, Kind: w.Kind, SideBySide: w.Compared, Conditions: w.Conditions, Consent: w.Consent, LeftOut: run.LeftOut}
	if out.SideBySide == nil {
		out.SideBySide = []SideBySide{}
	}
	if out.Conditions == nil {
		out.Conditions = []Condition{}
	}
	if out.Consent == nil {
		out.Consent = []Consent{}
	}
	if out.LeftOut == nil {
		out.LeftOut = []LeftOut{}
	}
	return out
}

// Text is what a terminal shows of it below the table of verdicts.
func (b Beside) Text() string { return sideBySideText(b.SideBySide) + leftOutText(b.LeftOut) }
