package apps

import (
	"context"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"time"

	"github.com/telltale-farm/telltale/harness/virtual/manifest"
	"github.com/telltale-farm/telltale/harness/virtual/personality"
	"github.com/telltale-farm/telltale/harness/virtual/phone"
	"github.com/telltale-farm/telltale/harness/virtual/telemetry"
)

// browser is a web browser. Its tabs are gone when its process ends; its consent is kept.
type browser struct {
	app     personality.App
	act     *activity
	tabs    []*tab
	cur     *tab
	menu    bool
	address field
	query   field // of the form in the page
	jar     http.CookieJar
	hidden  http.CookieJar // of the private tabs, gone with the last one
	pending *Intent        // came before the user agreed
	news    []item
	pages   []*activity // of its settings, over the tabs
}

// tab is one page.
type tab struct {
	private bool
	url     string // as shown; empty for the start page
	title   string
	blocks  []string
	form    form
	problem string // class of an error page: "tls", "net"; empty for a page
	loading bool
	loads   int
}

const maxTabs = 50

func (w *browser) full() string { return phone.FullActivity(w.app.Package, w.app.Activity) }

func (w *browser) has(class string) bool {
	return class == w.full() || class == w.app.Web.Receiver && class != ""
}

func (w *browser) resolve(in Intent) string {
	web := strings.HasPrefix(in.Data, "http://") || strings.HasPrefix(in.Data, "https://")
	if in.Action == ActionView && web || in.Action == w.app.Web.PrivateAction && in.Action != "" ||
		in.Action == "android.intent.action.WEB_SEARCH" || w.app.Web.OwnStore && in.Data == settingsLink {
		return w.full()
	}
	return ""
}

func (w *browser) open(s *System, class string) *activity {
	w.tabs, w.menu, w.pending, w.news, w.pages = nil, false, nil, nil, nil
	w.jar, w.hidden = newJar(), nil
	a := &activity{pkg: w.app.Package, class: class, title: w.app.Label}
	w.act = a
	w.newTab(false)
	s.process(w.app.Package)
	s.act(w.app.Package, "start", "", false)
	s.report(personality.OnStart, w.app.Package, false, "app_start", telemetry.Value{Key: "pkg", Kind: manifest.Activity, Text: w.app.Package})
	w.feed(s)
	a.build = func(b *builder) { w.build(s, b) }
	a.back = func() bool { return w.back() }
	a.intent = func(in Intent) { w.handle(s, in) }
	a.secure = func() bool { return w.app.Web.Secure && w.cur.private }
	return a
}

func newJar() http.CookieJar {
	jar, _ := cookiejar.New(nil) // it cannot fail without options
	return jar
}

// newTab opens a start page in front.
func (w *browser) newTab(private bool) {
	w.cur = &tab{private: private}
	if private && w.hidden == nil {
		w.hidden = newJar()
	}
	w.tabs = append(w.tabs, w.cur)
	if len(w.tabs) > maxTabs {
		w.tabs = w.tabs[1:]
	}
	w.blur()
}

// leavePrivate closes the private tabs.
func (w *browser) leavePrivate(s *System) {
	w.closeTabs(false)
	if p := s.procs[w.app.Package]; p != nil && p.pages != nil {
		s.after(p, func(context.Context) { p.pages.Leave() }, nil)
	}
}

// closeTabs closes the tabs of one kind, or all.
func (w *browser) closeTabs(all bool) {
	kept := w.tabs[:0:0]
	for _, t := range w.tabs {
		if !t.private && !all {
			kept = append(kept, t)
		}
	}
	w.tabs, w.hidden = kept, nil
	if len(w.tabs) == 0 {
		w.newTab(false)
		return
	}
	w.cur = w.tabs[len(w.tabs)-1]
	w.blur()
}

func (w *browser) blur() {
	w.act.focus, w.menu, w.address.text, w.query.text = nil, false, "", ""
}

// back closes the menu, leaves the field, returns to the start page; on it, the activity ends.
func (w *browser) back() bool {
	switch {
	case w.menu, w.act.focus != nil:
		w.blur()
	case w.cur.url != "":
		w.cur.url, w.cur.title, w.cur.blocks, w.cur.form, w.cur.problem, w.cur.loading = "", "", nil, form{}, "", false
		w.cur.loads++
	default:
		return false
	}
	return true
}

func (w *browser) handle(s *System, in Intent) {
	if !s.stored(w.app.Package).agreed {
		if in.Data != "" {
			w.pending = &in
		}
		return
	}
	switch {
	case w.app.Web.OwnStore && in.Data == settingsLink:
		w.openOwnSettings(s)
	case in.Action != "" && in.Action == w.app.Web.PrivateAction:
		w.newTab(true)
		w.edit(s)
		if in.Data != "" {
			w.visit(s, in.Data)
		}
	case in.Action == "android.intent.action.WEB_SEARCH" && in.Extras["query"] != "":
		w.newTab(false)
		w.search(s, in.Extras["query"])
	case in.Data != "":
		if w.cur.url != "" || w.cur.private {
			w.newTab(false)
		}
		w.visit(s, in.Data)
	}
}

// agree is the button of the first run.
func (w *browser) agree(s *System) {
	s.stored(w.app.Package).agreed = true
	w.feed(s)
	if in := w.pending; in != nil {
		w.pending = nil
		w.handle(s, *in)
	}
}

// edit gives the address field the focus: with a fault, once it has moved into place.
func (w *browser) edit(s *System) {
	w.address.text = ""
	w.menu = false
	if late := s.phone.Faults.Get().LateFocus; late > 0 {
		time.AfterFunc(late, func() {
			s.mu.Lock()
			defer s.mu.Unlock()
			w.act.focus = &w.address
		})
		return
	}
	w.act.focus = &w.address
}

// enter is what was typed: an address, or words to search.
func (w *browser) enter(s *System) {
	text := strings.TrimSpace(w.address.text)
	w.blur()
	if text == "" {
		return
	}
	if address, ok := asURL(text); ok {
		w.visit(s, address)
		return
	}
	w.search(s, text)
}

// asURL tells an address from words: it has a scheme, or a dot in its first part and no space.
func asURL(text string) (string, bool) {
	if strings.HasPrefix(text, "http://") || strings.HasPrefix(text, "https://") {
		return text, true
	}
	host, _, _ := strings.Cut(text, "/")
	host, _, _ = strings.Cut(host, "?")
	name, _, _ := strings.Cut(host, ":")
	if strings.ContainsAny(text, " \t") || !strings.Contains(strings.Trim(name, "."), ".") {
		return "", false
	}
	u, err := url.Parse("https://" + text)
	if err != nil || u.Hostname() == "" {
		return "", false
	}
	return "https://" + text, true
}
