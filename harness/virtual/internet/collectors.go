package internet

import (
	"io"
	"net/http"
	"strings"
)

// Names of collectors that no vendor has: for odd encodings, for WebSocket, and for apps that pin their certificates.
const (
	Collector       = "collector.example-metrics.test"
	StreamCollector = "stream.example-metrics.test"
	PinnedCollector = "pinned.example-metrics.test"
)

func collectors() []Host {
	sensors := collector{`{"code":0}`}
	tracking := collector{`{"status":0,"msg":"ok","data":{}}`}
	hosts := under(sensors, "sa.api.intl.miui.com", "sa.dashboard.intl.miui.com")
	hosts = append(hosts, under(tracking,
		"tracking.miui.com", "tracking.intl.miui.com", "tracking.india.miui.com", "tracking.rus.miui.com",
		"data.mistat.xiaomi.com", "data.mistat.intl.xiaomi.com", "data.mistat.india.xiaomi.com", "data.mistat.rus.xiaomi.com",
		"abtest.mistat.xiaomi.com", "sdkconfig.ad.xiaomi.com", "sdkconfig.ad.intl.xiaomi.com", "globalapi.ad.xiaomi.com",
		"api.ad.xiaomi.com", "api.ad.intl.xiaomi.com", "t.browser.miui.com", "o2o.api.xiaomi.com")...)
	hosts = append(hosts, under(collector{"ok"}, Collector, PinnedCollector, "*.example-metrics.test")...)
	return append(hosts, Host{Name: StreamCollector, Handler: http.HandlerFunc(stream)})
}

// collector takes everything and answers that all is well. It looks at nothing.
type collector struct{ answer string }

// ServeHTTP swallows the body.
func (c collector) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if _, err := io.Copy(io.Discard, r.Body); err != nil {
		http.Error(w, "body too large or cut short", http.StatusRequestEntityTooLarge)
		return
	}
	if strings.HasPrefix(r.URL.Path, "/config/") { // what analytics kits ask for at their start
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"v":"1","configs":{}}`)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	_, _ = io.WriteString(w, c.answer)
}
