package leak

import "fmt"

// Trials is what windows with and without the action say of a cell, compared (docs/verdicts.md).
type Trials struct {
	Planned  int   `json:"planned"`   // windows of each kind, as plan.json says
	Actions  int   `json:"actions"`   // windows with the action that are compared
	Idles    int   `json:"idles"`     // without
	WindowUS int64 `json:"window_us"` // how long a window is compared for
	WallUS   int64 `json:"wall_us"`   // from the first window to the end of the last
	AlphaPPM int64 `json:"alpha_ppm"` // chance of calling any destination when nothing reacts, in parts per million
	Tested   int   `json:"tested"`    // destinations sent to often enough for a test; chances are corrected for their number
	// Enough says that these windows would have shown a reaction that comes in three of ten times, nine times in ten, to
	// a destination that is silent otherwise. Need is how many of each kind would.
	Enough bool          `json:"enough"`
	Need   int           `json:"need"`
	Left   []LeftOut     `json:"left_out"` // windows that are not compared, sorted by attempt
	Effect []TrialEffect `json:"effects"`  // most telling first
}

// LeftOut is a window that is not compared, and why.
type LeftOut struct {
	Attempt int64  `json:"attempt"`
	Code    Code   `json:"code"`
	Detail  string `json:"detail"`
}

// TrialEffect is what the windows say of one destination.
type TrialEffect struct {
	Host      string `json:"host"`             // "*.domain" for all hosts of a domain together; empty for all that one app sent around the proxy
	Port      int    `json:"port,omitempty"`   //
	App       string `json:"app,omitempty"`    // empty is unknown, or several
	Seen      int    `json:"seen"`             // windows with the action in which it was sent to
	IdleSeen  int    `json:"idle_seen"`        // windows without
	Bytes     int64  `json:"bytes"`            // median over the action windows that sent to it
	DelayUS   int64  `json:"delay_us"`         // median from the start of the window to the first byte
	ChancePPM int64  `json:"chance_ppm"`       // how often chance alone gives as much or more, corrected, in parts per million
	Unread    bool   `json:"unread"`           // some of it could not be read
	Around    bool   `json:"around,omitempty"` // it went around the proxy
	Own       bool   `json:"own,omitempty"`    // sent by an app that the action itself brings to the front
	Reacts    bool   `json:"reacts"`           // the action makes the difference
	Text      string `json:"text"`             // in words
}

// Lines says in words what the windows showed: how many there were and how long it took, then each destination that
// reacts, the first three. None for a claim that compared none.
func (t *Trials) Lines() (out []string) {
	if t == nil {
		return nil
	}
	line := fmt.Sprintf("compared %d windows with the action and %d without, %s each, in %s", t.Actions, t.Idles, seconds(t.WindowUS), minutes(t.WallUS))
	switch {
	case t.Enough:
		line += ": enough to show a reaction in 3 of 10 times"
	case t.Need > 0:
		line += fmt.Sprintf(": too few to show a reaction in 3 of 10 times, %d of each would", t.Need)
	default:
		line += ": too few to show a reaction in 3 of 10 times"
	}
	out = append(out, line)
	for _, e := range t.Effect {
		if e.Reacts && !e.Own && len(out) <= 3 {
			out = append(out, "reacts: "+e.Text)
		}
	}
	return out
}

func minutes(us int64) string {
	return fmt.Sprintf("%d.%d min", us/60_000_000, us%60_000_000/6_000_000)
}
