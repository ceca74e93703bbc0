package leak

import "github.com/telltale-farm/telltale/capture/flow"

// Schema is the version of plan.json, policy.json, phone.jsonl, secrets.jsonl, attempts.jsonl and verdicts.json.
// Reading refuses any other.
const Schema = 1

// Kinds of phone, and of run. A run that holds both kinds is KindMixed.
const (
	KindUSB     = "usb"
	KindVirtual = "virtual"
	KindMixed   = "mixed"
)

// Plan is plan.json: every cell that must have a verdict, written before the first phone is touched.
type Plan struct {
	Schema int    `json:"schema"`
	Cells  []Cell `json:"cells"` // sorted by Key; a key occurs once
}

// Key names a cell. Ids are those of devices.yaml, so a key survives a firmware update.
type Key struct {
	Phone    string `json:"phone"`
	Browser  string `json:"browser"` // empty for system actions
	Scenario string `json:"scenario"`
	Variant  string `json:"variant"` // "default" if the scenario has none
}

// Cell is one place of the plan.
type Cell struct {
	Key
	Kind string `json:"kind"` // usb or virtual
	// Trials is how many windows with the action, and how many without, a reaction cell compares; 0 for none.
	Trials int `json:"trials,omitempty"`
}

// DrainScenario is the scenario id of the cell that ends each phone. It has attempts but no place in the plan.
const DrainScenario = "drain"

// ControlScenario is the scenario id of the attempts that prove, per browser, that our own canary is captured and decrypted.
const ControlScenario = "control"

// Claim names what a verdict is about.
type Claim string

// The claims (docs/verdicts.md). ClaimIdentity is made once per app and phone, not per cell.
const (
	ClaimContent  Claim = "content"
	ClaimReaction Claim = "reaction"
	ClaimIdentity Claim = "identity"
)

// Scope says whose traffic can keep an action from being clean.
type Scope string

// The scopes. Findings count whoever sent them.
const (
	ScopeApp   Scope = "app"   // the action's app and the system's browser services
	ScopePhone Scope = "phone" // everything the phone sent
)

// Policy is policy.json: what devices.yaml and the catalogue say, as resolved for this run.
type Policy struct {
	Schema      int           `json:"schema"`
	ControlHost string        `json:"control_host"` // answered by our own proxy
	Recipients  []Recipient   `json:"recipients"`   // sorted by ID
	Phones      []PhonePolicy `json:"phones"`       // sorted by ID
}

// Recipient is a party that a canary may be meant for.
type Recipient struct {
	ID    string   `json:"id"`
	Hosts []string `json:"hosts"` // declared hosts; others of the same registrable domain are the recipient's too
}

// PhonePolicy is what the judge must know of the wishes about one phone.
type PhonePolicy struct {
	ID          string    `json:"id"`
	Kind        string    `json:"kind"`
	SettleMinUS int64     `json:"settle_min_us"` // quiet that a window needs before it closes
	SettleMaxUS int64     `json:"settle_max_us"` // hard limit
	Repeat      int       `json:"repeat"`        // attempts that a clean cell needs
	Browsers    []Browser `json:"browsers"`      // sorted by ID
	Flush       []Flush   `json:"flush"`         // sorted by App; an app that is not listed counts as UnknownFlushUS
	Services    []string  `json:"services"`      // packages that send on behalf of browsers (WebView, download manager ...)
	Accept      []Accept  `json:"accept"`        // in the order of devices.yaml
}

// UnknownFlushUS is the flush time of an app of which the catalogue knows none: 60 s.
const UnknownFlushUS int64 = 60_000_000

// Browser binds a logical browser id to its package on this phone.
type Browser struct {
	ID       string `json:"id"`
	App      string `json:"app"`
	Baseline bool   `json:"baseline,omitempty"` // there to compare with; judged as any other
}

// Flush is the longest time an app is known to hold events back before it sends them.
type Flush struct {
	App string `json:"app"`
	US  int64  `json:"us"`
}

// Accept is one opaque or bypassing destination that the owner of the run accepts, by name.
type Accept struct {
	App  string `json:"app"`            // package; "*" for any, which alone matches a flow whose app is unknown
	Host string `json:"host"`           // exact, or "*.suffix"; for bypass without a name, the address
	Port int    `json:"port,omitempty"` // 0 for any
	Why  string `json:"why"`
}

// Phone is a line of phone.jsonl: what the phone said of itself at the start and at the end of the run.
type Phone struct {
	Schema      int    `json:"schema"`
	At          string `json:"at"` // "start" or "end"
	ID          string `json:"id"`
	Kind        string `json:"kind"`
	Personality string `json:"personality,omitempty"` // virtual phones
	Model       string `json:"model"`
	Device      string `json:"device"`
	Brand       string `json:"brand"`
	Fingerprint string `json:"fingerprint"`
	Firmware    string `json:"firmware"` // ro.build.version.incremental
	Android     string `json:"android"`  // ro.build.version.release
	SDK         int    `json:"sdk"`
	PatchLevel  string `json:"patch_level"`
	MIUI        string `json:"miui,omitempty"`
	Region      string `json:"region,omitempty"`
	Apps        []App  `json:"apps"`     // every installed package, sorted
	Accounts    int    `json:"accounts"` // how many accounts; -1 if unknown
	Consent     string `json:"consent,omitempty"`
	// Conditions are what decides what may be sent at all, as it was at this moment; each ID once.
	Conditions []Condition `json:"conditions,omitempty"`
	ClockUS    int64       `json:"clock_us"` // phone time minus ours
	BootID     string      `json:"boot_id,omitempty"`
	Binaries   []Binary    `json:"binaries,omitempty"` // of the browsers, at the start
}

// ConditionAccounts is the condition that says who is signed in: how many accounts of each type, without their names.
const ConditionAccounts = "accounts"

// Condition is a switch of the phone's, or who is signed in on it, as read at one moment.
type Condition struct {
	ID        string `json:"id"`                // "user-experience"
	Name      string `json:"name"`              // in words
	Key       string `json:"key"`               // where it was read: "secure upload_log_pref", "dumpsys account"
	Value     string `json:"value"`             // as it stands there
	Unset     bool   `json:"unset,omitempty"`   // it has no value
	Means     string `json:"means,omitempty"`   // what the value is known to mean, in words: "on", "off"
	Certainty string `json:"certainty"`         // that the key is what its name says: measured, sourced, reported, unverified
	Source    string `json:"source"`            // where that is known from
	Unknown   string `json:"unknown,omitempty"` // why it could not be read
}

// Consent is whether a browser, brought to the front in an attempt, asked its user to agree to something.
type Consent struct {
	App      string `json:"app"`
	Asked    bool   `json:"asked"`              // a page of those that the catalogue knows was there
	Answered int    `json:"answered,omitempty"` // how many of them the attempt answered with yes
}

// Binary is what is known of one installed package's code. No verdict rests on it: it says whether two phones run the same.
type Binary struct {
	Package string   `json:"package"`
	SHA256  string   `json:"sha256,omitempty"`  // of its base file, as the phone has it
	Files   int      `json:"files,omitempty"`   // that it is split into
	Scheme  int      `json:"scheme,omitempty"`  // of its signature: 1 (JAR), 2 or 3
	Signers []Signer `json:"signers,omitempty"` //
	Kits    []string `json:"kits,omitempty"`    // known kits of which it has classes; those whose names were shortened are not found
	Unknown string   `json:"unknown,omitempty"` // why the rest is not known
}

// Signer is a certificate by which a package is signed. Android checked the signature, we did not.
type Signer struct {
	SHA256  string `json:"sha256"` // of the certificate, hex
	Subject string `json:"subject"`
}

// App is one installed package.
type App struct {
	Package string `json:"package"`
	Version string `json:"version,omitempty"`
	Code    string `json:"code,omitempty"`
	UID     int    `json:"uid"`
}

// Kinds of secret.
const (
	SecretCanary     = "canary"     // minted for an attempt
	SecretControl    = "control"    // minted for a control attempt; meant for the control host
	SecretIdentifier = "identifier" // read from the phone
)

// Kinds of value, as in the canaries file of `telltale scan`.
const (
	ValueText   = "text"
	ValueURL    = "url"
	ValueID     = "id"
	ValueNumber = "number"
)

// Secret is a line of secrets.jsonl: a raw value to search for. It is synced to disk before the first action that uses it.
type Secret struct {
	Schema    int    `json:"schema"`
	ID        string `json:"id"`        // c1, c2 ... for canaries; a name such as android_id for identifiers
	Role      string `json:"role"`      // SecretCanary ...
	Kind      string `json:"kind"`      // ValueText ...
	Label     string `json:"label"`     // what it stands for: "search query"
	Value     string `json:"value"`     //
	Recipient string `json:"recipient"` // host it is meant for; empty for nobody
	Key       Key    `json:"key"`       // the cell it was minted for; of identifiers only Phone is set
}

// Attempt is a line of attempts.jsonl: one attempt of one cell.
type Attempt struct {
	Schema    int      `json:"schema"`
	ID        int64    `json:"id"` // unique on the phone, from 1, in order of start
	Key       Key      `json:"key"`
	Scope     Scope    `json:"scope"`
	App       string   `json:"app"` // package under test; empty for scope phone
	Claims    []Claim  `json:"claims"`
	Repeat    int      `json:"repeat"`             // 1 for the first repeat of the cell
	Trial     *Place   `json:"trial,omitempty"`    // its place among windows that are compared
	RetryOf   int64    `json:"retry_of,omitempty"` // the attempt it restarts
	RetriedBy int64    `json:"retried_by,omitempty"`
	Canaries  []string `json:"canaries"` // ids in secrets.jsonl
	Markers   []Marker `json:"markers"`

	Private bool    `json:"private,omitempty"` // driven in a private tab
	Events  []Event `json:"events,omitempty"`  // done to the app or the phone since the attempt before, in order

	Window        flow.Window   `json:"window"`
	Postcondition Postcondition `json:"postcondition"`
	Disturbed     []Disturbance `json:"disturbed,omitempty"` // in order of time
	Consent       []Consent     `json:"consent,omitempty"`   // in order of time, of apps of which such a page is known; the judge does not look at them
	Switches      []Switched    `json:"switches,omitempty"`  // of apps, that were looked at or changed for it, in order of time; the judge does not look at them
	Tunnel        Tunnel        `json:"tunnel"`
	Counters      Counters      `json:"counters"`
	Between       *Counters     `json:"between,omitempty"` // of the time since they were last read, which was in another window
	Settle        Settle        `json:"settle"`
	Video         []Video       `json:"video,omitempty"` // parts, in order; the judge does not look at them
	Fault         *Fault        `json:"fault,omitempty"`
}

// Switched is a switch in an app's own settings that an attempt found, and changed if Was is not Is; both were read on the
// screen.
type Switched struct {
	App       string `json:"app"`
	Name      string `json:"name"`      // as the catalogue calls it
	Was       string `json:"was"`       // on or off
	Is        string `json:"is"`        //
	By        string `json:"by"`        // the selector that matched
	Certainty string `json:"certainty"` // of the catalogue: whether that is the switch that it says
	Source    string `json:"source"`
}

// Event is something that was done to an app, or to the phone, and that may change its identifiers.
type Event struct {
	Kind string `json:"event"`         // EventRestart, EventDataReset, EventReinstall, EventReboot
	App  string `json:"app,omitempty"` // empty for the whole phone
	AtUS int64  `json:"at_us"`         // when it was done, since the recorder's start
}

// Marker is text whose presence in what the phone sent reports the action itself.
type Marker struct {
	Kind string `json:"kind"` // package, activity, page, event
	Text string `json:"text"`
	// Own is the package whose own traffic may name it: an app that says its own name does not report that it was opened.
	Own string `json:"own,omitempty"`
}

// Postcondition is what was seen on the screen after the action.
type Postcondition struct {
	Seen bool   `json:"seen"`
	What string `json:"what"`           // what was looked for
	Got  string `json:"got,omitempty"`  // what was there instead
	Need bool   `json:"need,omitempty"` // the recipient must also have got the canary
}

// Disturbance is something that neither the action nor its app did and that came to the front of the screen while the
// attempt's window was open: a dialog of the system's, or whatever somebody who touched the phone opened.
type Disturbance struct {
	What   string `json:"what"`             // a dialog that the catalogue knows, by its id; else "in front"
	App    string `json:"app"`              // package in front, or the window's name if it is no app's
	Closed bool   `json:"closed,omitempty"` // it was closed as the catalogue says, and the step made again
	At     int64  `json:"at_us"`            // when it was noticed
}

// Tunnel says whether proxy, reverse tunnel and phone were seen alive around the window.
type Tunnel struct {
	Before bool   `json:"before"`
	After  bool   `json:"after"`
	Detail string `json:"detail,omitempty"`
}

// Counters is what the phone's own accounting says of the window: the small form of the bypass check.
type Counters struct {
	Readable bool    `json:"readable"` // byte counters before and after could both be read
	Detail   string  `json:"detail,omitempty"`
	Deltas   []Delta `json:"deltas"`  // per uid, only those that moved, sorted by UID
	Sockets  []Sock  `json:"sockets"` // connections seen that do not lead to the proxy, sorted
	// Stopped are packages of which all was counted although Readable is false, sorted: they were stopped before a reboot that
	// was asked for, and did not run again before it.
	Stopped []string `json:"stopped,omitempty"`
}

// Delta is bytes that a uid sent or received outside the loopback interface, and so not through the proxy.
type Delta struct {
	UID  int      `json:"uid"`
	Apps []string `json:"apps"` // packages of that uid; empty if none is known
	TX   int64    `json:"tx"`
	RX   int64    `json:"rx"`
}

// Sock is a row of the phone's socket tables that leads around the proxy.
type Sock struct {
	UID   int      `json:"uid"`
	Apps  []string `json:"apps"`
	Proto string   `json:"proto"` // tcp or udp
	Addr  string   `json:"addr"`  // remote address
	Port  int      `json:"port"`
	Host  string   `json:"host,omitempty"` // if the address is that name's alone
	// Names are those under which the phone reached the address through the proxy: a hint, since many names share one.
	Names []string `json:"names,omitempty"`
	// FirstUS is when it was first seen in the window, by the recorder's clock; 0 is unknown.
	FirstUS int64 `json:"first_us,omitempty"`
	// ADB says that the phone's end of it is where adb reaches the phone over the network.
	ADB bool `json:"adb,omitempty"`
}

// Video is one part of the film of the screen during an attempt.
type Video struct {
	File   string `json:"file"` // in the phone's folder: actions/0007-search/video.mp4
	SHA256 string `json:"sha256"`
	Bytes  int64  `json:"bytes"`
}

// Settle says how the window closed.
type Settle struct {
	Quiet   bool  `json:"quiet"`    // the phone was quiet for the policy's minimum before its maximum
	QuietUS int64 `json:"quiet_us"` // how long it had been quiet when the window closed
}

// Classes of fault.
const (
	FaultPhone   = "phone"
	FaultNetwork = "network"
	FaultHarness = "harness"
)

// Fault is why an attempt could not be carried to its end.
type Fault struct {
	Class  string `json:"class"`
	Code   Code   `json:"code"` // device-lost, capture-gap, action-not-performed, not-allowed ...
	Detail string `json:"detail"`
}
