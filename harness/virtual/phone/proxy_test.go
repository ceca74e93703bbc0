package phone

import (
	"fmt"
	"testing"
)

func testPhone(t *testing.T) *Phone {
	t.Helper()
	p := New(Options{Identity: NewIdentity("test"), Props: map[string]string{"ro.build.version.sdk": "28"}})
	t.Cleanup(p.Close)
	return p
}

func effective(p *Phone) string {
	host, port, ok := p.Proxy.Effective()
	if !ok {
		return "none"
	}
	return fmt.Sprintf("%s:%d", host, port)
}

func TestEffectiveProxyFollowsAndroid(t *testing.T) {
	put := func(v string) func(*Phone) { return func(p *Phone) { p.Settings.Put(Global, "http_proxy", v) } }
	del := func(k string) func(*Phone) { return func(p *Phone) { p.Settings.Delete(Global, k) } }
	reboot := func(p *Phone) { p.Reboot() }
	for _, c := range []struct {
		name  string
		steps []func(*Phone)
		want  string
	}{
		{"never set", nil, "none"},
		{"set", []func(*Phone){put("127.0.0.1:18080")}, "127.0.0.1:18080"},
		{"deleting does not clear", []func(*Phone){put("127.0.0.1:18080"), del("http_proxy")}, "127.0.0.1:18080"},
		{"an empty value does not clear", []func(*Phone){put("127.0.0.1:18080"), put("")}, "127.0.0.1:18080"},
		{"colon zero clears", []func(*Phone){put("127.0.0.1:18080"), put(":0")}, "none"},
		{"a name", []func(*Phone){put("proxy.lan:3128")}, "proxy.lan:3128"},
		{"no port means 8080", []func(*Phone){put("proxy.lan")}, "proxy.lan:8080"},
		{"a port that is no number is ignored", []func(*Phone){put("a:1"), put("b:x")}, "a:1"},
		{"a port out of range is ignored", []func(*Phone){put("a:1"), put("b:70000")}, "a:1"},
		{"a host that is no name is ignored", []func(*Phone){put("a:1"), put("b c:2")}, "a:1"},
		{"an IPv6 address is ignored: its second part is no number", []func(*Phone){put("a:1"), put("::1:8080")}, "a:1"},
		{"a single colon does nothing", []func(*Phone){put("a:1"), put(":")}, "a:1"},
		{"survives a reboot", []func(*Phone){put("a:1"), reboot}, "a:1"},
		{"deleted in part comes back at boot", []func(*Phone){put("a:1"), del("http_proxy"), reboot}, "a:1"},
		{"cleared stays cleared after a reboot", []func(*Phone){put("a:1"), put(":0"), reboot}, "none"},
		{"all keys deleted is gone after a reboot, not before", []func(*Phone){put("a:1"), del("http_proxy"),
			del("global_http_proxy_host"), del("global_http_proxy_port")}, "a:1"},
		{"and after it", []func(*Phone){put("a:1"), del("http_proxy"), del("global_http_proxy_host"), reboot}, "none"},
		{"a proxy in http_proxy alone is loaded at boot", []func(*Phone){put("a:1"), del("global_http_proxy_host"), reboot}, "a:1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := testPhone(t)
			for _, step := range c.steps {
				step(p)
			}
			if got := effective(p); got != c.want {
				t.Errorf("effective proxy = %s, want %s", got, c.want)
			}
		})
	}
}

func TestSettingAProxyWritesTheKeysItReturnsFrom(t *testing.T) {
	p := testPhone(t)
	p.Settings.Put(Global, "http_proxy", "127.0.0.1:18080")
	host, _ := p.Settings.Get(Global, "global_http_proxy_host")
	port, _ := p.Settings.Get(Global, "global_http_proxy_port")
	if host != "127.0.0.1" || port != "18080" {
		t.Errorf("global_http_proxy_* = %q %q", host, port)
	}
	p.Settings.Put(Global, "http_proxy", ":0")
	if host, ok := p.Settings.Get(Global, "global_http_proxy_host"); host != "" || !ok {
		t.Errorf("after :0 the host is %q, set %v, want empty and set", host, ok)
	}
}

func FuzzHTTPProxySetting(f *testing.F) {
	for _, s := range []string{"127.0.0.1:80", ":0", "", ":", "a:b:c", "::1", "x:-1", "x:99999999999999999999"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, value string) {
		p := testPhone(t)
		p.Settings.Put(Global, "http_proxy", value)
		host, port, ok := p.Proxy.Effective()
		if ok != (host != "") || ok && (port < 1 || port > 65535) {
			t.Errorf("%q gives %q %d %v", value, host, port, ok)
		}
	})
}
