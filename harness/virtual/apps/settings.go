package apps

import (
	"slices"
	"strconv"
	"strings"

	"github.com/telltale-farm/telltale/harness/virtual/manifest"
	"github.com/telltale-farm/telltale/harness/virtual/personality"
	"github.com/telltale-farm/telltale/harness/virtual/phone"
	"github.com/telltale-farm/telltale/harness/virtual/telemetry"
)

// settings is the settings app. Its pages open by tap or by intent; opening one is an event.
type settings struct {
	app  personality.App
	main string // full class of the main page
}

// actionSettings opens the main page.
const actionSettings = "android.settings.SETTINGS"

// subSettings is the class that shows a page opened by a tap.
const subSettings = "com.android.settings.SubSettings"

func newSettings(a personality.App, _ personality.Personality) *settings {
	return &settings{app: a, main: phone.FullActivity(a.Package, a.Activity)}
}

func (st *settings) class(p settingsPage) string { return st.app.Package + "." + p.class }

func (st *settings) has(class string) bool {
	return class == st.main || class == st.app.Package+".Settings" ||
		slices.ContainsFunc(settingsPages, func(p settingsPage) bool { return st.class(p) == class })
}

func (st *settings) resolve(in Intent) string {
	if in.Action == actionSettings {
		return st.main
	}
	for _, p := range settingsPages {
		if slices.Contains(p.actions, in.Action) {
			return st.class(p)
		}
	}
	return ""
}

func (st *settings) open(s *System, class string) *activity {
	for _, p := range settingsPages {
		if st.class(p) == class {
			return st.page(s, p, class)
		}
	}
	a := &activity{pkg: st.app.Package, class: st.main, title: "Settings"}
	a.build = func(b *builder) {
		b.header("Settings", nil)
		b.list("android:id/list")
		for _, p := range settingsPages {
			if p.parent == "" {
				b.row(p.title, "", func() { s.push(st.page(s, p, subSettings)) })
			}
		}
		b.end()
	}
	return a
}

// page is an activity that shows a page. Making it is opening it, and says so.
func (st *settings) page(s *System, p settingsPage, class string) *activity {
	a := &activity{pkg: st.app.Package, class: class, title: p.title}
	a.build = func(b *builder) {
		b.header(p.title, func() { s.finish(a) })
		b.list("android:id/list")
		st.contents(s, b, p)
		b.end()
	}
	s.process(st.app.Package)
	s.act(st.app.Package, "settings", st.class(p), false)
	s.report(personality.OnSettings, "", false, "settings_page",
		telemetry.Value{Key: "page", Kind: manifest.Page, Text: st.class(p)},
		telemetry.Value{Key: "title", Kind: manifest.Page, Text: p.title})
	return a
}

func (st *settings) contents(s *System, b *builder, p settingsPage) {
	for _, r := range p.contents {
		if r.prop != "" {
			if v := s.phone.Props.Get(r.prop); v != "" {
				b.row(r.title, v, nil)
			}
			continue
		}
		if ns, key, ok := strings.Cut(r.setting, "/"); ok {
			on, _ := s.phone.Settings.Get(ns, key)
			b.toggle(r.title, r.summary, on == "1", func() {
				s.phone.Settings.Put(ns, key, map[bool]string{true: "0", false: "1"}[on == "1"])
			})
			continue
		}
		b.row(r.title, r.summary, nil)
	}
	switch p.id {
	case "apps":
		for _, a := range s.kind.Apps {
			if a.Label != "" && s.installed(a.Package) {
				b.row(a.Label, a.Version, nil)
			}
		}
	case "battery":
		b.row("Battery level", strconv.Itoa(s.phone.Power.Battery().Level)+"%", nil)
	case "storage":
		used, size := s.phone.Files.Usage()
		b.row("Internal shared storage", strconv.FormatInt(used>>20, 10)+" MB of "+strconv.FormatInt(size>>20, 10)+" MB used", nil)
	case "security":
		st.security(s, b)
	case "certificates":
		st.certificates(s, b)
	case "trusted":
		st.trusted(s, b)
	}
}
