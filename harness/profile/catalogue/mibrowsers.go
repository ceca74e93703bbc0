package catalogue

import "time"

// sensorsFlush is the default interval of the Sensors Analytics kit that the Mi browsers embed
// (sensorsdata/sa-sdk-android, ISensorsDataAPI.java, 3.2.10 of 2019-12 and 6.8.5).
const sensorsFlush = 15 * time.Second

// miBrowsers are Xiaomi's own browsers on real phones. Resource ids of the stock browser are obfuscated and change with
// each release, so texts and a point on the screen stand behind them.
func miBrowsers() []Entry {
	incognito := []string{"Incognito", "Incognito mode", "New incognito tab", "无痕浏览", "无痕模式"}
	share := []string{"Share", "分享", "Поделиться", "Compartir"} // unverified, as is the question before a download
	download := []Selector{{Texts: []string{"Download", "下载", "Скачать", "Descargar"}}}
	stock := Entry{
		Package: "com.android.browser", Name: "Mi Browser (China, older global)",
		Flush: sensorsFlush, Launch: "com.android.browser/.BrowserActivity", Trust: "unknown",
		Browser: &Browser{
			SearchBox: []Selector{{ID: "com.android.browser:id/b4h"}, {Descs: []string{"搜索框", "Search box"}}, {Percent: [2]int{50, 8}}},
			URLField:  []Selector{{ID: "com.android.browser:id/url", Class: "android.widget.EditText"}, {Class: "android.widget.EditText"}},
			Private: Private{
				Steps:  []Selector{{Descs: []string{"Menu", "菜单"}}, {Texts: incognito}},
				Marker: []Selector{{Texts: []string{"You've gone incognito", "Incognito mode", "无痕模式", "无痕浏览"}}},
				Leave:  []Selector{{Descs: []string{"Menu", "菜单"}}, {Texts: incognito}},

				Enhanced: miEnhanced("Mi Browser", Leg{What: "the menu", At: []Selector{{Descs: []string{"Menu", "菜单"}}}}),
			},
			Share:    []Selector{{Descs: []string{"Menu", "菜单"}}, {Texts: share}},
			Download: download,
		},
		Consent:   append([]Selector{{ID: "android:id/button1"}}, agree()...),
		Certainty: Reported, Source: "launcher: two public uiautomator2 scripts; search box id and description: one script; private mode and consent: unverified; flush: Sensors Analytics default",
	}
	return []Entry{stock, {
		Package: "com.mi.globalbrowser", Name: "Mi Browser (global)",
		Flush: sensorsFlush, Launch: "com.mi.globalbrowser/com.android.browser.BrowserActivity", Trust: "unknown",
		Browser: &Browser{
			SearchBox: []Selector{{ID: "com.mi.globalbrowser:id/search_hint"}, {ID: "com.mi.globalbrowser:id/url"}, {ID: "com.mi.globalbrowser:id/url_bar"}, {ID: "com.mi.globalbrowser:id/url_address"}, {Percent: [2]int{50, 8}}},
			URLField:  []Selector{{ID: "com.mi.globalbrowser:id/url", Class: "android.widget.EditText"}, {Class: "android.widget.EditText"}},
			Private: Private{
				Steps:  []Selector{{Texts: []string{"Me", "Profile", "Профиль"}}, {Texts: incognito}},
				Marker: []Selector{{Texts: []string{"You've gone incognito", "Incognito mode"}}},
				Leave:  []Selector{{Texts: []string{"Me", "Profile", "Профиль"}}, {Texts: incognito}},

				Enhanced: miEnhanced("Mi Browser", Leg{What: "the page of its owner", At: []Selector{{Texts: []string{"Me", "Profile", "Профиль"}}, {Descs: []string{"Menu", "More options"}}}}),
			},
			Share:    []Selector{{Descs: []string{"Menu", "More options"}}, {Texts: share}},
			Download: download,
			Clear:    []Selector{{ID: "com.mi.globalbrowser:id/nav_close_all"}, {ID: "android:id/button1"}},
		},
		Consent:   append(agree(), permissionDialogs()...),
		Certainty: Reported, Source: "launcher: four texts; ids of the address bar: third parties disagree; closing tabs: one uiautomator2 script; incognito toggle: palant.info 2020; flush: Sensors Analytics default",
	}, {
		Package: "com.mi.globalbrowser.mini", Name: "Mint Browser",
		Flush: sensorsFlush, Trust: "unknown",
		Browser: &Browser{
			SearchBox: []Selector{{Class: "android.widget.EditText"}, {Percent: [2]int{50, 8}}},
			URLField:  []Selector{{Class: "android.widget.EditText"}},
			Private: Private{
				Steps:  []Selector{{Descs: []string{"Menu", "More options"}}, {Texts: incognito}},
				Marker: []Selector{{Texts: []string{"You've gone incognito", "Incognito mode"}}},
				Leave:  []Selector{{Descs: []string{"Menu", "More options"}}, {Texts: incognito}},

				Enhanced: miEnhanced("Mint Browser", Leg{What: "the menu", At: []Selector{{Descs: []string{"Menu", "More options"}}}}),
			},
			Share:    []Selector{{Descs: []string{"Menu", "More options"}}, {Texts: share}},
			Download: download,
		},
		Consent:   agree(),
		Certainty: Unverified, Source: "identifiers in palant.info 2020; selectors and launcher unverified: resolved on the phone; flush: Sensors Analytics default",
	}}
}

// stockMi is the stock browser of a real phone.
func stockMi() Entry { return miBrowsers()[0] }

// miEnhanced is the switch that Mi Browser has since 12.1.4 and Mint Browser since 3.4.3, both of 4 May 2020. On, which it is at
// first, it sends what is done in the incognito mode; its title said the contrary, and was changed later that month. Where it
// stands is known from one sentence of the vendor's ("in incognito mode"), so the way goes by the tab's menu, its settings
// and their page on privacy, and takes the switch where it first shows.
func miEnhanced(app string, menu Leg) Switch {
	titles := []string{"Enhanced incognito mode", "Help us improve " + app, "Modo Incognito Aprimorado", "增强无痕模式", "增强型无痕模式", "Улучшенный режим инкогнито",
		"Расширенный режим инкогнито", "Modo incógnito mejorado", "उन्नत गुप्त मोड"}
	return Switch{
		Name: "Enhanced incognito mode",
		Way: []Leg{
			menu,
			{What: "Settings", Scroll: true, At: []Selector{{Texts: []string{"Settings", "设置", "Настройки", "Configurações", "Ajustes", "सेटिंग्स"}}, {Descs: []string{"Settings", "设置", "Настройки"}}}},
			{What: "privacy", Scroll: true, At: []Selector{{Texts: []string{"Privacy & security", "Privacy and security", "Privacy", "Incognito mode settings", "隐私与安全", "隐私和安全", "隐私设置", "隐私",
				"Конфиденциальность и безопасность", "Конфиденциальность", "Privacidade e segurança", "Privacidad y seguridad", "गोपनीयता और सुरक्षा", "गोपनीयता"}}}},
		},
		On: []Selector{{Texts: titles, Checked: CheckedOn}}, Off: []Selector{{Texts: titles, Checked: CheckedOff}},
		Words:     "in " + app + ` open an incognito tab, then its menu > Settings > Privacy, and make "Enhanced incognito mode" (later "Help us improve ` + app + `") %s`,
		Certainty: Unverified,
		Source: "title: palant.info 2020-05-08 (from the code of Mint Browser 3.4.3); later title and that off sends nothing: a press text of May 2020, in Portuguese; since which versions, and " +
			"that it is reached in the incognito mode: blog.mi.com 2020-05-04; its page, and titles in other languages, which are our translations: unverified",
	}
}

// agree are the buttons of a first-run consent dialog. Whether one may be tapped at all is the scenario's decision.
func agree() []Selector {
	return []Selector{{Texts: []string{"Agree", "Accept", "Continue", "OK", "Got it", "Allow", "同意", "同意并继续", "继续", "Принять", "Aceptar"}}}
}

// permissionDialogs are the buttons of Android's and MIUI's permission dialogs.
func permissionDialogs() []Selector {
	return []Selector{
		{ID: "com.android.permissioncontroller:id/permission_allow_foreground_only_button"},
		{ID: "com.android.permissioncontroller:id/permission_deny_button"},
		{ID: "com.lbe.security.miui:id/permission_allow_foreground_only_button"},
	}
}
