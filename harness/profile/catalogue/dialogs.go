package catalogue

// Dialog is a window of the system's that lies over what an action drives, and how it is made to go away without
// granting, installing or ending anything.
type Dialog struct {
	ID        string     // permission, update, not-responding ...
	Packages  []string   // whose window it is
	Signs     []string   // resource ids or texts, one of which must show; none: the package alone is sign enough
	Buttons   []Selector // in order of preference
	Certainty Certainty
	Source    string
}

// Dialogs lists the windows that may disturb any action on any phone. First-run dialogs of apps are in their entries.
func Dialogs() []Dialog {
	return []Dialog{{
		ID:       "permission",
		Packages: []string{"com.android.permissioncontroller", "com.google.android.permissioncontroller", "com.android.packageinstaller", "com.google.android.packageinstaller", "com.lbe.security.miui"},
		Buttons: []Selector{
			{ID: "com.android.permissioncontroller:id/permission_deny_button"},
			{ID: "com.android.packageinstaller:id/permission_deny_button"},
			{ID: "com.lbe.security.miui:id/permission_deny_button"},
			{Texts: []string{"Deny", "Don't allow", "Don\u2019t allow", "拒绝", "Отклонить", "No permitir"}},
		},
		Certainty: Reported, Source: "AOSP PermissionController layouts; MIUI's package in three public scripts, its deny button unverified",
	}, {
		ID: "update", Packages: []string{"com.android.updater"},
		Buttons:   []Selector{{Texts: []string{"Later", "Not now", "Remind me later", "稍后", "以后再说", "Позже", "Más tarde"}}, {ID: "android:id/button2"}},
		Certainty: Unverified, Source: "MIUI's updater; texts are general knowledge",
	}, {
		ID: "not-responding", Packages: []string{"android"}, Signs: []string{"android:id/aerr_wait"},
		Buttons:   []Selector{{ID: "android:id/aerr_wait"}},
		Certainty: Sourced, Source: "AOSP res/layout/app_anr_dialog.xml: waits, since the end of an app is its own to tell",
	}, {
		ID: "rating", Packages: []string{"com.android.vending", "com.xiaomi.market", "com.xiaomi.mipicks"},
		Buttons:   []Selector{{Texts: []string{"Not now", "Later", "No thanks", "稍后", "取消", "Не сейчас", "Ahora no"}}},
		Certainty: Unverified, Source: "general knowledge",
	}}
}
