// Package flow says what was captured: flows, messages, bodies and the spans of time they fall into.
//
// It is plain data, the schema of flows.jsonl, and is shared by the proxy that writes it and the judge that reads it.
// It opens no file, dials nothing and decides nothing.
package flow

// Schema is the version of the flow records. A reader refuses any other.
const Schema = 1

// Kind says what a flow is.
type Kind string

// The kinds of flow. Every connection that a phone makes to the proxy leaves at least one flow.
const (
	// KindExchange is one HTTP request with its response, or without one.
	KindExchange Kind = "exchange"
	// KindMessage is one WebSocket message, unmasked and inflated. Parent is the exchange that upgraded.
	KindMessage Kind = "message"
	// KindTunnel is one CONNECT: intercepted, refused by the phone's app, or relayed unread. Its exchanges name it as Parent.
	KindTunnel Kind = "tunnel"
	// KindError is bytes on a connection that broke the protocol before they became an exchange.
	KindError Kind = "error"
)

// Class says why what the phone sent in a flow could not be read. Empty means it could.
type Class string

// The classes of opaque flow (docs/verdicts.md). How each is recognised stands in capture.
const (
	ClassReadable    Class = ""
	ClassUntrustedCA Class = "untrusted-ca" // the app refused our certificate with a TLS alert (42, 46, 48)
	ClassPinned      Class = "pinned"       // handshake finished, then closed without a request
	ClassClosedEarly Class = "closed-early" // closed before a whole ClientHello, or in mid-handshake without an alert
	ClassMismatch    Class = "tls-mismatch" // no TLS version, cipher or ALPN in common
	ClassNotTLS      Class = "not-tls"      // neither TLS nor HTTP in a CONNECT: relayed, bytes recorded up to a cap
	ClassNotHTTP     Class = "not-http"     // TLS that we ended, but what it carries is not HTTP: relayed, bytes recorded up to a cap
	ClassPassed      Class = "passed"       // told not to intercept: relayed unread
	ClassEncrypted   Class = "encrypted"    // a readable request whose body is ciphertext (set by the judge, never by the proxy)
)

// Attribution says how the app of a flow became known.
type Attribution string

// The ways an app becomes known. Only ByRelay is exact; ByElimination rests on the phone's socket tables.
const (
	ByUnknown     Attribution = ""
	ByElimination Attribution = "elimination"
	ByRelay       Attribution = "relay"
)

// Flow is one record of what a phone sent and received through the proxy.
// Times are microseconds since the epoch of the phone's recorder (the `open` line); -1 means not yet.
type Flow struct {
	Seq    int64 `json:"seq"`              // unique in the phone's recording, in order of start, from 1
	Kind   Kind  `json:"kind"`             //
	Conn   int64 `json:"conn"`             // the phone's connection it rode on, from 1
	Parent int64 `json:"parent,omitempty"` // seq of the tunnel or upgraded exchange it rode in; 0 for none
	Start  int64 `json:"start_us"`         // first byte from the phone
	Sent   int64 `json:"sent_us"`          // last byte from the phone seen
	End    int64 `json:"end_us"`           // -1 while open: a long poll, or a recording that was cut off

	App        string      `json:"app,omitempty"` // package name; empty is unknown
	AppBy      Attribution `json:"app_by,omitempty"`
	UID        int         `json:"uid,omitempty"`
	Candidates []string    `json:"candidates,omitempty"` // when more than one app could have made it

	Host string `json:"host"` // the name the phone asked for: Host or :authority, else SNI, else the CONNECT target; lower case, no port
	Port int    `json:"port"`

	Server      string `json:"server,omitempty"`      // address that answered, host:port
	ServerCert  string `json:"server_cert,omitempty"` // sha256 of the server's leaf certificate, hex; the chain is in certs/
	TLS         *TLS   `json:"tls,omitempty"`         // the phone's side
	ServerTLS   *TLS   `json:"server_tls,omitempty"`  // our side to the server: alpn, version and cipher; nil where the phone's own handshake reached it
	Proto       string `json:"proto,omitempty"`       // HTTP/1.1, HTTP/2.0, websocket, mqtt ...
	Intercepted bool   `json:"intercepted,omitempty"` // false for plain HTTP and for relayed tunnels
	Control     bool   `json:"control,omitempty"`     // answered by the proxy itself for the control host; never left this computer

	Request  *Message `json:"request,omitempty"`
	Response *Message `json:"response,omitempty"`

	BytesUp   int64  `json:"bytes_up"`           // from the phone; for a tunnel, on the wire inside CONNECT
	BytesDown int64  `json:"bytes_down"`         // to the phone
	Requests  int64  `json:"requests,omitempty"` // tunnels: exchanges seen inside
	Class     Class  `json:"class,omitempty"`    //
	Alert     int    `json:"alert,omitempty"`    // number of the TLS alert the phone sent
	Error     string `json:"error,omitempty"`    // what ended it early, in words; not for judging
	Fault     Fault  `json:"fault,omitempty"`    // which side ended it early
}

// Fault says whose side ended a flow early.
type Fault string

// The sides that can end a flow early. Only FaultHarness makes a capture gap.
const (
	FaultNone     Fault = ""
	FaultPhone    Fault = "phone"    // the phone closed or broke the protocol
	FaultUpstream Fault = "upstream" // the server could not be reached, or answered badly
	FaultHarness  Fault = "harness"  // the proxy itself failed, or was stopped
)

// TLS is what a ClientHello and the answer to it showed. What was agreed on is there of a handshake that came to nothing,
// too, as far as it got.
type TLS struct {
	SNI      string   `json:"sni,omitempty"`
	ALPN     string   `json:"alpn,omitempty"`     // agreed on
	Offered  []string `json:"offered,omitempty"`  // protocols the phone offered
	Versions []string `json:"versions,omitempty"` // versions the phone offered, in its order; one that sends no list (TLS 1.2 and older) says its highest
	Version  string   `json:"version,omitempty"`  // agreed on: "TLS 1.3"
	Cipher   string   `json:"cipher,omitempty"`   // agreed on, IANA name
	JA4      string   `json:"ja4,omitempty"`      // fingerprint of the whole offer, cipher suites included
}

// Message is one side of an exchange, or a WebSocket message.
type Message struct {
	Method   string   `json:"method,omitempty"`  // requests
	Target   string   `json:"target,omitempty"`  // requests: the whole URL as the phone meant it, https://host[:port]/path?query
	Status   int      `json:"status,omitempty"`  // responses
	Headers  []Header `json:"headers,omitempty"` // in the order, case and number of the wire where HTTP/1 lets us see it
	Trailers []Header `json:"trailers,omitempty"`
	Opcode   int      `json:"opcode,omitempty"` // WebSocket messages: 1 text, 2 binary
	FromApp  bool     `json:"from_app,omitempty"`
	Body     *Body    `json:"body,omitempty"` // nil for none
}

// Body refers to raw bytes before content-decoding, in bodies/<sha256>.
type Body struct {
	SHA256    string `json:"sha256"`              // hex, of the stored bytes, which is also the file's name
	Size      int64  `json:"size"`                // bytes that passed
	Stored    int64  `json:"stored"`              // bytes kept
	Truncated bool   `json:"truncated,omitempty"` // Stored < Size, or the proxy stopped reading while more came
	Full      string `json:"full,omitempty"`      // hex sha256 of all bytes that passed, when Truncated
	Partial   bool   `json:"partial,omitempty"`   // not to its end: the sender stopped before, or goes on
}
