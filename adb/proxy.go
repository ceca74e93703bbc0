package adb

import (
	"context"
	"fmt"
	"net"
	"regexp"
	"strconv"
	"time"
)

// HTTPProxy is the setting that tells apps to use a proxy. An observer in Android (ProxyTracker, Android 8 to 14) turns
// it into the proxy in effect, and writes the global_http_proxy_* settings from which that returns after a reboot.
var HTTPProxy = Setting{Namespace: "global", Key: "http_proxy"}

// ProxySettings are all the settings that a proxy changes, http_proxy first. Do not write to it.
var ProxySettings = []Setting{
	HTTPProxy,
	{"global", "global_http_proxy_host"},
	{"global", "global_http_proxy_port"},
	{"global", "global_http_proxy_exclusion_list"},
	{"global", "global_proxy_pac_url"},
}

// proxyHost is what Android takes: an IPv4 address or a name. It splits at every ":", so IPv6 cannot be said.
var proxyHost = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$`)

// SetProxy tells the phone's apps to use a proxy, and reads the setting back. A bad port is ignored by Android without
// a word, and apps may keep open connections: prove the proxy with a request of one's own.
func (d *Device) SetProxy(ctx context.Context, host string, port int) error {
	if !proxyHost.MatchString(host) || !isPort(port) {
		return newFault(Usage, d.serial, "setting the proxy", fmt.Errorf("proxy %q, port %d", clip(host), port))
	}
	return d.PutSetting(ctx, HTTPProxy, net.JoinHostPort(host, strconv.Itoa(port)))
}

// ClearProxy takes the proxy in effect away. Deleting http_proxy would not: Android's observer ignores a setting that is
// gone; only ":0" clears. http_proxy stays ":0", which means no proxy; it may be deleted afterwards. The other proxy
// settings are deleted, since the proxy would come back from them at the next boot.
func (d *Device) ClearProxy(ctx context.Context) error {
	const op = "clearing the proxy"
	if err := d.PutSetting(ctx, HTTPProxy, ":0"); err != nil {
		return err
	}
	// The observer runs a moment later and writes an empty host; what is deleted before it would be written again.
	ctx, cancel := withDeadline(ctx, d.limits.Timeout)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	const patience = 3 * time.Second
	for began := time.Now(); ; {
		host, err := d.Setting(ctx, ProxySettings[1])
		if err != nil {
			return err
		}
		if host.Value == "" {
			break
		}
		if time.Since(began) > patience {
			return newFault(NotKept, d.serial, op, fmt.Errorf("%s still holds %s", ProxySettings[1], host))
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ended(ctx, d.serial, op)
		}
	}
	for _, s := range ProxySettings[1:] {
		if err := d.DeleteSetting(ctx, s); err != nil {
			return err
		}
	}
	return nil
}
