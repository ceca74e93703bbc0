// Package catalogue is what is known of apps: how they are started and driven, how long they hold events back, whose
// certificates they trust. It is data with a certainty and a source per entry; it drives nothing and judges nothing.
// An entry marked for a virtual personality never applies to a real phone.
package catalogue

import "time"

// Certainty of an entry, as in the project's survey of public sources.
type Certainty string

// The certainties.
const (
	Measured   Certainty = "measured"   // by us, on the phone kind named
	Sourced    Certainty = "sourced"    // seen in source or manifest, or in several independent texts
	Reported   Certainty = "reported"   // one text
	Unverified Certainty = "unverified" // doctor has to probe it
)

// Entry is one package on one kind of phone.
type Entry struct {
	Package   string
	Virtual   string // personality, "*" for every virtual phone; empty for real phones
	Name      string // for people: "Mi Browser"
	Flush     time.Duration
	Launch    string // component to start; empty: resolve it on the phone
	Trust     string // whose CAs it honours: user, system, own, unknown
	Service   bool   // sends on behalf of browsers (WebView, download manager)
	Browser   *Browser
	Files     *Files
	OwnStore  *OwnStore  // of an app with certificates of its own: how it is led to believe those of the phone's user
	Consent   []Selector // buttons that dismiss its first-run dialogs, in order of preference
	Certainty Certainty
	Source    string // where this is known from
}

// Browser is how a browser is driven.
type Browser struct {
	SearchBox []Selector // where a query or a URL is typed, before and after it has the focus
	URLField  []Selector // the editable field, once it has the focus
	Private   Private
	Feed      []Selector // title of an item of the news on its start page; none if it shows none
	Clear     []Selector // closes all tabs, if it has one
	Share     []Selector // tapped one after the other, from a page to the phone's question with whom to share it
	Download  []Selector // buttons that it may show before it downloads, in order of preference
}

// Files is how a file manager is led to a folder of the phone's shared storage.
type Files struct {
	Documents bool       // it opens a folder that an intent names, as Android's documents app does
	Storage   []Selector // otherwise tapped one after the other, from its first screen to the top folder
}

// Private is how a browser's private mode is entered and recognised.
type Private struct {
	Intent string     // an am start argument line that opens a private tab, tried first; empty for none
	Steps  []Selector // tapped one after the other
	Way    string     // a way that is neither, instead of the steps: its name in harness/private.go; empty for none
	Marker []Selector // on screen if and only if the private mode is on
	Leave  []Selector // tapped to leave it

	Enhanced Switch // "Enhanced incognito mode", of browsers that have it
}

// Switch is a setting on a browser's own pages.
type Switch struct {
	Name string     // as the browser calls it
	Way  []Leg      // from a tab to where the switch is shown, as far as it is needed: it is looked for after each part
	On   []Selector // is shown while it is on; tapped to turn it off
	Off  []Selector // is shown while it is off; tapped to turn it on

	Words     string // the whole way, for the phone's owner; %s is on or off
	Certainty Certainty
	Source    string
}

// OwnStore is the way to the switch by which an app with certificates of its own is made to believe those that the
// phone's user installed.
type OwnStore struct {
	Intent string // an am start argument line that opens the app's settings, tried first; empty for none
	Menu   []Leg  // otherwise, from its first screen to its settings
	Reveal []Leg  // from there to what makes the hidden page appear, and as many screens back; none if it is not hidden
	Page   []Leg  // from the settings to the page with the switch
	Switch Leg    // the label of the switch; Times does not count
	Words  string // the whole way, for the app's owner
	Hidden string // until when the hidden page shows, and what of it cannot be put back

	Certainty Certainty
	Source    string
}

// Leg is one part of a way through an app's screens: something that is looked for, and tapped.
type Leg struct {
	What   string     // for people: "About Firefox"
	At     []Selector // alternatives, in order of preference
	Scroll bool       // it may stand further down a list
	Times  int        // taps; 0 for one
}

// Selector finds a node on the screen. Every field that is not empty must match; Texts and Descs are alternatives, one
// per locale. Checked asks for the state of the switch that belongs to the node, which the dump tells apart from its
// text. Percent is the fallback: a point in hundredths of the screen's width and height, used if nothing matches.
type Selector struct {
	ID      string // resource-id, whole
	Texts   []string
	Descs   []string
	Class   string
	Checked Checked
	Percent [2]int
}

// Checked is the state of a switch beside a label, as a dump of the screen reports it.
type Checked string

// The states of a switch. Without one, a selector matches a node whatever its state, or if it has none.
const (
	CheckedOn  Checked = "on"
	CheckedOff Checked = "off"
)

// Surface is a part of the system that an action opens, with the markers that would report it.
type Surface struct {
	ID       string // "wifi", "display"
	Action   string // intent action: android.settings.WIFI_SETTINGS
	Package  string // that answers it
	Activity string // simple name of the activity expected in front; empty if it differs by release
	Titles   []string
}
