package leak

// systemUIDs names uids that Android reserves and that may send (AOSP, android_filesystem_config.h). No package has most
// of them: without a name, what they send could not be accepted by name.
var systemUIDs = map[int]string{
	0: "root", 1: "daemon", 1000: "system", 1001: "radio", 1002: "bluetooth", 1007: "log", 1010: "wifi", 1011: "adb",
	1013: "media", 1014: "dhcp", 1016: "vpn", 1017: "keystore", 1019: "drm", 1020: "mdnsr", 1021: "gps", 1027: "nfc",
	1029: "clat", 1030: "loop_radio", 1031: "mediadrm", 1036: "logd", 1037: "shared_relro", 1039: "tlsdate", 1040: "mediaex",
	1041: "audioserver", 1042: "metrics_coll", 1043: "metricsd", 1045: "debuggerd", 1046: "mediacodec", 1047: "cameraserver",
	1051: "dns", 1052: "dns_tether", 1053: "webview_zygote", 1058: "tombstoned", 1061: "ota_update", 1063: "lowpan",
	1066: "statsd", 1067: "incidentd", 1068: "secure_element", 1073: "network_stack", 1074: "gsid", 1076: "credstore",
	1082: "artd", 1083: "uwb", 1084: "thread_network", 2000: "shell", 9999: "nobody",
}

// perUser is how far the uids of one user of a phone are from those of the next.
const perUser = 100_000

// SystemName is the name that Android gives a uid of its own, of any user of the phone; empty for those of apps.
func SystemName(uid int) string { return systemUIDs[uid%perUser] }

// owners are the names that what a uid sent goes by: its packages, and the name that Android gives the uid itself. No
// package is called so, since a package's name has a dot.
func owners(uid int, apps []string) []string {
	name := SystemName(uid)
	if name == "" {
		return apps
	}
	return append(apps[:len(apps):len(apps)], name)
}

// owner is the one that stands for a uid: the first package by name, else Android's name for it; empty is unknown.
func owner(uid int, apps []string) string {
	if app := oneApp(apps); app != "" {
		return app
	}
	return SystemName(uid)
}
