package phone

import (
	"regexp"
	"strconv"
	"strings"
	"sync"
)

// Keys of the proxy in the global settings.
const (
	keyHTTPProxy       = "http_proxy"
	keyGlobalHost      = "global_http_proxy_host"
	keyGlobalPort      = "global_http_proxy_port"
	keyGlobalExclusion = "global_http_proxy_exclusion_list"
	keyGlobalPAC       = "global_proxy_pac_url"
)

// Proxy is the proxy in effect, which is not simply what a setting says. It follows AOSP's ProxyTracker (Android 8 to
// 14): an observer on http_proxy does nothing when the value is empty or deleted; a value is split on ":"; an empty
// host clears the proxy; setting a proxy also writes the global_http_proxy_* keys, from which it returns at the next
// boot.
type Proxy struct {
	settings *Settings
	mu       sync.RWMutex
	host     string
	port     int
}

func newProxy(s *Settings) *Proxy {
	p := &Proxy{settings: s}
	s.Observe(Global, keyHTTPProxy, p.loadDeprecated)
	return p
}

// Effective returns the proxy that apps are told; ok is false when there is none.
func (p *Proxy) Effective() (host string, port int, ok bool) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.host, p.port, p.host != ""
}

func (p *Proxy) loadDeprecated() {
	value, ok := p.settings.Get(Global, keyHTTPProxy)
	if !ok || value == "" {
		return
	}
	host, port, ok := splitLikeJava(value)
	if ok {
		p.set(host, port)
	}
}

// splitLikeJava is String.split(":") and Integer.parseInt as ProxyTracker uses them: a missing port means 8080, what
// follows a second colon is ignored, ":" alone splits into nothing.
func splitLikeJava(value string) (host string, port int, ok bool) {
	parts := strings.Split(value, ":")
	for len(parts) > 0 && parts[len(parts)-1] == "" {
		parts = parts[:len(parts)-1]
	}
	if len(parts) == 0 {
		return "", 0, false
	}
	port = 8080
	if len(parts) > 1 {
		n, err := strconv.ParseInt(parts[1], 10, 32)
		if err != nil {
			return "", 0, false
		}
		port = int(n)
	}
	return parts[0], port, true
}

var validHost = regexp.MustCompile(`^[a-zA-Z0-9]+(-[a-zA-Z0-9]+)*(\.[a-zA-Z0-9]+(-[a-zA-Z0-9]+)*)*$`)

func (p *Proxy) set(host string, port int) {
	if host != "" && (!validHost.MatchString(host) || port < 1 || port > 65535) {
		return
	}
	if host == "" {
		port = 0
	}
	p.mu.Lock()
	same := host != "" && p.host == host && p.port == port
	p.host, p.port = host, port
	p.mu.Unlock()
	if same {
		return
	}
	p.settings.Put(Global, keyGlobalHost, host)
	p.settings.Put(Global, keyGlobalPort, strconv.Itoa(port))
	p.settings.Put(Global, keyGlobalExclusion, "")
	p.settings.Put(Global, keyGlobalPAC, "")
}

// boot is ProxyTracker.loadGlobalProxy.
func (p *Proxy) boot() {
	p.mu.Lock()
	p.host, p.port = "", 0
	if host, _ := p.settings.Get(Global, keyGlobalHost); host != "" && validHost.MatchString(host) {
		text, _ := p.settings.Get(Global, keyGlobalPort)
		if port, err := strconv.Atoi(text); err == nil && port >= 1 && port <= 65535 {
			p.host, p.port = host, port
		}
	}
	p.mu.Unlock()
	p.loadDeprecated()
}
