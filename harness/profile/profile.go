// Package profile reads devices.yaml: which phones there are, which browsers, what sites they visit and what may stay
// unread. It is strict: an unknown key, a duplicate, a second document, a wrong type or an impossible value is an error
// with file, line, column and remedy. It touches no phone and refuses to guess.
package profile

import (
	"time"

	"github.com/telltale-farm/telltale/harness/profile/catalogue"
)

// Kinds of phone.
const (
	USB     = "usb"
	Virtual = "virtual"
)

// Config is a whole devices.yaml, validated, with defaults filled in.
type Config struct {
	Path     string // absolute
	SHA256   string // of the file's bytes, hex
	Sites    Sites
	Browsers []Browser // sorted by ID
	Phones   []Phone   // in the order of the file
}

// Sites is what the phones visit.
type Sites struct {
	Control string            // host answered by the proxy itself
	Search  map[string]string // search engine id -> host
}

// Browser is a logical browser: an id that survives updates, and the package that stands for it.
type Browser struct {
	ID       string
	App      string // package
	Search   string // host of its search engine
	SearchID string // id of its search engine in Sites
	Baseline bool
}

// Settle is how long a window waits.
type Settle struct{ Min, Max time.Duration }

// Record is how much is kept.
type Record struct {
	BodyCap int64 // bytes
	Video   bool
}

// Accept is a destination that may stay unread.
type Accept struct {
	App  string
	Host string
	Port int // 0 for any
	Why  string
}

// HostUnknown is the host of a line of accept for bytes that were counted while no socket was seen. Only Android's own
// uids may have such a line.
const HostUnknown = "unknown"

// Upstream is where a phone's traffic goes after the proxy. The zero value is the real internet.
type Upstream struct {
	StandIn bool   // the stand-in internet that this run (or `telltale virtual`) serves
	Resolve string // HOST:PORT that every name is dialled to; empty when StandIn is served by this run
	Trust   string // absolute path of a PEM file with the roots to trust; empty for the system's, or the stand-in's own
}

// Phone is one phone of the file, resolved.
type Phone struct {
	ID          string
	Kind        string            // USB or Virtual
	Serial      string            // USB: the adb serial
	Address     string            // Virtual: HOST:PORT of a served phone; empty means this run starts it
	ADB         string            // HOST:PORT of another adb server; empty for the usual one of its kind
	Personality string            // Virtual
	Expect      map[string]string // properties that must hold
	Trust       string            // user, system or apex
	PINEnv      string            // name of the environment variable with the PIN; never the PIN
	Allow       []string          // destructive verbs allowed: app-data-reset, reinstall, reboot, force-stop
	Settle      Settle
	Repeat      int
	Trials      *int // windows of each kind of the cells that compare windows; nil: as their scenarios say
	Record      Record
	Upstream    Upstream
	Browsers    []Browser // in the order of the phone's list
	Accept      []Accept
	Line        int // of its block, for messages
}

// App returns what the catalogue knows of a package on this phone. Entries for virtual phones never apply to a real one.
func (p *Phone) App(pkg string) (catalogue.Entry, bool) {
	if p.Kind == Virtual {
		return catalogue.Find(pkg, p.Personality)
	}
	return catalogue.Find(pkg, "")
}
