package apps

// The settings of a Mi Browser whose enhanced mode has a switch on a page of them: long enough that one has to scroll, and
// with another switch beside it.

var (
	miSettings = []string{"Set as default browser", "Search engine", "Homepage", "Font size", "Night mode", "Downloads", "Notifications", "Languages", "Ad blocking", "Data saver",
		"Reading mode", "Gestures", "Toolbox", "Accounts", "Backup"}
	miPrivacy = []string{"Clear data", "Site settings", "Passwords"}
)

func (w *browser) openSettings(s *System, v words) {
	if v.privacy == "" {
		w.openOwnSettings(s)
		return
	}
	w.closePages(s)
	a := w.ownPage(s, v.settings)
	a.build = func(b *builder) {
		b.header(v.settings, func() { s.finish(a) })
		b.list("recycler_view")
		for _, row := range miSettings {
			b.row(row, "", nil)
		}
		b.row(v.privacy, "", func() { s.push(w.privacyPage(s, v)) })
		b.row("About", "", nil)
		b.end()
	}
	s.push(a)
}

func (w *browser) privacyPage(s *System, v words) *activity {
	a := w.ownPage(s, v.privacy)
	a.build = func(b *builder) {
		d := s.stored(w.app.Package)
		b.header(v.privacy, func() { s.finish(a) })
		b.list("recycler_view")
		for _, row := range miPrivacy {
			b.row(row, "", nil)
		}
		b.toggle("Warn of dangerous sites", "", true, nil)
		b.toggle(v.enhanced, "Turn on to share usage statistics with us while incognito mode is on", !d.plain, func() { d.plain = !d.plain })
		b.end()
	}
	return a
}

// Enhanced says whether the switch of a browser's enhanced private mode is on.
func (s *System) Enhanced(pkg string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.stored(pkg).plain
}
