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
	return []Entry{{
		Package: "com.android.browser", Name: "Mi Browser (China, older global)",
		Flush: sensorsFlush, Launch: "com.android.browser/.BrowserActivity", Trust: "unknown",
		Browser: &Browser{
			SearchBox: []Selector{{ID: "com.android.browser:id/b4h"}, {Descs: []string{"搜索框", "Search box"}}, {Percent: [2]int{50, 8}}},
			URLField:  []Selector{{ID: "com.android.browser:id/url", Class: "android.widget.EditText"}, {Class: "android.widget.EditText"}},
			Private: Private{
				Steps:  []Selector{{Descs: []string{"Menu", "菜单"}}, {Texts: incognito}},
				Marker: []Selector{{Texts: []string{"You've gone incognito", "Incognito mode", "无痕模式", "无痕浏览"}}},
				Leave:  []Selector{{Descs: []string{"Menu", "菜单"}}, {Texts: incognito}},
			},
			Share:    []Selector{{Descs: []string{"Menu", "菜单"}}, {Texts: share}},
			Download: download,
		},
		Consent:   append([]Selector{{ID: "android:id/button1"}}, agree()...),
		Certainty: Reported, Source: "launcher: two public uiautomator2 scripts; search box id and description: one script; private mode and consent: unverified; flush: Sensors Analytics default",
	}, {
		Package: "com.mi.globalbrowser", Name: "Mi Browser (global)",
		Flush: sensorsFlush, Launch: "com.mi.globalbrowser/com.android.browser.BrowserActivity", Trust: "unknown",
		Browser: &Browser{
			SearchBox: []Selector{{ID: "com.mi.globalbrowser:id/search_hint"}, {ID: "com.mi.globalbrowser:id/url"}, {ID: "com.mi.globalbrowser:id/url_bar"}, {ID: "com.mi.globalbrowser:id/url_address"}, {Percent: [2]int{50, 8}}},
			URLField:  []Selector{{ID: "com.mi.globalbrowser:id/url", Class: "android.widget.EditText"}, {Class: "android.widget.EditText"}},
			Private: Private{
				Steps:  []Selector{{Texts: []string{"Me", "Profile", "Профиль"}}, {Texts: incognito}},
				Marker: []Selector{{Texts: []string{"You've gone incognito", "Incognito mode"}}},
				Leave:  []Selector{{Texts: []string{"Me", "Profile", "Профиль"}}, {Texts: incognito}},
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
			},
			Share:    []Selector{{Descs: []string{"Menu", "More options"}}, {Texts: share}},
			Download: download,
		},
		Consent:   agree(),
		Certainty: Unverified, Source: "identifiers in palant.info 2020; selectors and launcher unverified: resolved on the phone; flush: Sensors Analytics default",
	}}
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
