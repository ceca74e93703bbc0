package telemetry

import (
	"net/http"

	"github.com/telltale-farm/telltale/harness/virtual/manifest"
)

// Encoding turns events into a request. It is a name in the data of a personality.
type Encoding struct {
	Name     string
	Batch    int  // most events in one request; at least 1
	Readable bool // false when nobody on the way can read it
	Encode   func(b Batch) (Request, error)
}

// Batch is what an encoding gets.
type Batch struct {
	URL    string // where to, with the kit's path and query: https://sa.api.intl.miui.com/sa?project=global_browser_mini
	Device Device
	Events []Event // at most Encoding.Batch
}

// Request is what leaves the phone.
type Request struct {
	Method   string
	URL      string // a wss: URL for WebSocket messages
	Header   http.Header
	Body     []byte
	Messages []Message // after the upgrade, for WebSocket
	Carries  []Carried // every value that is not harmless, and where the encoding put it
}

// Message is one WebSocket message.
type Message struct {
	Binary bool
	Data   []byte
}

// Carried is a value and where it stands.
type Carried struct {
	Event string
	Kind  manifest.Kind
	Value string
	Chain []string // outermost first, in words
}

// Named returns an encoding by name.
func Named(name string) (Encoding, bool) { return Encoding{}, false }

// Names lists the encodings, sorted.
func Names() []string { return nil }
