package personality

import (
	"strings"
	"testing"
)

func TestShippedPersonalitiesAreSound(t *testing.T) {
	if got := strings.Join(Names(), " "); got != "by-the-clock chromium clean hyperos leaky-2020 mi-10 mi-10-may-2020 mi-10-renamed mi-a1 mix-3 pinned pixel-5 redmi-k20 redmi-note-8 redmi-note-8-may-2020 three-in-ten" {
		t.Errorf("names: %s", got)
	}
	for _, name := range Names() {
		p, err := ByName(name)
		if err != nil || p.Name != name || p.Check() != nil {
			t.Errorf("%s: %v %v", name, err, p.Check())
		}
		for _, k := range []string{"ro.build.fingerprint", "ro.build.version.incremental", "ro.product.device", "ro.build.version.sdk", "ro.product.model", "ro.product.brand",
			"ro.build.version.release", "ro.build.version.security_patch", "ro.product.manufacturer"} {
			if p.Props[k] == "" {
				t.Errorf("%s has no %s", name, k)
			}
		}
	}
	if _, err := ByName("nobody"); err == nil || !strings.Contains(err.Error(), "leaky-2020") {
		t.Errorf("an unknown name must name those that are known: %v", err)
	}
}

func TestACopyIsFresh(t *testing.T) {
	a := Leaky2020()
	a.Leaks[0].URL, a.Props["ro.product.model"], a.Apps[0].Label = "changed", "changed", "changed"
	if b := Leaky2020(); b.Leaks[0].URL == "changed" || b.Props["ro.product.model"] == "changed" || b.Apps[0].Label == "changed" {
		t.Error("two personalities share their data")
	}
}

func TestCheckFindsMistakes(t *testing.T) {
	for _, c := range []struct {
		name, want string
		change     func(*Personality)
	}{
		{"sound", "", func(*Personality) {}},
		{"no name", "needs a name", func(p *Personality) { p.Name = "" }},
		{"unknown encoding", "no encoding", func(p *Personality) { p.Leaks[0].Encoding = "morse" }},
		{"leak of an app that is not there", "not installed", func(p *Personality) { p.Leaks[0].App = "com.no" }},
		{"leak that nothing triggers", "needs a trigger", func(p *Personality) { p.Leaks[0].On = nil }},
		{"leak to nowhere", "URL", func(p *Personality) { p.Leaks[0].URL = "ftp://x/" }},
		{"beat without a clock", "Every", func(p *Personality) { p.Leaks[0].On = []Trigger{OnBeat} }},
		{"an occasion that nobody knows", "occasion", func(p *Personality) { p.Leaks[0].When = "full moon" }},
		{"more of ten than ten", "count", func(p *Personality) { p.Leaks[0].OneIn, p.Leaks[0].Times = 10, 10 }},
		{"enhanced without private", "enhanced", func(p *Personality) { p.Leaks[0].Enhanced, p.Leaks[0].Private = true, false }},
		{"a lie that counts nothing", "never strike", func(p *Personality) { p.Lies = []Lie{{In: "com.android.browser"}} }},
		{"the same app twice", "twice", func(p *Personality) { p.Apps = append(p.Apps, p.Apps[0]) }},
		{"no launcher", "0 launchers", func(p *Personality) { p.Apps[0].Kind = Stub }},
		{"browser without a search", "SearchURL", func(p *Personality) { p.Apps = append(p.Apps, App{Package: "b", UID: 1, Kind: Web}) }},
		{"app without a uid", "uid", func(p *Personality) { p.Apps[1].UID = 0 }},
		{"noise without a URL", "noise", func(p *Personality) { p.Noise = []Noise{{App: "com.miui.home"}} }},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := Leaky2020()
			c.change(&p)
			err := p.Check()
			if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
}

func TestParseProps(t *testing.T) {
	got := ParseProps("[a]: [b]\r\n[c]: []\nnothing\n[d]: [x]: [y]\n")
	if got["a"] != "b" || got["c"] != "" || got["d"] != "x]: [y" || len(got) != 3 {
		t.Errorf("%q", got)
	}
}
