package apps

// settingsPage is one page of the settings.
type settingsPage struct {
	id       string
	title    string
	actions  []string // that open it, beside its own class
	class    string   // below com.android.settings.
	parent   string   // id of the page that lists it; "" for the main page, "-" for none
	contents []settingsRow
}

// settingsRow is a line of a page that only says something.
type settingsRow struct {
	title, summary string
	setting        string // namespace/key of a switch
	prop           string // property shown as the summary
}

// settingsPages are the pages that can be opened, by tap from the main page or by action. Classes are those of AOSP.
var settingsPages = []settingsPage{
	{id: "wifi", title: "Wi‑Fi", actions: []string{"android.settings.WIFI_SETTINGS", "android.settings.WIRELESS_SETTINGS"}, class: "Settings$WifiSettingsActivity",
		contents: []settingsRow{{title: "Wi‑Fi", setting: "global/wifi_on"}, {title: "AndroidWifi", summary: "Connected"}}},
	{id: "bluetooth", title: "Bluetooth", actions: []string{"android.settings.BLUETOOTH_SETTINGS"}, class: "Settings$BluetoothSettingsActivity",
		contents: []settingsRow{{title: "Bluetooth", setting: "global/bluetooth_on"}}},
	{id: "display", title: "Display", actions: []string{"android.settings.DISPLAY_SETTINGS"}, class: "Settings$DisplaySettingsActivity",
		contents: []settingsRow{{title: "Brightness level", summary: "52%"}, {title: "Auto-rotate screen", setting: "system/accelerometer_rotation"}, {title: "Sleep", summary: "After 30 minutes"}}},
	{id: "sound", title: "Sound & notification", actions: []string{"android.settings.SOUND_SETTINGS", "android.settings.NOTIFICATION_SETTINGS"}, class: "Settings$SoundSettingsActivity",
		contents: []settingsRow{{title: "Media volume"}, {title: "Vibrate when ringing", setting: "system/vibrate_when_ringing"}}},
	{id: "apps", title: "Apps", actions: []string{"android.settings.APPLICATION_SETTINGS", "android.settings.MANAGE_APPLICATIONS_SETTINGS", "android.settings.MANAGE_ALL_APPLICATIONS_SETTINGS"}, class: "Settings$ManageApplicationsActivity"},
	{id: "battery", title: "Battery", actions: []string{"android.intent.action.POWER_USAGE_SUMMARY", "android.settings.BATTERY_SAVER_SETTINGS"}, class: "Settings$PowerUsageSummaryActivity"},
	{id: "storage", title: "Storage", actions: []string{"android.settings.INTERNAL_STORAGE_SETTINGS"}, class: "Settings$StorageDashboardActivity"},
	{id: "location", title: "Location", actions: []string{"android.settings.LOCATION_SOURCE_SETTINGS"}, class: "Settings$LocationSettingsActivity"},
	{id: "privacy", title: "Privacy", actions: []string{"android.settings.PRIVACY_SETTINGS"}, class: "Settings$PrivacySettingsActivity"},
	{id: "security", title: "Security", actions: []string{"android.settings.SECURITY_SETTINGS"}, class: "Settings$SecuritySettingsActivity"},
	{id: "certificates", title: "Install a certificate", class: "Settings$InstallCertificateFromStorageActivity", parent: "security"},
	{id: "trusted", title: "Trusted credentials", actions: []string{"com.android.settings.TRUSTED_CREDENTIALS_USER"}, class: "Settings$TrustedCredentialsSettingsActivity", parent: "security"},
	{id: "language", title: "Language & input", actions: []string{"android.settings.LOCALE_SETTINGS", "android.settings.INPUT_METHOD_SETTINGS"}, class: "Settings$LanguageAndInputSettingsActivity"},
	{id: "date", title: "Date & time", actions: []string{"android.settings.DATE_SETTINGS"}, class: "Settings$DateTimeSettingsActivity",
		contents: []settingsRow{{title: "Automatic date & time", setting: "global/auto_time"}}},
	{id: "accounts", title: "Accounts", actions: []string{"android.settings.SYNC_SETTINGS"}, class: "Settings$AccountDashboardActivity"},
	{id: "development", title: "Developer options", actions: []string{"android.settings.APPLICATION_DEVELOPMENT_SETTINGS"}, class: "Settings$DevelopmentSettingsDashboardActivity",
		contents: []settingsRow{{title: "USB debugging", setting: "global/adb_enabled"}}},
	{id: "about", title: "About phone", actions: []string{"android.settings.DEVICE_INFO_SETTINGS"}, class: "Settings$MyDeviceInfoActivity",
		contents: []settingsRow{{title: "Model", prop: "ro.product.model"}, {title: "Android version", prop: "ro.build.version.release"},
			{title: "Android security patch level", prop: "ro.build.version.security_patch"}, {title: "Build number", prop: "ro.build.display.id"},
			{title: "MIUI version", prop: "ro.build.version.incremental"}}},
}
