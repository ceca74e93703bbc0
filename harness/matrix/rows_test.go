package matrix

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"strings"
	"time"

	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/harness"
	"github.com/telltale-farm/telltale/harness/action"
	"github.com/telltale-farm/telltale/harness/profile"
	"github.com/telltale-farm/telltale/harness/profile/catalogue"
	"github.com/telltale-farm/telltale/harness/virtual/personality"
)

// row is one phone of the matrix and the cells that are driven on it.
type row struct {
	name     string
	who      personality.Personality
	shipped  string // whose catalogue entries apply
	cells    []cell
	made     int                  // attempts a cell; 0 is one
	asked    int                  // attempts that devices.yaml asks for, if they are not those that are made
	devices  func(*profile.Phone) // changes to its block of devices.yaml
	flush    time.Duration        // how long the catalogue is to say that the browser holds events back; 0: what it says
	encoding string               // it is there for this encoding
	near     bool                 // it must not be taken for a leak
	part     bool                 // of the fixed part that `make test` runs
	keep     int                  // how many of its cells belong to that; 0 is one
	services []string             // packages that are to count as sending for browsers, beside those of the catalogue
}

// cell is one scenario on a phone.
type cell struct {
	scenario string
	variant  string
	given    given
	before   func(context.Context, *harness.Driver, struck) error
	after    func(context.Context, *harness.Driver, struck) error
	trials   int  // windows of each kind that are compared; 0 is none
	token    bool // a limit: what it sends looks like a token, which its coverage counts
	limit    bool // docs/limits.md says that it cannot be told: shown, not counted
}

// given is what was done to a cell from outside of the phone.
type given struct {
	NoAttempt   bool // it was planned and not driven
	Interrupted bool // somebody stopped the run in it
	NotAllowed  bool // devices.yaml does not allow what it needs
	TunnelLost  bool // the tunnel was lost in every attempt
}

func (c cell) key() leak.Key {
	k := leak.Key{Phone: phoneID, Scenario: c.scenario, Variant: c.variant}
	if scenarioNamed(c.scenario).browser {
		k.Browser = "b"
	}
	if k.Variant == "" {
		k.Variant = "default"
	}
	return k
}

// scenario is what can be done on a phone; the same verbs as in the suite.
type scenario struct {
	name    string
	browser bool
	private bool
	action  func(*harness.Session, action.Browser) harness.Action
}

func scenarios() []scenario {
	wifi, _ := catalogue.FindSurface("wifi")
	search := func(mode action.Mode) func(*harness.Session, action.Browser) harness.Action {
		return func(s *harness.Session, b action.Browser) harness.Action {
			return action.Search(b, s.Canary("search query", b.SearchHost), mode)
		}
	}
	visit := func(mode action.Mode) func(*harness.Session, action.Browser) harness.Action {
		return func(s *harness.Session, b action.Browser) harness.Action {
			return action.Visit(b, s.URL("address of a page", b.SearchHost), mode)
		}
	}
	out := []scenario{
		{"private search", true, true, search(action.Private)},
		{"private visit", true, true, visit(action.Private)},
		{"search", true, false, search(action.Normal)},
		{"visit", true, false, visit(action.Normal)},
		{"private search without the enhanced mode", true, true, search(action.Unenhanced)},
		{"private visit without the enhanced mode", true, true, visit(action.Unenhanced)},
		{"share", true, false, func(s *harness.Session, b action.Browser) harness.Action {
			return action.Share(b, s.URL("address of a page", b.SearchHost), action.Normal)
		}},
		{"private download", true, true, func(s *harness.Session, b action.Browser) harness.Action {
			return action.Download(b, s.FileURL("file to download"), action.Private)
		}},
		{"private search on a site", true, true, func(s *harness.Session, b action.Browser) harness.Action {
			return action.SearchSite(b, s.Canary("query on a site", s.Site()), action.Private)
		}},
		{"copy a text", true, false, func(s *harness.Session, b action.Browser) harness.Action {
			return action.CopyText(b, s.Word("word in the clipboard", b.SearchHost))
		}},
		{"open settings", false, false, func(*harness.Session, action.Browser) harness.Action { return action.OpenSettings(wifi) }},
		{"switch apps", false, false, func(_ *harness.Session, b action.Browser) harness.Action {
			return action.SwitchApp(wifi.Package, b.App)
		}},
		{"swipe the home screen", false, false, func(*harness.Session, action.Browser) harness.Action { return action.SwipeHome() }},
		{"pull the status bar", false, false, func(*harness.Session, action.Browser) harness.Action { return action.PullStatusBar() }},
		{"open a file", false, false, func(s *harness.Session, _ action.Browser) harness.Action {
			return action.OpenFile(s.Canary("folder name", ""), s.Canary("file name", ""))
		}},
		{"play music", false, false, func(s *harness.Session, _ action.Browser) harness.Action {
			return action.PlayTrack(s.Canary("track title", ""))
		}},
		{"read the news", true, false, func(_ *harness.Session, b action.Browser) harness.Action { return action.ReadNews(b) }},
		{"first start", true, false, func(_ *harness.Session, b action.Browser) harness.Action { return action.FirstStart(b) }},
	}
	for _, change := range action.Changes() {
		out = append(out, scenario{identity + change.Name, true, change.Mode == action.Private, func(s *harness.Session, b action.Browser) harness.Action {
			return action.Return(b, s.URL("address of a page", b.SearchHost), change)
		}})
	}
	return out
}

// identity is what the names of the scenarios begin with in which a page is visited after a change.
const identity = "identity "

// changed is what was done to a cell's phone before its window; empty for nothing.
func (c cell) changed() string {
	kind, ok := strings.CutPrefix(c.scenario, identity)
	if _, event := map[string]bool{leak.EventRestart: true, leak.EventDataReset: true, leak.EventReinstall: true, leak.EventReboot: true}[kind]; !ok || !event {
		return ""
	}
	return kind
}

func scenarioNamed(name string) scenario {
	for _, s := range scenarios() {
		if s.name == name {
			return s
		}
	}
	panic("no scenario " + name) // a row of the matrix itself is wrong
}

func cells(names ...string) []cell {
	var out []cell
	for _, n := range names {
		out = append(out, cell{scenario: n})
	}
	return out
}

// config is the devices.yaml of a row: one phone, its browser, short windows.
func (r row) config() *profile.Config {
	app := r.web().Package
	search := map[string]string{"com.android.browser": "duckduckgo.com", "com.android.chrome": "www.google.com"}[app]
	browser := profile.Browser{ID: "b", App: app, Search: search, SearchID: "engine"}
	p := profile.Phone{
		ID: phoneID, Kind: profile.Virtual, Personality: r.shipped, Trust: "user", Repeat: max(r.made, r.asked, 1),
		Settle: profile.Settle{Min: 500 * time.Millisecond, Max: 10 * time.Second},
		Allow:  []string{"force-stop"}, Browsers: []profile.Browser{browser},
		Record: profile.Record{BodyCap: bodyCap},
	}
	if r.devices != nil {
		r.devices(&p)
	}
	return &profile.Config{
		Sites:    profile.Sites{Control: controlHost, Search: map[string]string{"engine": search}},
		Browsers: []profile.Browser{browser},
		Phones:   []profile.Phone{p},
	}
}

// policy is what devices.yaml and the catalogue mean for the judge.
func (r row) policy() leak.Policy {
	p := harness.ResolvePolicy(r.config(), 0)
	if r.flush > 0 {
		flushes := p.Phones[0].Flush
		for i := range flushes {
			if flushes[i].App == r.web().Package {
				flushes[i].US = r.flush.Microseconds()
			}
		}
	}
	p.Phones[0].Services = append(p.Phones[0].Services, r.services...)
	return p
}

// controlHost is answered by the proxy itself.
const controlHost = "control.telltale.test"

// bodyCap is where the recorder cuts a body.
const bodyCap = 64 << 10

// web is the browser of a row's phone.
func (r row) web() personality.App {
	for _, a := range r.who.Apps {
		if a.Kind == personality.Web {
			return a
		}
	}
	return personality.App{}
}

func (r row) browser() action.Browser {
	c := r.config()
	b := c.Phones[0].Browsers[0]
	entry, _ := c.Phones[0].App(b.App)
	return action.Browser{ID: b.ID, App: b.App, SearchHost: b.Search, Entry: entry}
}

// patience is how long a phone that is away is waited for: not at all long if it never comes back.
func (r row) patience() time.Duration {
	for _, l := range r.who.Lies {
		if l.Wire == personality.Unplugged && l.For == 0 {
			return 3 * time.Second
		}
	}
	return time.Minute
}

// putBack is how long its settings may take to be put back; those of a phone that is not whole may never be.
func (r row) putBack() time.Duration {
	if r.broken() {
		return 8 * time.Second
	}
	return time.Minute
}

// broken says that a row's phone need not come back whole.
func (r row) broken() bool {
	for _, c := range r.cells {
		if c.given.Interrupted || c.given.TunnelLost {
			return true
		}
	}
	for _, l := range r.who.Lies {
		if l.Wire != "" || l.Faults.InputBlocked || distrusts(l) {
			return true
		}
	}
	return false
}

// distrusts says whether a lie turns the phone's clock back to before our certificate: then no app of it believes us.
func distrusts(l personality.Lie) bool { return l.Faults.ClockOffset < -365*24*time.Hour }

// readLines reads a .jsonl file of a bundle; one that is not there is empty.
func readLines[T any](bundle fs.FS, name string) ([]T, error) {
	raw, err := fs.ReadFile(bundle, name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var out []T
	for line := range bytes.Lines(raw) {
		var v T
		if err := json.Unmarshal(line, &v); err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}
