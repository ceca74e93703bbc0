package catalogue

// systemApps are apps with a screen on real phones.
func systemApps() []Entry {
	return []Entry{
		{Package: "com.miui.home", Name: "MIUI launcher", Launch: "com.miui.home/.launcher.Launcher", Trust: "unknown",
			Certainty: Sourced, Source: "launcher component: several texts; flush unknown"},
		{Package: "com.mi.android.globallauncher", Name: "POCO launcher", Trust: "unknown",
			Certainty: Unverified, Source: "named in MIUI's code as MiLauncherGlobal; launcher unverified"},
		{Package: "com.google.android.apps.nexuslauncher", Name: "Pixel launcher", Launch: "com.google.android.apps.nexuslauncher/.NexusLauncherActivity", Trust: "system",
			Certainty: Unverified, Source: "general knowledge; flush unknown"},
		{Package: "com.android.settings", Name: "Settings", Launch: "com.android.settings/.Settings", Trust: "unknown",
			Certainty: Sourced, Source: "AOSP; on MIUI the launcher is .MainSettings (unverified)"},
		{Package: "com.android.systemui", Name: "System UI", Trust: "unknown",
			Certainty: Sourced, Source: "AOSP; it has no launcher"},
		{Package: "com.miui.player", Name: "Mi Music", Launch: "com.miui.player/.ui.MusicBrowserActivity", Trust: "unknown", Consent: agree(),
			Certainty: Sourced, Source: "launcher: four texts; consent dialog: unverified; flush unknown"},
		{Package: "com.mi.android.globalFileexplorer", Name: "Mi File Manager (global)", Launch: "com.mi.android.globalFileexplorer/com.android.fileexplorer.FileExplorerTabActivity", Trust: "unknown", Consent: agree(),
			Files: &Files{Storage: storageTab()}, Certainty: Reported, Source: "launcher: one text; consent dialog and the way to the storage: unverified"},
		{Package: "com.android.fileexplorer", Name: "Mi File Manager (China)", Launch: "com.android.fileexplorer/.FileExplorerTabActivity", Trust: "unknown", Consent: agree(),
			Files: &Files{Storage: storageTab()}, Certainty: Reported, Source: "launcher: one text; consent dialog and the way to the storage: unverified"},
		{Package: "com.google.android.documentsui", Name: "Files", Trust: "system",
			Files: &Files{Documents: true}, Certainty: Sourced, Source: "AOSP DocumentsUI: FilesActivity answers VIEW of vnd.android.document/directory; flush unknown"},
		{Package: "com.android.documentsui", Name: "Files (AOSP)", Trust: "system",
			Files: &Files{Documents: true}, Certainty: Sourced, Source: "AOSP DocumentsUI: FilesActivity answers VIEW of vnd.android.document/directory; flush unknown"},
	}
}

// storageTab leads from the first tab of Mi File Manager, which lists recent files, to the folders.
func storageTab() []Selector {
	return []Selector{{Texts: []string{"Storage", "Phone", "Internal storage", "手机", "存储", "Хранилище", "Almacenamiento"}}}
}

// servicesOfSystem are apps without a screen on real phones. WebView and the download manager send for any browser.
func servicesOfSystem() []Entry {
	return []Entry{
		{Package: "com.miui.analytics", Name: "MIUI analytics", Trust: "unknown",
			Certainty: Sourced, Source: "decompiled global build; its flush time is unknown, and its opt-out keys in circulation are unproven"},
		{Package: "com.miui.msa.global", Name: "MIUI ads (global)", Trust: "system",
			Certainty: Sourced, Source: "package list of a real phone; trust unverified (targets >= 24 in new ROMs)"},
		{Package: "com.miui.systemAdSolution", Name: "MIUI ads (China)", Trust: "system",
			Certainty: Sourced, Source: "package list of a real phone; trust unverified (targets >= 24 in new ROMs)"},
		{Package: "com.google.android.gms", Name: "Google Play services", Trust: "system",
			Certainty: Unverified, Source: "general knowledge: own push protocol to mtalk.google.com:5228"},
		{Package: "com.google.android.webview", Name: "Android System WebView", Trust: "unknown", Service: true,
			Certainty: Unverified, Source: "general knowledge: fetches for the app that embeds it, and by itself"},
		{Package: "com.android.webview", Name: "Android System WebView (AOSP)", Trust: "unknown", Service: true,
			Certainty: Unverified, Source: "general knowledge: fetches for the app that embeds it, and by itself"},
		{Package: "com.android.providers.downloads", Name: "Download manager", Trust: "system", Service: true,
			Certainty: Sourced, Source: "AOSP DownloadManager: fetches on behalf of other apps"},
	}
}
