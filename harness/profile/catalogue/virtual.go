package catalogue

import "time"

// virtualFlush is how long an app of a virtual phone holds an event back at most: 300 ms, and what a busy computer adds.
const virtualFlush = 400 * time.Millisecond

const virtualSource = "harness/virtual: its apps are the project's own"

// virtualBrowsers are the browsers of virtual phones. Their ids are those of harness/virtual/apps.
func virtualBrowsers() []Entry {
	return append(enhancedBrowsers(), virtualMi(), virtualChrome(), virtualFirefox())
}

// enhancedBrowsers are the Mi browsers of personalities of May 2020 and later, which have the switch.
func enhancedBrowsers() []Entry {
	var out []Entry
	for _, kind := range []string{"hyperos", "mi-10-may-2020", "redmi-note-8-may-2020"} {
		e := virtualMi()
		e.Virtual = kind
		e.Browser.Private.Enhanced = Switch{
			Name:  "Enhanced incognito mode",
			Way:   []Leg{{What: "the menu", At: []Selector{{ID: "com.android.browser:id/action_menu"}}}},
			On:    []Selector{{Texts: []string{"Enhanced incognito mode: on"}}},
			Off:   []Selector{{Texts: []string{"Enhanced incognito mode: off"}}},
			Words: `in Mi Browser open an incognito tab, tap its menu, and make "Enhanced incognito mode" %s`, Certainty: Measured, Source: virtualSource,
		}
		out = append(out, e)
	}
	return append(out, textsOnly())
}

// textsOnly is the Mi Browser of a release whose ids nobody knows: it is driven by what the catalogue says of real ones, by
// texts and descriptions, down to the switch on a page of its settings.
func textsOnly() Entry {
	e := virtualMi()
	e.Virtual = "mi-10-renamed"
	e.Browser, e.Consent = stockMi().Browser, stockMi().Consent
	return e
}

func virtualMi() Entry {
	mi := func(name string) string { return "com.android.browser:id/" + name }
	return Entry{
		Package: "com.android.browser", Virtual: "*", Name: "Mi Browser", Flush: virtualFlush,
		Launch: "com.android.browser/.BrowserActivity", Trust: "user",
		Browser: &Browser{
			SearchBox: []Selector{{ID: mi("b4h")}, {ID: mi("url")}},
			URLField:  []Selector{{ID: mi("url")}},
			Private: Private{
				Steps:  []Selector{{ID: mi("action_menu")}, {Texts: []string{"New incognito tab"}}},
				Marker: []Selector{{ID: mi("incognito_label")}, {ID: mi("incognito_title")}},
				Leave:  []Selector{{ID: mi("action_menu")}, {Texts: []string{"Exit incognito"}}},
			},
			Clear: []Selector{{ID: mi("action_menu")}, {Texts: []string{"Close all tabs"}}},
			Feed:  []Selector{{ID: mi("news_title")}},
			Share: []Selector{{ID: mi("action_menu")}, {Texts: []string{"Share"}}},
		},
		Consent: []Selector{{ID: "android:id/button1", Texts: []string{"Agree"}}}, Certainty: Measured, Source: virtualSource,
	}
}

func virtualChrome() Entry {
	return Entry{
		Package: "com.android.chrome", Virtual: "*", Name: "Chrome", Flush: virtualFlush,
		Launch: "com.android.chrome/com.google.android.apps.chrome.Main", Trust: "user",
		Browser: chromium("com.android.chrome"),
		Consent: []Selector{{ID: "com.android.chrome:id/terms_accept"}}, Certainty: Measured, Source: virtualSource,
	}
}

// virtualFirefox is driven as a real one, but for the way out of its private mode.
func virtualFirefox() Entry {
	e := firefox()
	e.Virtual, e.Flush, e.Certainty, e.Source = "*", virtualFlush, Measured, virtualSource
	e.Browser.Private.Leave = []Selector{{ID: firefoxPackage + ":id/mozac_browser_toolbar_menu"}, {Texts: []string{"Disable private browsing"}}}
	return e
}

// virtualSystem are the other apps of virtual phones.
func virtualSystem() []Entry {
	app := func(pkg, name, launch string) Entry {
		return Entry{Package: pkg, Virtual: "*", Name: name, Launch: launch, Flush: virtualFlush, Trust: "system", Certainty: Measured, Source: virtualSource}
	}
	player := app("com.miui.player", "Mi Music", "com.miui.player/.ui.MusicBrowserActivity")
	player.Consent = []Selector{{ID: "android:id/button1", Texts: []string{"Agree"}}}
	files := app("com.mi.android.globalFileexplorer", "Mi File Manager", "com.mi.android.globalFileexplorer/com.android.fileexplorer.FileExplorerTabActivity")
	files.Consent = player.Consent
	files.Files = &Files{Storage: []Selector{{Texts: []string{"Storage"}}}}
	documents := app("com.google.android.documentsui", "Files", "com.google.android.documentsui/com.android.documentsui.LauncherActivity")
	documents.Files = &Files{Documents: true}
	return []Entry{
		player, files, documents,
		app("com.google.android.music", "Music", "com.google.android.music/.ui.HomeActivity"),
		app("com.miui.home", "MIUI launcher", "com.miui.home/.launcher.Launcher"),
		app("com.google.android.apps.nexuslauncher", "Pixel launcher", "com.google.android.apps.nexuslauncher/.NexusLauncherActivity"),
		app("com.android.settings", "Settings", "com.android.settings/.Settings"),
		app("android", "Android System", ""),
		app("com.android.systemui", "System UI", ""),
		app("com.android.shell", "Shell", ""),
		app("com.android.calculator2", "Calculator", "com.android.calculator2/.Calculator"),
		app("com.android.deskclock", "Clock", "com.android.deskclock/.DeskClock"),
		app("com.miui.analytics", "MIUI analytics", ""),
		app("com.google.android.gms", "Google Play services", ""),
	}
}
