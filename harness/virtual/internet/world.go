package internet

import (
	"net/http"
	"slices"
)

// World is the default set of hosts: what phones ask for, and what collects from them.
func World() []Host {
	return slices.Concat(search(), sites(), feed(), connectivity(), background(), collectors(), push())
}

// connectivity answers the checks by which phones tell a working network from a captive portal.
func connectivity() []Host {
	none := http.HandlerFunc(noContent)
	hosts := under(none, "connectivitycheck.gstatic.com", "connectivitycheck.android.com", "clients3.google.com", "www.gstatic.com",
		"connect.rom.miui.com", "connect.intl.rom.miui.com")
	portal := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		_, _ = w.Write([]byte("success\n"))
	})
	return append(hosts, Host{Name: "detectportal.firefox.com", Handler: portal})
}

// background is what browsers and system services ask for on their own, without a user's word in it.
func background() []Host {
	return under(http.HandlerFunc(noContent), "update.googleapis.com", "safebrowsing.googleapis.com", "clientservices.googleapis.com",
		"optimizationguide-pa.googleapis.com", "android.clients.google.com", "play.googleapis.com", "update.miui.com", "update.intl.miui.com")
}

func under(h http.Handler, names ...string) []Host {
	hosts := make([]Host, 0, len(names))
	for _, name := range names {
		hosts = append(hosts, Host{Name: name, Handler: h})
	}
	return hosts
}

func noContent(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }
