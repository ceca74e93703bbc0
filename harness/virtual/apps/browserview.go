package apps

import (
	"image"
	"slices"

	"github.com/telltale-farm/telltale/harness/virtual/personality"
	"github.com/telltale-farm/telltale/harness/virtual/screen"
)

// words are the ids and texts of a style of browser. Those of Chrome are Chromium's; those of the Mi Browser follow the
// few that are known, its releases change them.
type words struct {
	box, boxHint         string // on the start page
	boxDesc              string
	field                string // takes the text
	menu, menuDesc, item string
	newTab, private      string
	share                string
	leave, closeAll      string
	badge, badgeText     string // on every private screen
	start, startText     string // on the private start page
	consentText, consent string // first run
	consentID, refuse    string
	refuseID             string
	progress             string
	settings             string // opens its own settings, in the menu
	enhanced             string // its switch in the menu of a private tab, before ": on" or ": off"; the title of it on a page
	privacy              string // page of its settings that the switch is on; empty: it is in the menu
	toggles              bool   // the item that opens a private tab leaves it, too
}

var styles = map[string]words{
	personality.MIUI: {
		box: "b4h", boxHint: "Search or enter web address", boxDesc: "搜索框", field: "url",
		menu: "action_menu", menuDesc: "Menu", item: "android:id/title",
		newTab: "New tab", private: "New incognito tab", share: "Share", leave: "Exit incognito", closeAll: "Close all tabs",
		badge: "incognito_label", badgeText: "Incognito mode", start: "incognito_title", startText: "You are browsing in incognito mode",
		consentText: "To use this app, agree to the User Agreement and the Privacy Policy.", consent: "Agree", consentID: "android:id/button1",
		refuse: "Exit", refuseID: "android:id/button2", progress: "progress", enhanced: "Enhanced incognito mode",
	},
	personality.Renamed: {
		box: "xt", boxHint: "Search or enter web address", boxDesc: "Search box", field: "ui",
		menu: "aq", menuDesc: "Menu", item: "tv",
		newTab: "New tab", private: "New incognito tab", share: "Share", leave: "New incognito tab", closeAll: "Close all tabs",
		badge: "kk", badgeText: "Incognito mode", start: "jz", startText: "You've gone incognito",
		consentText: "To use this app, agree to the User Agreement and the Privacy Policy.", consent: "Agree", consentID: "q7",
		refuse: "Exit", refuseID: "q8", progress: "pb", settings: "Settings", enhanced: "Help us improve Mi Browser",
		privacy: "Privacy & security", toggles: true,
	},
	personality.Chrome: {
		box: "search_box_text", boxHint: "Search or type web address", field: "url_bar",
		menu: "menu_button", menuDesc: "More options", item: "menu_item_text",
		newTab: "New tab", private: "New Incognito tab", share: "Share…", leave: "Close Incognito tabs", closeAll: "Close all tabs",
		badge: "incognito_badge", badgeText: "Incognito", start: "new_tab_incognito_title", startText: "You’ve gone Incognito",
		consentText: "By using Chrome, you agree to the Google Terms of Service.", consent: "Accept & continue", consentID: "terms_accept",
		refuse: "No thanks", refuseID: "negative_button", progress: "toolbar_progress",
	},
	personality.Fenix: {
		box: "mozac_browser_toolbar_url_view", boxHint: "Search or enter address", field: "mozac_browser_toolbar_edit_url_view",
		menu: "mozac_browser_toolbar_menu", menuDesc: "Menu", item: "text",
		newTab: "New tab", private: "New private tab", share: "Share", leave: "Disable private browsing", closeAll: "Close all tabs",
		badge: "private_badge", badgeText: "Private browsing", start: "private_session_description",
		startText:   "Firefox clears your search and browsing history from private tabs when you close them",
		consentText: "We love keeping you safe. Sync and set it as your default browser?", consent: "Not now", consentID: "not_now",
		refuse: "Exit", refuseID: "exit", progress: "progress", settings: "Settings",
	},
}

func (w *browser) build(s *System, b *builder) {
	v := styles[w.app.Web.Style]
	if !s.stored(w.app.Package).agreed {
		b.header("Welcome to "+w.app.Label, nil)
		b.text("android:id/message", v.consentText, screen.Label, screen.Look{})
		b.down(40)
		b.button(v.consentID, v.consent, func() { w.agree(s) })
		b.button(v.refuseID, v.refuse, func() { s.finish(w.act) })
		return
	}
	if w.cur.private {
		b.root.Look.Fill = screen.LightGrey
	}
	w.address.enter = func() { w.enter(s) }
	if w.cur.url == "" && w.act.focus == nil {
		w.startPage(s, b, v)
	} else {
		w.toolbar(s, b, v)
		w.content(s, b, v)
	}
	if w.menu {
		w.menuList(s, b, v)
	}
}

// bar draws what is at the top of every screen: the menu button, and the badge of the private mode.
func (w *browser) bar(b *builder, v words) {
	at := b.y
	b.add(&screen.View{ID: v.menu, Desc: v.menuDesc, Class: screen.Icon, Clickable: true, Focusable: true,
		Bounds: b.rect(-64, -4, 48), Look: screen.Look{Border: true, Size: 1}, Tap: func() { w.menu = !w.menu }})
	if w.cur.private {
		b.y += b.dp(50)
		b.add(&screen.View{ID: v.badge, Text: v.badgeText, Class: screen.Label, Bounds: b.rect(0, 0, 24),
			Look: screen.Look{Fill: screen.Purple, Ink: screen.White, Centre: true, Size: 1}})
	}
	b.y = at
}

func (w *browser) startPage(s *System, b *builder, v words) {
	w.bar(b, v)
	b.down(140)
	if w.cur.private {
		b.add(&screen.View{ID: v.start, Text: v.startText, Class: screen.Label, Bounds: b.rect(16, -16, 40), Look: screen.Look{Centre: true}})
	} else {
		b.add(&screen.View{ID: "logo", Text: w.app.Label, Class: screen.Label, Bounds: b.rect(16, -16, 40), Look: screen.Look{Size: 3, Centre: true}})
	}
	b.down(60)
	b.add(&screen.View{ID: v.box, Text: v.boxHint, Desc: v.boxDesc, Class: screen.Label, Clickable: true, Focusable: true,
		Bounds: b.rect(16, -16, 48), Tap: func() { w.edit(s) }, Look: screen.Look{Fill: screen.White, Ink: screen.Grey, Border: true}})
	if !w.cur.private {
		w.feedView(s, b)
	}
}

func (w *browser) toolbar(s *System, b *builder, v words) {
	w.bar(b, v)
	r := b.rect(8, -72, 48)
	if w.act.focus == &w.address {
		b.edit(v.field, v.boxHint, &w.address, r)
	} else {
		b.add(&screen.View{ID: v.field, Text: w.shown(), Class: screen.Edit, Clickable: true, Focusable: true, LongClickable: true, Bounds: r, Tap: func() { w.edit(s) }})
	}
	b.down(52)
	if w.cur.private {
		b.down(24)
	}
}

func (w *browser) content(s *System, b *builder, v words) {
	t := w.cur
	if t.loading {
		b.add(&screen.View{ID: v.progress, Desc: "Loading", Class: "android.widget.ProgressBar", Bounds: b.rect(0, 0, 4), Look: screen.Look{Fill: screen.Blue}})
		return
	}
	if t.url == "" {
		return
	}
	b.down(4)
	web := &screen.View{Class: screen.Web, Text: t.title, Focusable: true, Scrollable: true,
		Bounds: image.Rect(0, b.y, b.w, b.root.Bounds.Max.Y)}
	b.add(web)
	b.into = web
	b.y -= b.act.scroll
	b.text("", t.title, screen.Plain, screen.Look{Size: 3})
	w.formView(s, b)
	for _, block := range t.blocks {
		b.text("", block, screen.Plain, screen.Look{})
	}
	b.end()
	b.into = b.root
}

func (w *browser) menuList(s *System, b *builder, v words) {
	items := []struct {
		text string
		do   func()
	}{
		{v.newTab, func() { w.newTab(false) }},
		{v.private, func() { w.newTab(true) }},
		{v.closeAll, func() { w.closeTabs(true) }},
	}
	if v.toggles && w.cur.private {
		items = slices.Delete(items, 1, 2) // leaving stands below, under the same name
	}
	if w.app.Web.Enhanced && w.cur.private && v.privacy == "" {
		d := s.stored(w.app.Package)
		items = append(items, struct {
			text string
			do   func()
		}{v.enhanced + map[bool]string{true: ": off", false: ": on"}[d.plain], func() { d.plain = !d.plain; w.blur() }})
	}
	if v.settings != "" {
		items = append(items, struct {
			text string
			do   func()
		}{v.settings, func() { w.blur(); w.openSettings(s, v) }})
	}
	if w.cur.url != "" {
		items = append(items, struct {
			text string
			do   func()
		}{v.share, func() { w.share(s) }})
	}
	if w.cur.private {
		items = append(items, struct {
			text string
			do   func()
		}{v.leave, func() { w.leavePrivate(s) }})
	}
	box := image.Rect(b.w/3, b.dp(barDP+4), b.w-b.dp(4), b.dp(barDP+12+52*len(items)))
	list := &screen.View{ID: "app_menu_list", Class: screen.List, Bounds: box, Look: screen.Look{Fill: screen.White, Border: true}}
	b.into = b.root
	b.add(list)
	b.into = list
	b.y = box.Min.Y + b.dp(4)
	for _, item := range items {
		r := image.Rect(box.Min.X, b.y, box.Max.X, b.y+b.dp(52))
		row := &screen.View{Class: screen.Linear, Bounds: r, Clickable: true, Tap: item.do, Package: b.pkg}
		b.add(row)
		b.into = row
		b.add(&screen.View{ID: v.item, Text: item.text, Class: screen.Label, Bounds: r.Inset(b.dp(4))})
		b.into = list
		b.down(52)
	}
}
