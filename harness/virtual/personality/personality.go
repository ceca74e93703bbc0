package personality

import (
	"time"

	"github.com/telltale-farm/telltale/harness/virtual/network"
	"github.com/telltale-farm/telltale/harness/virtual/phone"
)

// Personality is a kind of phone.
type Personality struct {
	Name     string
	Props    map[string]string            // what getprop shows; serial and identifiers are added for each phone
	Settings map[string]map[string]string // namespace -> key -> value, beyond the usual ones
	Screen   phone.Screen
	Region   string // as its kits report it: "GB"
	Language string // "en_GB"
	Account  bool   // a Mi account is signed in
	Apps     []App
	Leaks    []Leak
	Noise    []Noise
	Lies     []Lie
}

// Lie is something that the phone does to who drives it.
type Lie struct {
	After  int           // input commands that it takes before it strikes; 0: from the start
	In     string        // counts those alone that come while this app is in front; empty: all
	Faults phone.Faults  // what goes wrong on the phone
	Update *App          // an update of an app by itself: package, version, version code
	Puts   *Setting      // a setting that somebody, or an update, changes on the phone itself
	Wire   Wire          // what goes wrong with its cable
	For    time.Duration // how long the cable is out; 0 with Unplugged: for good
}

// Setting is one value of the settings provider.
type Setting struct{ Namespace, Key, Value string }

// Wire is what goes wrong between phone and computer.
type Wire string

// Unplugged is a cable that is out.
const Unplugged Wire = "unplugged"

// Kinds of app. A service has no screen.
const (
	Launcher = "launcher"
	Settings = "settings"
	Web      = "browser"
	Player   = "player"
	Files    = "files" // a file manager
	Service  = "service"
	SystemUI = "systemui"
	Stub     = "stub" // one screen with its name on it
)

// App is one installed app.
type App struct {
	Package     string
	Label       string
	Kind        string
	UID         int
	Activity    string // of the launcher icon, ".BrowserActivity"; empty: none
	Version     string
	VersionCode int
	TargetSDK   int
	Third       bool // installed by the user
	Trust       network.Trust
	Stack       network.Stack
	Web         *Browser // of a browser
	Signer      string   // who signed its package, of a browser
	Classes     []string // that its package has, of a browser: com/example/Name
}

// Styles of browser: which views, ids and words it has.
const (
	MIUI = "miui"
	// Renamed is the Mi Browser of a release with other ids, whose switch is on a page of its settings.
	Renamed = "miui-renamed"
	Chrome  = "chrome"
	Fenix   = "fenix" // Firefox for Android
)

// Browser is what browsers differ in.
type Browser struct {
	Style         string
	Engine        string // id of its search engine, as it reports it: "duckduckgo"
	SearchURL     string // with %s for the query, escaped
	UserAgent     string
	PrivateAction string // intent action that opens a private tab; empty: none
	Enhanced      bool   // has a switch "Enhanced incognito mode", on at first
	Plain         bool   // that switch was turned off before
	Real          bool   // its pages are loaded by a Chromium of this computer
	Favicons      bool   // asks each site for /favicon.ico
	Feed          string // address of the news that its start page shows; empty: none
	OwnStore      bool   // has certificates of its own, and a hidden switch to believe the user's too
	Receiver      string // another activity, full name, that takes its intents
	Secure        bool   // its private windows cannot be photographed
}

// Trigger is what makes an app send something.
type Trigger string

// The triggers. The first seven belong to a browser, the others to the phone.
const (
	OnSearch   Trigger = "search"
	OnVisit    Trigger = "visit"
	OnShare    Trigger = "share"     // the phone asked with whom to share a page
	OnDownload Trigger = "download"  // a file was downloaded
	OnClip     Trigger = "clip"      // a browser came to the front while something new was in the clipboard
	OnStart    Trigger = "start"     // a browser was started, whether or not its user has agreed to anything
	OnFeed     Trigger = "feed"      // an item of the news was opened
	OnSettings Trigger = "settings"  // a page of the settings was opened
	OnSwitch   Trigger = "switch"    // another app came to the front
	OnSwipe    Trigger = "swipe"     // a page of the launcher
	OnShade    Trigger = "statusbar" // the status bar was pulled down
	OnFolder   Trigger = "folder"    // a folder was opened, of the launcher or of the storage, or named
	OnFile     Trigger = "file"      // a file was opened
	OnPlay     Trigger = "play"      // a track was started
	OnBeat     Trigger = "beat"      // nothing happened: see Leak.Every
)

// Leak is one stream of reports that an app sends home.
type Leak struct {
	App      string    // package that sends
	Of       string    // package whose browsing it reports; empty: its own
	On       []Trigger // what it reports
	Private  bool      // also what happens in the private mode
	URL      string    // of the collector
	Encoding string    // name of a telemetry encoding
	Trust    network.Trust
	Pins     [][]byte // with Trust pinned; none: no certificate but the collector's own roots
	Late     bool     // with Trust pinned: checks its pins after the handshake, as OkHttp does
	HTTP2    bool     // offers HTTP/2
	Direct   bool     // goes around the proxy
	Filler   int      // bytes of harmless text added to every event
	Enhanced bool     // with Private: in the private mode only while the browser's enhanced switch is on
	Near     bool     // sends no value itself: a misspelt one, its length, a checksum of it
	OneIn    int      // reports only each nth event; 0 and 1: all
	Times    int      // with OneIn: as many of each n, spread out; 0 is one
	Split    bool     // sends each value in two halves, an upload a half
	When     When     // what it waits for before it sends
	Lasts    Lifetime // of the UUID that it is sent under

	Flush      time.Duration // between an event and its batch; 0: 300 ms; negative: only when the app leaves the screen
	Count      int           // events that cause a batch; 0: the kit's own default
	Background bool          // also when the app leaves the screen
	Tries      int           // after so many failures of a batch its events are given up; 0: kept and tried again, as kits do
	Every      time.Duration // with OnBeat: how often
}

// When is what an app waits for before it sends what it has queued, beside its clock.
type When string

// The occasions. With one, the clock, the count and the background do not make it send.
const (
	ByClock  When = ""
	AtBoot   When = "boot"   // the phone has booted
	AtWiFi   When = "wifi"   // Wi-Fi has come back
	WhenDark When = "screen" // the screen has gone off
	AtDown   When = "down"   // the phone goes down for a reboot, and adb is gone: only Direct ones arrive
)

// Lifetime is until when an app keeps the UUID that it sends.
type Lifetime string

// The lifetimes. Kits keep theirs in the app's data; one outside of them, as on the shared storage, is only gone with the app.
const (
	UntilCleared Lifetime = ""
	UntilRemoved Lifetime = "reinstall"
	UntilStopped Lifetime = "process"
)

// Noise is a harmless request that an app makes by itself.
type Noise struct {
	App    string
	URL    string
	Every  time.Duration // 0: once, when the app starts
	Direct bool          // goes around the proxy
}

// App returns an app of the personality.
func (p Personality) App(pkg string) (App, bool) {
	for _, a := range p.Apps {
		if a.Package == pkg {
			return a, true
		}
	}
	return App{}, false
}
