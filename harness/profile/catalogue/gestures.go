package catalogue

// Launchers lists the packages that are known to be a phone's home screen.
func Launchers() []string {
	return []string{"com.android.launcher3", "com.google.android.apps.nexuslauncher", "com.mi.android.globallauncher", "com.miui.home"}
}

// SwipeEvents are words by which a kit is known to name a swipe over the home screen. Without one of them in what was
// sent, only the comparison of windows with and without the action can tell. Those here are of the project's own virtual
// phones: no capture of a real phone that names this event is public.
func SwipeEvents() []string { return []string{"home_screen_0", "home_screen_1"} }

// StatusBarEvents are words by which a kit is known to name the status bar being pulled down, under the same limits.
func StatusBarEvents() []string { return []string{"status_bar_expand"} }

// FileManagers lists the packages that show a phone's files, in the order in which they are tried.
func FileManagers() []string {
	return []string{"com.mi.android.globalFileexplorer", "com.android.fileexplorer", "com.google.android.documentsui", "com.android.documentsui"}
}

// Players lists the packages that play a phone's own music, in the order in which they are tried.
func Players() []string { return []string{"com.miui.player", "com.google.android.music"} }
