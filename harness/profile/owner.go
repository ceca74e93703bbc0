package profile

import (
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// owner reads a package's name, or one of those that Android gives to uids of its own.
func (r *reader) owner(n ast.Node, what string) string {
	s := r.text(n, what)
	if r.err != nil || packageForm.MatchString(s) && len(s) <= 255 || slices.Contains(systemOwners, s) {
		return s
	}
	remedy := "write the package's name, such as com.android.browser, or Android's name for the uid, such as dns"
	if near := didYouMean(s, systemOwners); strings.HasPrefix(near, "did you mean") {
		remedy = near
	}
	r.fail(n, remedy, "%s is %s", what, shown(s))
	return s
}

// SystemOwners lists the names of Android's own uids that a line of accept may have for its app.
func SystemOwners() []string { return slices.Clone(systemOwners) }

// systemOwners are the uids that may send (AOSP, android_filesystem_config.h).
var systemOwners = []string{
	"adb", "artd", "audioserver", "bluetooth", "cameraserver", "clat", "credstore", "daemon", "debuggerd", "dhcp", "dns", "dns_tether",
	"drm", "gps", "gsid", "incidentd", "keystore", "log", "logd", "loop_radio", "lowpan", "mdnsr", "media", "mediacodec", "mediadrm",
	"mediaex", "metrics_coll", "metricsd", "network_stack", "nfc", "nobody", "ota_update", "radio", "root", "secure_element",
	"shared_relro", "shell", "statsd", "system", "thread_network", "tlsdate", "tombstoned", "uwb", "vpn", "webview_zygote", "wifi",
}
