// Package manifest is the truth about a virtual phone: what its apps really sent that they should not have.
//
// It lives in the process of the phone and is written to a file only when asked, after the run it belongs to is closed.
// Nothing but the comparison of a whole run with its verdicts may read it; a judge that could see it would prove nothing.
// It takes the word of the apps themselves, which report as they send; it looks at no traffic.
package manifest

// Schema is the version of the manifest. A reader refuses any other.
const Schema = 2

// Kind says what a value is.
type Kind string

// The kinds of value. Harmless is what an app may send: it gets no entry.
const (
	Harmless   Kind = ""
	Query      Kind = "query"      // what was typed into a search box
	URL        Kind = "url"        // a visited address
	Page       Kind = "page"       // a settings page that was opened
	Activity   Kind = "activity"   // an app or activity that came to the front
	Identifier Kind = "identifier" // of the device, the installation or the account
	Number     Kind = "number"
	Text       Kind = "text" // any other words of the user's: a folder name, a track title
)

// Via is the way a request left the phone.
type Via string

// The ways. Unsent is an entry whose connection never came about.
const (
	Unsent Via = ""
	Proxy  Via = "proxy"
	Direct Via = "direct"
)

// Manifest is the leak manifest of one phone.
type Manifest struct {
	Schema      int      `json:"schema"`
	Phone       string   `json:"phone"`
	Personality string   `json:"personality"`
	Entries     []Entry  `json:"entries"`           // by Seq
	Acts        []Act    `json:"acts"`              // what was done on the phone, in order
	Uploads     []Upload `json:"uploads"`           // every attempt at a telemetry upload, in order of their ends
	Dropped     int64    `json:"dropped,omitempty"` // entries that did not fit; any makes the manifest unfit for comparison
}

// Act is something that really happened on the phone: not what anybody meant to do with it.
type Act struct {
	AtUS    int64  `json:"at_us"` // microseconds since 1970 by the host's clock
	App     string `json:"app"`   // package it happened in
	What    string `json:"what"`  // search, visit, share, download, settings, front, swipe, statusbar, folder, file, play
	Value   string `json:"value"` // words, address, class of a page or activity
	Private bool   `json:"private,omitempty"`
}

// Upload is one attempt of an app to send a batch, whatever was in it.
type Upload struct {
	AtUS      int64    `json:"at_us"`               // begin, microseconds since 1970 by the host's clock
	EndUS     int64    `json:"end_us"`              //
	ClosedUS  int64    `json:"closed_us,omitempty"` // when its connection was closed, which may be much later; 0: it was not yet, or there was none
	App       string   `json:"app"`
	Host      string   `json:"host"`
	Port      int      `json:"port"`
	Encoding  string   `json:"encoding"`
	Via       Via      `json:"via"`
	Bytes     int      `json:"bytes"`   // of its body, stream, messages or datagrams
	Written   bool     `json:"written"` // as in Entry
	Delivered bool     `json:"delivered"`
	Readable  bool     `json:"readable"`
	Events    []string `json:"events"` // their names
}

// Entry is one value that one app sent, or tried to send, to one place.
type Entry struct {
	Seq       int64    `json:"seq"`   // from 1, in order of the first attempt
	AtUS      int64    `json:"at_us"` // first attempt, microseconds since 1970 by the host's clock
	LastUS    int64    `json:"last_us,omitempty"`
	App       string   `json:"app"` // package
	UID       int      `json:"uid"`
	Event     string   `json:"event,omitempty"`   // name of the event it came in
	Trigger   string   `json:"trigger,omitempty"` // what made the app send: interval, count, background, explicit
	Host      string   `json:"host"`              // no port
	Port      int      `json:"port"`
	URL       string   `json:"url"`
	Method    string   `json:"method"`
	Encoding  string   `json:"encoding"` // name of a telemetry encoding
	Chain     []string `json:"chain"`    // outermost first, in words: body, form data_list, base64, gzip, json [0].properties.url
	Via       Via      `json:"via"`
	Kind      Kind     `json:"kind"`
	Value     string   `json:"value"`          // as the user or the phone knows it, before any encoding
	Written   bool     `json:"written"`        // the whole request left the app's connection, in at least one attempt, answered or not
	Delivered bool     `json:"delivered"`      // somebody answered it, with whatever status, or took a stream to its end, in at least one attempt; of datagrams nobody knows
	Status    int      `json:"status"`         // of the last answer; 0 for none
	Part      string   `json:"part,omitempty"` // "1 of 2" of a value that is sent in pieces; Value is the whole, Sent the piece
	Sent      string   `json:"sent,omitempty"` //
	Readable  bool     `json:"readable"`       // false when no one on the way could read it: pinned, encrypted, or a digest cut short
	Attempts  int      `json:"attempts"`
	Error     string   `json:"error,omitempty"` // of the last attempt
}
