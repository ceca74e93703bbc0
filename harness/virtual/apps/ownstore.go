package apps

import (
	"fmt"
	"image"

	"github.com/telltale-farm/telltale/harness/virtual/screen"
)

// A browser with certificates of its own, as Firefox for Android: it believes those that the phone's user installed only
// after a switch, on a page of its settings that is hidden until its logo on the page "About" was tapped five times, and
// again when its process ends. The switch is kept in its data.

// settingsLink is the address that opens its settings.
const settingsLink = "fenix://settings"

// logoTaps make the hidden page appear, counted anew each time that "About" is opened.
const logoTaps = 5

// ownSettings are the rows of its settings, in groups, above "About".
var ownSettings = []string{"Sync and save data", "Search", "Tabs", "Homepage", "Customize", "Passwords", "Autofill", "Accessibility", "Language",
	"Translations", "Set as default browser", "Private browsing", "HTTPS-Only Mode", "Enhanced Tracking Protection", "Site permissions",
	"Delete browsing data", "Notifications", "Data collection", "Add-ons", "Remote debugging via USB"}

// BelievesUser says whether an app's switch is on: its next process believes what the user installed. An app without one
// does, as far as this goes.
func (s *System) BelievesUser(pkg string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.believesUser(pkg)
}

func (s *System) believesUser(pkg string) bool {
	app, _ := s.kind.App(pkg)
	return app.Web == nil || !app.Web.OwnStore || s.stored(pkg).thirdParty
}

// openOwnSettings shows its settings in front of its tabs.
func (w *browser) openOwnSettings(s *System) {
	w.closePages(s)
	a := w.ownPage(s, "Settings")
	a.build = func(b *builder) {
		b.header("Settings", func() { s.finish(a) })
		b.list("recycler_view")
		for _, row := range ownSettings {
			b.row(row, "", nil)
		}
		b.row("About "+w.app.Label, "", func() { s.push(w.aboutPage(s)) })
		if s.process(w.app.Package).secret {
			b.row("Secret Settings", "", func() { s.push(w.secretPage(s)) })
			b.row("Secret Debug Info", "", nil)
		}
		b.end()
	}
	s.push(a)
}

// ownPage is a page over the tabs. An intent closes it: the browser itself answers.
func (w *browser) ownPage(s *System, title string) *activity {
	a := &activity{pkg: w.app.Package, class: w.full(), title: title}
	a.intent = func(in Intent) {
		w.closePages(s)
		w.handle(s, in)
	}
	w.pages = append(w.pages, a)
	return a
}

func (w *browser) closePages(s *System) {
	pages := w.pages
	w.pages = nil
	for i := len(pages) - 1; i >= 0; i-- {
		s.finish(pages[i])
	}
}

func (w *browser) aboutPage(s *System) *activity {
	a := w.ownPage(s, "About "+w.app.Label)
	taps := 0
	a.build = func(b *builder) {
		b.header("About "+w.app.Label, func() { s.finish(a) })
		b.down(24)
		b.add(&screen.View{ID: "wordmark", Class: screen.Image, Bounds: b.rect(90, -90, 80), Clickable: true, Look: screen.Look{Fill: screen.Orange}, Tap: func() {
			switch taps++; {
			case taps == logoTaps:
				s.process(w.app.Package).secret = true
				s.toast("Debug menu enabled")
			case taps > 1 && taps < logoTaps:
				s.toast(fmt.Sprintf("Debug menu: %d click(s) left to enable", logoTaps-taps))
			}
		}})
		b.down(100)
		b.text("about_text", w.app.Version+" (Build #"+w.app.Version+")", screen.Label, screen.Look{Centre: true})
		b.text("about_content", w.app.Label+" is produced by Mozilla.", screen.Label, screen.Look{Centre: true})
	}
	return a
}

func (w *browser) secretPage(s *System) *activity {
	a := w.ownPage(s, "Secret Settings")
	a.build = func(b *builder) {
		d := s.stored(w.app.Package)
		b.header("Secret Settings", func() { s.finish(a) })
		b.list("recycler_view")
		b.toggle("Use third party CA certificates", "Allows the use of third party certificates from the Android CA store", d.thirdParty,
			func() { d.thirdParty = !d.thirdParty })
		b.toggle("Use Nimbus Preview Collection (requires restart)", "", d.preview, func() { d.preview = !d.preview })
		b.end()
	}
	return a
}

// toast shows a text in front of everything, until something else is done. It is a window of its own, which no dump of the
// screen holds and every picture does.
func (s *System) toast(text string) { s.toasted = text }

func (s *System) toastWindow() *screen.Window {
	sc := s.phone.Screen
	b := s.over("android", image.Rect(sc.Width/6, sc.Height*3/4, sc.Width*5/6, sc.Height*3/4+48*max(1, sc.Width/360)), screen.DarkGrey)
	b.root.Children = append(b.root.Children, &screen.View{ID: "android:id/message", Text: s.toasted, Class: screen.Label, Package: "android",
		Bounds: b.root.Bounds, Look: screen.Look{Ink: screen.White, Centre: true, Size: 1}})
	return &screen.Window{Title: "Toast", Package: "android", Over: true, Root: b.root}
}
