package catalogue

import "slices"

// SettingsPackage answers the settings intents on every phone of the catalogue.
const SettingsPackage = "com.android.settings"

// Surfaces lists the pages of the system's settings that an action can open, sorted by ID. Titles are alternatives, one
// per locale; AOSP writes Wi-Fi with a hyphen that does not break (U+2011). Activities are AOSP's, where they stayed the
// same over releases.
func Surfaces() []Surface {
	const pkg = "com.android.settings"
	page := func(id, action, activity string, titles ...string) Surface {
		return Surface{ID: id, Action: "android.settings." + action, Package: pkg, Activity: activity, Titles: titles}
	}
	return []Surface{
		page("about", "DEVICE_INFO_SETTINGS", "", "About phone", "About device", "关于手机", "我的设备", "О телефоне", "Acerca del teléfono"),
		page("apps", "APPLICATION_SETTINGS", "Settings$ManageApplicationsActivity", "Apps", "Manage apps", "App info", "应用", "应用管理", "Приложения", "Aplicaciones"),
		page("bluetooth", "BLUETOOTH_SETTINGS", "Settings$BluetoothSettingsActivity", "Bluetooth", "蓝牙"),
		page("date", "DATE_SETTINGS", "Settings$DateTimeSettingsActivity", "Date & time", "Date and time", "日期和时间", "Дата и время", "Fecha y hora"),
		page("display", "DISPLAY_SETTINGS", "Settings$DisplaySettingsActivity", "Display", "显示", "Экран", "Pantalla"),
		page("location", "LOCATION_SOURCE_SETTINGS", "Settings$LocationSettingsActivity", "Location", "位置信息", "Местоположение", "Ubicación"),
		page("security", "SECURITY_SETTINGS", "", "Security", "Passwords & security", "安全", "密码与安全", "Безопасность", "Seguridad"),
		page("sound", "SOUND_SETTINGS", "Settings$SoundSettingsActivity", "Sound", "Sound & notification", "Sound & vibration", "声音与振动", "Звук", "Sonido"),
		page("wifi", "WIFI_SETTINGS", "Settings$WifiSettingsActivity", "Wi-Fi", "Wi\u2011Fi", "WLAN", "Internet"),
	}
}

// FindSurface returns the surface with an id.
func FindSurface(id string) (Surface, bool) {
	all := Surfaces()
	i := slices.IndexFunc(all, func(s Surface) bool { return s.ID == id })
	if i < 0 {
		return Surface{}, false
	}
	return all[i], true
}
