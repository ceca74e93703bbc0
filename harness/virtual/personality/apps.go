package personality

import "github.com/telltale-farm/telltale/harness/virtual/network"

// Collectors of the imitated kits, under the names that blocklists and decompiled builds give them.
const (
	SensorsURL  = "https://sa.api.intl.miui.com/sa?project=global_browser_mini&r=GB"
	OneTrackURL = "https://tracking.intl.miui.com/track/v4/o"
)

// FeedURL is where the Mi Browser's start page has its news from; the name is the project's own.
const FeedURL = "https://feed.example-news.test/items"

// Search engines.
const (
	DuckDuckGo = "https://duckduckgo.com/?q=%s"
	Google     = "https://www.google.com/search?q=%s"
)

// MiBrowser is the stock browser of a MIUI phone.
func MiBrowser() App {
	return App{
		Package: "com.android.browser", Label: "Mi Browser", Kind: Web, UID: 10110, Activity: ".BrowserActivity",
		Version: "11.4.3-gn", VersionCode: 20200312, TargetSDK: 28, Trust: network.TrustUser, Stack: network.Chromium,
		Signer: "MIUI (virtual)", Classes: []string{"com/android/browser/BrowserActivity", "com/sensorsdata/analytics/android/sdk/SensorsDataAPI"},
		Web: &Browser{
			Style: MIUI, Engine: "duckduckgo", SearchURL: DuckDuckGo, Feed: FeedURL,
			UserAgent: "Mozilla/5.0 (Linux; U; Android 9; en-gb; Redmi Note 8 Build/PKQ1.190616.001) AppleWebKit/537.36 " +
				"(KHTML, like Gecko) Version/4.0 Chrome/71.0.3578.141 Mobile Safari/537.36 XiaoMi/MiuiBrowser/11.4.3-gn",
		},
	}
}

// ChromeApp is Chrome.
func ChromeApp() App {
	return App{
		Package: "com.android.chrome", Label: "Chrome", Kind: Web, UID: 10121, Activity: "com.google.android.apps.chrome.Main",
		Version: "80.0.3987.149", VersionCode: 398714932, TargetSDK: 29, Trust: network.TrustUser, Stack: network.Chromium,
		Signer: "Android (virtual)", Classes: []string{"org/chromium/chrome/browser/ChromeTabbedActivity"},
		Web: &Browser{
			Style: Chrome, Engine: "google", SearchURL: Google, Favicons: true, Secure: true,
			PrivateAction: "org.chromium.chrome.browser.incognito.OPEN_PRIVATE_TAB",
			UserAgent: "Mozilla/5.0 (Linux; Android 8.1.0; Mi A1) AppleWebKit/537.36 (KHTML, like Gecko) " +
				"Chrome/80.0.3987.149 Mobile Safari/537.36",
		},
	}
}

// FirefoxApp is Firefox for Android: it believes what its user installed only after a hidden switch of its own.
func FirefoxApp() App {
	return App{
		Package: "org.mozilla.firefox", Label: "Firefox", Kind: Web, UID: 10137, Activity: ".App", Third: true,
		Version: "110.1.0", VersionCode: 2015938179, TargetSDK: 33, Trust: network.TrustUser, Stack: network.Chromium,
		Signer: "Mozilla (virtual)", Classes: []string{"org/mozilla/fenix/HomeActivity"},
		Web: &Browser{
			Style: Fenix, Engine: "duckduckgo", SearchURL: DuckDuckGo, OwnStore: true, Secure: true,
			PrivateAction: "org.mozilla.fenix.OPEN_PRIVATE_TAB", Receiver: "org.mozilla.fenix.IntentReceiverActivity",
			UserAgent: "Mozilla/5.0 (Android 11; Mobile; rv:109.0) Gecko/110.0 Firefox/110.0",
		},
	}
}

// Analytics is MIUI's reporting service; it has no screen.
func Analytics() App {
	return App{Package: "com.miui.analytics", Label: "Analytics", Kind: Service, UID: 10152, Version: "2020.03.10.0", VersionCode: 2020031000, TargetSDK: 28}
}

func systemApps(miui bool) []App {
	home := App{Package: "com.google.android.apps.nexuslauncher", Label: "Launcher", Kind: Launcher, UID: 10044, Activity: ".NexusLauncherActivity", Version: "8.1.0", VersionCode: 27, TargetSDK: 27}
	settings := App{Package: "com.android.settings", Label: "Settings", Kind: Settings, UID: 1000, Activity: ".Settings", Version: "8.1.0", VersionCode: 27, TargetSDK: 27}
	music := App{Package: "com.google.android.music", Label: "Music", Kind: Player, UID: 10086, Activity: ".ui.HomeActivity", Version: "8.7.7", VersionCode: 84117, TargetSDK: 27}
	files := App{Package: "com.google.android.documentsui", Label: "Files", Kind: Files, UID: 10087, Activity: "com.android.documentsui.LauncherActivity", Version: "8.1.0", VersionCode: 27, TargetSDK: 27}
	if miui {
		music = App{Package: "com.miui.player", Label: "Music", Kind: Player, UID: 10086, Activity: ".ui.MusicBrowserActivity", Version: "4.19.5.1i", VersionCode: 4195, TargetSDK: 28}
		files = App{Package: "com.mi.android.globalFileexplorer", Label: "File Manager", Kind: Files, UID: 10087, Activity: "com.android.fileexplorer.FileExplorerTabActivity", Version: "1-190617", VersionCode: 190617, TargetSDK: 28}
		home = App{Package: "com.miui.home", Label: "System launcher", Kind: Launcher, UID: 10044, Activity: ".launcher.Launcher", Version: "4.10.6.1076", VersionCode: 410061076, TargetSDK: 28}
		settings.Activity, settings.Version, settings.VersionCode = ".MainSettings", "9", 28
	}
	return []App{
		home, settings, music, files,
		{Package: "android", Label: "Android System", Kind: Stub, UID: 1000, Version: "9", VersionCode: 28, TargetSDK: 28},
		{Package: "com.android.systemui", Label: "System UI", Kind: SystemUI, UID: 10062, Version: "9", VersionCode: 28, TargetSDK: 28},
		{Package: "com.android.shell", Label: "Shell", Kind: Service, UID: 2000, Version: "9", VersionCode: 28, TargetSDK: 28},
		{Package: "com.android.calculator2", Label: "Calculator", Kind: Stub, UID: 10071, Activity: ".Calculator", Version: "10.0.15", VersionCode: 15, TargetSDK: 28},
		{Package: "com.android.deskclock", Label: "Clock", Kind: Stub, UID: 10072, Activity: ".DeskClock", Version: "10.3.2", VersionCode: 103, TargetSDK: 28},
	}
}
