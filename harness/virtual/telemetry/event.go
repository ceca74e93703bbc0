// Package telemetry is what the apps of virtual phones send home: encodings as real analytics kits write them, odd ones
// made up, and a client with the queue, the flush clock and the retries of such a kit.
//
// It writes formats and reads none, and shares no code with anything that decodes them: a mistake made in both places
// would hide a leak.
package telemetry

import (
	"net/http"
	"time"

	"github.com/telltale-farm/telltale/harness/virtual/manifest"
)

// Event is one thing an app noticed.
type Event struct {
	Time   time.Time // when it happened
	Name   string    // "search", "page_load_event_start", "view"
	Values []Value   // its properties, in order
}

// Value is one property of an event. A value whose kind is not Harmless is what should not leave the phone.
type Value struct {
	Key   string
	Kind  manifest.Kind
	Text  string
	Part  string // "1 of 2" of a value that is sent in pieces; Whole is the value then
	Whole string
}

// Device is what an analytics kit knows of phone, app and user. The identifiers are sent by the kits that send them.
type Device struct {
	Manufacturer, Brand, Model string
	Release                    string // Android version: 9
	Incremental                string // firmware: V11.0.8.0.PCOMIXM
	Region, Language           string // GB, en_GB
	Package, AppVersion        string
	Width, Height              int    // pixels
	AndroidID                  string // as this app sees it
	UUID                       string // made at the app's first start
	Account                    string // empty when signed out
}

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
	Now    time.Time // of the flush
	Events []Event   // at least one, at most Encoding.Batch
}

// Request is what leaves the phone.
type Request struct {
	Method   string
	URL      string // a wss: or ws: URL for WebSocket messages
	Header   http.Header
	Body     []byte
	Messages []Message // after the upgrade, for WebSocket
	Stream   []byte    // instead of HTTP: what a protocol of its own writes
	Packets  [][]byte  // instead of HTTP: datagrams
	Answered bool      // each datagram is a question that gets an answer
	Carries  []Carried // every value that is not harmless, and where the encoding put it
}

// Message is one WebSocket message.
type Message struct {
	Binary bool
	Data   []byte
}

// Carried is a value and where it stands. An identifier that several events repeat is listed once.
type Carried struct {
	Index int    // of the event in the batch
	Event string // its name
	Kind  manifest.Kind
	Value string
	Chain []string // outermost first, in words
}

// places collects where values were put.
type places struct {
	list []Carried
	seen map[string]bool // identifiers
}

// add notes a value. Harmless and empty ones are not noted.
func (p *places) add(index int, e Event, kind manifest.Kind, value string, chain ...string) {
	if kind == manifest.Harmless || value == "" {
		return
	}
	if kind == manifest.Identifier {
		if p.seen[value] {
			return
		}
		if p.seen == nil {
			p.seen = map[string]bool{}
		}
		p.seen[value] = true
	}
	p.list = append(p.list, Carried{Index: index, Event: e.Name, Kind: kind, Value: value, Chain: chain})
}
