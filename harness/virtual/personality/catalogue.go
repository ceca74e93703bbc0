package personality

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/telltale-farm/telltale/harness/virtual/network"
	"github.com/telltale-farm/telltale/harness/virtual/telemetry"
)

// Names lists the personalities that come with Telltale, sorted.
func Names() []string { return slices.Sorted(maps.Keys(shipped())) }

// ByName returns a fresh copy of a shipped personality.
func ByName(name string) (Personality, error) {
	make, ok := shipped()[name]
	if !ok {
		return Personality{}, fmt.Errorf("no personality %q: there are %s", name, strings.Join(Names(), ", "))
	}
	return make(), nil
}

func shipped() map[string]func() Personality {
	all := map[string]func() Personality{"leaky-2020": Leaky2020, "clean": Clean, "pinned": Pinned, "chromium": Chromium, "three-in-ten": ThreeInTen, "by-the-clock": ByTheClock, "mi-10-renamed": Renamed10}
	for _, name := range Models() {
		all[name] = func() Personality {
			p, err := OfModel(name)
			return must(p, "", err)
		}
	}
	return all
}

// Leaky2020 is the Redmi Note 8 as researchers found it in 2020: the Mi Browser reports searches and addresses, in the
// incognito mode too, under an id that outlives sessions; a system service reports opened settings and app switches. Beside it
// somebody has installed Chrome, which sends what its user asked for.
func Leaky2020() Personality {
	p := must(quiet("leaky-2020", "redmi-note-8"))
	other := ChromeApp() // somebody installed it beside the maker's own
	other.Third = true
	other.Web.UserAgent = userAgent(other, p.Props)
	p.Apps = append(p.Apps, other)
	p.Leaks = []Leak{
		{App: "com.android.browser", On: []Trigger{OnSearch, OnVisit}, Private: true, URL: SensorsURL, Encoding: "sensors", Trust: network.TrustUser, Background: true},
		{App: "com.miui.analytics", On: []Trigger{OnSettings, OnSwitch}, URL: OneTrackURL, Encoding: "onetrack", Trust: network.TrustUser},
	}
	return p
}

// Renamed10 is the Mi 10 after the update of May 2020 with a release of its browser whose ids nobody knows, and whose enhanced
// mode is switched on a page of its settings: only what its owner reads leads there.
func Renamed10() Personality {
	p, err := OfModel("mi-10-may-2020")
	p = must(p, "", err)
	p.Name = "mi-10-renamed"
	for i := range p.Apps {
		if web := p.Apps[i].Web; web != nil && web.Style == MIUI {
			web.Style, web.Feed = Renamed, ""
			p.Apps[i].Version, p.Apps[i].VersionCode = "12.3.1-gn", 20200610
			web.UserAgent = userAgent(p.Apps[i], p.Props)
		}
	}
	return p
}

// Pinned is the same phone whose Mi Browser reports to a collector that it believes by its own certificate only. A batch
// that was refused twice is given up. The system service sends nothing.
func Pinned() Personality {
	p := must(quiet("pinned", "redmi-note-8"))
	p.Leaks = []Leak{
		{App: "com.android.browser", On: []Trigger{OnSearch, OnVisit}, Private: true, URL: SensorsURL, Encoding: "sensors", Trust: network.TrustPinned, Tries: 2},
	}
	return p
}

// ReportsURL is where the system service of ThreeInTen and ByTheClock reports to; the name is the project's own.
const ReportsURL = "https://reports.example-metrics.test/e"

// ThreeInTen is the same phone whose system service, and nothing else, reports three of ten opened settings to a place that it
// believes by its own certificate only: all that can be seen of it is that it happens more often when they are opened.
func ThreeInTen() Personality {
	p := must(quiet("three-in-ten", "redmi-note-8"))
	p.Leaks = []Leak{sealed(Leak{On: []Trigger{OnSettings}, OneIn: 10, Times: 3})}
	return p
}

// ByTheClock is the same phone whose system service connects to that place now and then, whatever is done.
func ByTheClock() Personality {
	p := must(quiet("by-the-clock", "redmi-note-8"))
	p.Leaks = []Leak{sealed(Leak{On: []Trigger{OnBeat}, Every: 30 * time.Second})}
	return p
}

func sealed(l Leak) Leak {
	l.App, l.URL, l.Encoding, l.Trust, l.Tries, l.Flush = "com.miui.analytics", ReportsURL, "json", network.TrustPinned, 1, 20*time.Millisecond
	return l
}

// Clean is an Android One phone with Chrome, which sends what the user asked for, and harmless requests of its own.
func Clean() Personality { return must(quiet("clean", "mi-a1")) }

// schemes are what telemetry can send to.
var schemes = []string{"https", "http", "tls", "tunnel", "tcp", "udp"}

// Check reports the first mistake in a personality: what would make it silently leak less than it says.
func (p Personality) Check() error {
	if p.Name == "" {
		return fmt.Errorf("a personality needs a name")
	}
	home := 0
	for i, a := range p.Apps {
		switch {
		case a.Package == "" || a.UID <= 0:
			return fmt.Errorf("personality %s: app %d needs a package and a uid", p.Name, i)
		case a.Kind == Web && (a.Web == nil || !strings.Contains(a.Web.SearchURL, "%s")):
			return fmt.Errorf("personality %s: browser %s needs Web with a SearchURL that holds %%s", p.Name, a.Package)
		case a.Kind == Launcher:
			home++
		}
		if slices.ContainsFunc(p.Apps[:i], func(b App) bool { return b.Package == a.Package }) {
			return fmt.Errorf("personality %s: %s is there twice", p.Name, a.Package)
		}
	}
	if home != 1 {
		return fmt.Errorf("personality %s: %d launchers, want one", p.Name, home)
	}
	for i, l := range p.Leaks {
		if _, ok := p.App(l.App); !ok {
			return fmt.Errorf("personality %s: leak %d is of %q, which is not installed", p.Name, i, l.App)
		}
		if _, ok := telemetry.Named(l.Encoding); !ok {
			return fmt.Errorf("personality %s: leak %d: no encoding %q: there are %s", p.Name, i, l.Encoding, strings.Join(telemetry.Names(), ", "))
		}
		if u, err := url.Parse(l.URL); err != nil || u.Hostname() == "" || !slices.Contains(schemes, u.Scheme) || len(l.On) == 0 {
			return fmt.Errorf("personality %s: leak %d needs a trigger and a URL (%s): %q", p.Name, i, strings.Join(schemes, ", "), l.URL)
		}
		if slices.Contains(l.On, OnBeat) != (l.Every > 0) {
			return fmt.Errorf("personality %s: leak %d: the trigger beat and Every belong together", p.Name, i)
		}
	}
	for i, l := range p.Leaks {
		if !slices.Contains([]When{ByClock, AtBoot, AtWiFi, WhenDark, AtDown}, l.When) || l.OneIn < 0 || l.Times < 0 || l.Times > max(l.OneIn-1, 0) || l.Enhanced && !l.Private {
			return fmt.Errorf("personality %s: leak %d: an occasion %q or a count that nobody knows, or an enhanced mode without the private one", p.Name, i, l.When)
		}
	}
	for i, l := range p.Lies {
		if l.After < 0 || l.After == 0 && l.In != "" || l.Update != nil && l.Update.Version == "" || l.Wire != "" && l.Wire != Unplugged || l.Puts != nil && l.Puts.Key == "" {
			return fmt.Errorf("personality %s: lie %d would never strike, or nobody knows how", p.Name, i)
		}
	}
	for i, n := range p.Noise {
		if _, ok := p.App(n.App); !ok || n.URL == "" {
			return fmt.Errorf("personality %s: noise %d needs an installed app and a URL", p.Name, i)
		}
	}
	return nil
}
