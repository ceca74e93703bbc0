package leak

// Outcome is one of three words. The order of severity is leaked, inconclusive, clean.
type Outcome string

// The three outcomes.
const (
	Leaked       Outcome = "leaked"
	Clean        Outcome = "clean"
	Inconclusive Outcome = "inconclusive"
)

// Code is a reason why a claim is inconclusive.
type Code string

// The reason codes (docs/verdicts.md).
const (
	CodeControlMissing Code = "control-missing"
	CodeNotPerformed   Code = "action-not-performed"
	CodeOpaqueFlow     Code = "opaque-flow"
	CodeBypass         Code = "bypass"
	CodeCleartext      Code = "cleartext"
	CodeTruncated      Code = "truncated"
	CodeCaptureGap     Code = "capture-gap"
	CodeDeviceLost     Code = "device-lost"
	CodeNotQuiet       Code = "not-quiet"
	CodeSettleTooShort Code = "settle-too-short"
	CodeTooFewRepeats  Code = "too-few-repeats"
	CodeDeviceChanged  Code = "device-changed"
	CodeNotAllowed     Code = "not-allowed"
	CodeNoAttempt      Code = "no-attempt" // the plan has the cell, the recording has no attempt of it
	CodeHarness        Code = "harness"    // a fault of our own

	CodeTooFewSessions Code = "too-few-sessions" // identity: a value was not watched over a restart
	CodeTooFewPhones   Code = "too-few-phones"   // identity: a value that lasts has none of another phone to compare with
)

// Verdicts is verdicts.json, the reproducible output: RFC 8785 bytes.
type Verdicts struct {
	Schema   int           `json:"schema"`
	Rules    int           `json:"rules"` // version of the rules that made it: the bytes are the same for the same rules
	Kind     string        `json:"kind"`  // usb, virtual or mixed
	Outcome  Outcome       `json:"outcome"`
	Complete bool          `json:"complete"` // every cell of the plan has at least one attempt, every phone its end line
	Cells    []CellVerdict `json:"cells"`    // sorted by key
	Identity []Identity    `json:"identity"`
}

// PhoneVerdicts is the provisional form for one phone: what its files say so far.
type PhoneVerdicts struct {
	Phone    string
	Cells    []CellVerdict
	Contacts []CellContacts // of each of Cells, in its order
}

// CellVerdict is the verdict of one cell: the worst of its claims.
type CellVerdict struct {
	Key
	Kind     string                 `json:"kind"`
	Outcome  Outcome                `json:"outcome"`
	Attempts int                    `json:"attempts"`
	Claims   map[Claim]ClaimVerdict `json:"claims"`
	Coverage Coverage               `json:"coverage"`
}

// ClaimVerdict is the verdict of one claim of a cell.
type ClaimVerdict struct {
	Outcome  Outcome    `json:"outcome"`
	Reasons  []Reason   `json:"reasons"`
	Accepted []Accepted `json:"accepted"` // what was not read, and is accepted by policy
	Findings []Finding  `json:"findings"`
	Trials   *Trials    `json:"trials,omitempty"` // of a reaction claim: windows with and without the action, compared
}

// Reason is why a claim is inconclusive, with what a reader needs to act on it.
type Reason struct {
	Code    Code   `json:"code"`
	Detail  string `json:"detail"`
	Attempt int64  `json:"attempt,omitempty"`
	Flow    int64  `json:"flow,omitempty"`
	App     string `json:"app,omitempty"` // empty is unknown
	Host    string `json:"host,omitempty"`
	Port    int    `json:"port,omitempty"`
	Class   string `json:"class,omitempty"`
	Bytes   int64  `json:"bytes,omitempty"`
	Accept  string `json:"accept,omitempty"` // the devices.yaml line that would accept it, ready to paste
}

// Accepted is a destination that policy accepts unread, and that was met.
type Accepted struct {
	App  string `json:"app"`
	Host string `json:"host"`
	Port int    `json:"port"`
	Why  string `json:"why"`
	// Unproved says that some of it went to an address under this name, which is the phone's word alone: nobody who could be
	// asked proved it.
	Unproved bool `json:"unproved,omitempty"`
}

// Finding is one place where a canary, a marker or an identifier was found in what the phone sent.
type Finding struct {
	Flow       int64    `json:"flow"`
	Attempt    int64    `json:"attempt"` // whose window it arrived in; 0 for none
	App        string   `json:"app,omitempty"`
	Host       string   `json:"host"`
	Canary     string   `json:"canary"`     // id of the secret, or the marker's text
	Class      string   `json:"class"`      // exact, hashed, normalised, part, header, marker, learned, reaction
	Location   string   `json:"location"`   // "body > form data_list > base64 > gzip > json $[0].properties.url"
	Transforms []string `json:"transforms"` // outermost first: form, base64, gzip, json; a digest by its name
	SHA256     string   `json:"sha256"`     // of the value that matched
	Preview    string   `json:"preview"`    // made safe, identifiers masked
	Late       bool     `json:"late,omitempty"`
	Identity   []string `json:"identity,omitempty"` // identifiers that travel in the same upload
	Proof      *Proof   `json:"proof,omitempty"`    // of an identifier that came back: what it outlived
}

// Coverage is what a verdict rests on, in whole numbers.
type Coverage struct {
	Flows     int   `json:"flows"`      // that sent something in the cell's windows, and are in scope
	Readable  int   `json:"readable"`   //
	Opaque    int   `json:"opaque"`     // not accepted
	Accepted  int   `json:"accepted"`   // opaque, but accepted by policy
	Bytes     int64 `json:"bytes"`      // sent through the proxy
	Bypass    int64 `json:"bypass"`     // sent around it
	SettleUS  int64 `json:"settle_us"`  // the shortest quiet that ended a window
	Attempts  int   `json:"attempts"`   // without a fault
	Faulted   int   `json:"faulted"`    //
	AppsKnown int   `json:"apps_known"` // flows whose app is known
	// Tokens are values that look random, were sent to others than the recipient and in no other window: a short ciphertext would be one.
	Tokens int `json:"tokens,omitempty"`

	Around []Around `json:"around,omitempty"` // what passed the proxy by, by uid
}

// Around is what one uid sent without the proxy in the windows of a cell.
type Around struct {
	UID   int      `json:"uid"`
	Apps  []string `json:"apps"`  // packages of the uid, sorted
	Bytes int64    `json:"bytes"` // that the phone's counters show
	To    []string `json:"to"`    // "udp 198.18.0.7:443", as the socket tables show; a socket that was gone between two looks is not here
}

// Identity is the claim about one app on one phone: which identifiers its uploads carry.
type Identity struct {
	Phone    string    `json:"phone"`
	App      string    `json:"app"`
	Outcome  Outcome   `json:"outcome"`
	Findings []Finding `json:"findings"`
	Reasons  []Reason  `json:"reasons,omitempty"` // what kept the claim from being clean
}
