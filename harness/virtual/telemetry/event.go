// Package telemetry is what the apps of virtual phones send home: encodings as real analytics kits write them, odd ones
// made up, and a client with the queue, the flush clock and the retries of such a kit.
//
// It writes formats and reads none, and shares no code with anything that decodes them: a mistake made in both places
// would hide a leak.
package telemetry

import (
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
	Key  string
	Kind manifest.Kind
	Text string
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
