package catalogue

// otherBrowsers are browsers of other makers on real phones. None of their flush times is known.
func otherBrowsers() []Entry {
	brave := chromium("com.brave.browser")
	brave.Private.Steps = []Selector{{ID: "com.brave.browser:id/menu_button"}, {Texts: []string{"New private tab"}}}
	return []Entry{{
		Package: "com.android.chrome", Name: "Chrome", Launch: "com.android.chrome/com.google.android.apps.chrome.Main", Trust: "user",
		Browser: chromium("com.android.chrome"),
		Consent: []Selector{
			{ID: "com.android.chrome:id/signin_fre_dismiss_button"},
			{ID: "com.android.chrome:id/terms_accept"},
			{ID: "com.android.chrome:id/negative_button"},
		},
		Certainty: Sourced, Source: "ids and incognito intents: Chromium's source; that it honours user CAs, and its first-run ids: unverified",
	}, {
		Package: "com.brave.browser", Name: "Brave", Launch: "com.brave.browser/com.google.android.apps.chrome.Main", Trust: "user",
		Browser: brave, Consent: []Selector{{Texts: []string{"Not now", "Skip", "Continue"}}},
		Certainty: Reported, Source: "ids of Chromium's source under its own package; private tab's name, trust and first run: unverified",
	}, firefox(), {
		Package: "com.duckduckgo.mobile.android", Name: "DuckDuckGo", Launch: "com.duckduckgo.mobile.android/com.duckduckgo.app.launch.Launcher", Trust: "system",
		Browser: &Browser{
			SearchBox: []Selector{{ID: "com.duckduckgo.mobile.android:id/omnibarTextInput"}},
			URLField:  []Selector{{ID: "com.duckduckgo.mobile.android:id/omnibarTextInput"}},
			Clear:     []Selector{{ID: "com.duckduckgo.mobile.android:id/fireIconMenu"}},
		},
		Consent:   []Selector{{ID: "com.duckduckgo.mobile.android:id/primaryCta"}},
		Certainty: Sourced, Source: "duckduckgo/Android: manifest, layouts, network_security_config.xml; it has no private mode, only the Fire button",
	}}
}

// chromium is how a browser of Chromium's source is driven. The private-tab intent is exported but disabled in the
// manifest until Chrome enables it at run time, so the menu stands behind it.
func chromium(pkg string) *Browser {
	id := func(name string) string { return pkg + ":id/" + name }
	return &Browser{
		SearchBox: []Selector{{ID: id("search_box_text")}, {ID: id("url_bar")}},
		URLField:  []Selector{{ID: id("url_bar")}},
		Private: Private{
			Intent: "-a org.chromium.chrome.browser.incognito.OPEN_PRIVATE_TAB -p " + pkg,
			Steps:  []Selector{{ID: id("menu_button")}, {Texts: []string{"New Incognito tab", "New incognito tab"}}},
			Marker: []Selector{{ID: id("new_tab_incognito_title")}, {ID: id("incognito_badge")}},
			Leave:  []Selector{{ID: id("menu_button")}, {Texts: []string{"New tab"}}},
		},
		Share:    []Selector{{ID: id("menu_button")}, {Texts: []string{"Share", "Share\u2026", "分享", "Поделиться", "Compartir"}}},
		Download: []Selector{{ID: id("positive_button")}},
	}
}
