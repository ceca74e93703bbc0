package catalogue

import "time"

// virtualFlush is how long an app of a virtual phone holds an event back at most: 300 ms, and what a busy computer adds.
const virtualFlush = 400 * time.Millisecond

const virtualSource = "harness/virtual: its apps are the project's own"

// virtualBrowsers are the browsers of every virtual phone.
func virtualBrowsers() []Entry {
	return []Entry{{
		Package: "com.android.browser", Virtual: "*", Name: "Mi Browser", Flush: virtualFlush,
		Launch: "com.android.browser/.BrowserActivity", Trust: "user",
		Browser: &Browser{
			SearchBox: []Selector{{ID: "com.android.browser:id/search_hint"}, {ID: "com.android.browser:id/url"}},
			URLField:  []Selector{{ID: "com.android.browser:id/url"}},
			Private: Private{
				Steps:  []Selector{{ID: "com.android.browser:id/menu"}, {Texts: []string{"Incognito mode"}}},
				Marker: []Selector{{ID: "com.android.browser:id/incognito_mark"}},
			},
		},
		Consent: agree(), Certainty: Measured, Source: virtualSource,
	}, {
		Package: "com.android.chrome", Virtual: "*", Name: "Chrome", Flush: virtualFlush,
		Launch: "com.android.chrome/com.google.android.apps.chrome.Main", Trust: "user",
		Browser: chromium("com.android.chrome"), Certainty: Measured, Source: virtualSource,
	}}
}

// virtualSystem are the other apps of virtual phones.
func virtualSystem() []Entry {
	app := func(pkg, name, launch string) Entry {
		return Entry{Package: pkg, Virtual: "*", Name: name, Launch: launch, Flush: virtualFlush, Trust: "system", Certainty: Measured, Source: virtualSource}
	}
	return []Entry{
		app("com.miui.home", "MIUI launcher", "com.miui.home/.launcher.Launcher"),
		app("com.google.android.apps.nexuslauncher", "Pixel launcher", "com.google.android.apps.nexuslauncher/.NexusLauncherActivity"),
		app("com.android.settings", "Settings", "com.android.settings/.Settings"),
		app("com.android.systemui", "System UI", ""),
		app("com.miui.analytics", "MIUI analytics", ""),
		app("com.miui.player", "Mi Music", "com.miui.player/.ui.MusicBrowserActivity"),
		app("com.google.android.gms", "Google Play services", ""),
	}
}
