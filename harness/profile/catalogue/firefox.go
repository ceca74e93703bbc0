package catalogue

const firefoxPackage = "org.mozilla.firefox"

// firefox is Firefox for Android. Its flush time is not known.
func firefox() Entry {
	id := func(name string) string { return firefoxPackage + ":id/" + name }
	return Entry{
		Package: firefoxPackage, Name: "Firefox", Launch: firefoxPackage + "/.App", Trust: "own", OwnStore: firefoxSwitch(),
		Browser: &Browser{
			SearchBox: []Selector{{ID: id("mozac_browser_toolbar_url_view")}, {Percent: [2]int{50, 8}}},
			URLField:  []Selector{{ID: id("mozac_browser_toolbar_edit_url_view")}, {Class: "android.widget.EditText"}},
			Private: Private{
				Intent: "-a org.mozilla.fenix.OPEN_PRIVATE_TAB -n " + firefoxPackage + "/org.mozilla.fenix.IntentReceiverActivity",
				Marker: []Selector{{Descs: []string{"Private browsing", "Disable private browsing"}}, {Texts: []string{"Private browsing"}}},
				Leave:  []Selector{{Descs: []string{"Disable private browsing"}}},
			},
		},
		Consent:   []Selector{{Texts: []string{"Not now", "Skip"}}},
		Certainty: Sourced, Source: "launcher, private-tab intent, view ids and own certificate store: fenix source of 2023-02; newer releases have a Compose toolbar without these ids; markers and onboarding: unverified",
	}
}

// firefoxSwitch is the way to "Use third party CA certificates". The texts of the hidden pages are not translated
// (static_strings.xml). The page with the switch shows until the process ends (Settings.showSecretDebugMenuThisSession),
// in releases since 2025 for as long as their own switch for that is on.
func firefoxSwitch() *OwnStore {
	id := func(name string) string { return firefoxPackage + ":id/" + name }
	return &OwnStore{
		Intent: "-a android.intent.action.VIEW -d fenix://settings " + firefoxPackage,
		Menu: []Leg{
			{What: "the menu", At: []Selector{{ID: id("mozac_browser_toolbar_menu")}, {ID: id("menuButton")}, {Descs: []string{"Menu", "More options", "Highlighted"}}}},
			{What: "Settings", Scroll: true, At: []Selector{{Texts: []string{"Settings", "Einstellungen", "Paramètres", "Ajustes", "Impostazioni", "Configurações", "Definições", "Настройки", "设置", "設定"}}}},
		},
		Reveal: []Leg{
			{What: "About Firefox", Scroll: true, At: []Selector{{Texts: []string{"About Firefox", "Über Firefox", "À propos de Firefox", "Acerca de Firefox", "Informazioni su Firefox", "Sobre o Firefox", "Acerca do Firefox", "О Firefox", "关于 Firefox", "關於 Firefox"}}}},
			{What: "its logo", Times: 5, At: []Selector{{ID: id("wordmark")}, {Descs: []string{"Firefox logo"}}, {Percent: [2]int{50, 18}}}},
		},
		Page: []Leg{
			{What: "Secret Settings", Scroll: true, At: []Selector{{Texts: []string{"Secret Settings"}}}},
		},
		Switch: Leg{What: "Use third party CA certificates", Scroll: true, At: []Selector{
			{Texts: []string{"Use third party CA certificates"}},
			{Texts: []string{"Allows the use of third party certificates from the Android CA store"}},
		}},
		Words:     `in Firefox open Settings > About Firefox and tap the logo five times, go back, open Settings > Secret Settings, and switch "Use third party CA certificates" %s`,
		Hidden:    "Secret Settings show until Firefox's process ends, so its force-stop hides them again; a release that kept them would show them until its data are cleared, and adb cannot tell",
		Certainty: Sourced, Source: "fenix: SecretDebugMenuTrigger (five taps, counted anew at each return to the page), SecretSettingsFragment, static_strings.xml, fragment_about.xml, " +
			"HomeDeepLinkIntentProcessor (fenix://settings), 2020 to 2025; that newest releases keep the logo's id, the point of the logo, and other languages than English: unverified",
	}
}
