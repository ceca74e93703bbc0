package world

import (
	"encoding/json"
	"fmt"
)

// HandoffSchema is the version of the handoff between the process that opened the world and its workers.
const HandoffSchema = 1

// Handoff is what a worker needs to know of the world: where its phones are reached, where the run's folder is, which
// plan it must have built itself, and whose life it hangs on.
type Handoff struct {
	Schema     int            `json:"schema"`
	Bundle     string         `json:"bundle"`      // absolute path of the run's folder
	State      string         `json:"state"`       // absolute path of the state directory
	Progress   string         `json:"progress"`    // absolute path of a folder for live progress lines, a file per phone
	Devices    string         `json:"devices"`     // absolute path of devices.yaml
	DevicesSum string         `json:"devices_sum"` // its sha256 when it was read
	PlanSum    string         `json:"plan_sum"`    // sha256 of plan.json
	Seed       string         `json:"seed"`
	Repeat     int            `json:"repeat"`   // 0: as devices.yaml says
	Lifeline   string         `json:"lifeline"` // absolute path of the pipe; empty in the process that opened the world
	Phones     []PhoneHandoff `json:"phones"`
}

// PhoneHandoff is how one phone is reached, and where its traffic goes.
type PhoneHandoff struct {
	ID       string            `json:"id"`
	ADB      string            `json:"adb"`    // adb server, HOST:PORT
	Serial   string            `json:"serial"` // as that server names it
	Address  string            `json:"address,omitempty"`
	Resolve  string            `json:"resolve,omitempty"`   // HOST:PORT that every name is dialled to; empty is the real internet
	Names    map[string]string `json:"names,omitempty"`     // names of the addresses of a stand-in internet
	TrustPEM []byte            `json:"trust_pem,omitempty"` // roots for upstream servers; empty is the system's
}

// Encode returns the handoff as bytes.
func (h Handoff) Encode() ([]byte, error) { return json.Marshal(h) }

// DecodeHandoff reads a handoff.
func DecodeHandoff(raw []byte) (*Handoff, error) {
	var h Handoff
	if err := json.Unmarshal(raw, &h); err != nil {
		return nil, fmt.Errorf("reading the handoff: %w", err)
	}
	if h.Schema != HandoffSchema {
		return nil, fmt.Errorf("reading the handoff: schema %d, this binary knows %d (build all of bin/ together: make build)", h.Schema, HandoffSchema)
	}
	return &h, nil
}

// Phone returns how a phone is reached.
func (h *Handoff) Phone(id string) (PhoneHandoff, bool) {
	for _, p := range h.Phones {
		if p.ID == id {
			return p, true
		}
	}
	return PhoneHandoff{}, false
}

// Planned is what plan mode writes: the plan as it will stand in plan.json, and how long the suite may take.
type Planned struct {
	Plan     []byte `json:"plan"`      // the bytes of plan.json
	Sum      string `json:"sum"`       // sha256 of plan.json
	Phones   int    `json:"phones"`    // that have a cell
	TimeoutS int64  `json:"timeout_s"` // for the whole suite

	LeftOut map[string]int `json:"left_out,omitempty"` // cells of scenarios labelled extended that the filter leaves out, by scenario
}
