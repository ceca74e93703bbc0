package network

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"sync"
)

// maxPools bounds the pools of an app whose proxy keeps changing.
const maxPools = 8

// transport is an app's HTTP stack: a pool of connections for each way out, since a connection belongs to the proxy it
// was made through.
type transport struct {
	app *App

	mu    sync.Mutex
	pools map[way]*http.Transport
	open  map[string]opened // by scheme and host: connections of the pool used last
}

// way is how requests leave: their scheme and the proxy, if any.
type way struct{ scheme, proxy string }

type opened struct {
	way   way
	conns int
}

func newTransport(a *App) *transport {
	return &transport{app: a, pools: map[way]*http.Transport{}, open: map[string]opened{}}
}

// RoundTrip sends a request the way the phone says now. An app that keeps connections open follows the old way while it has one.
func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	if _, ok := r.Header["User-Agent"]; !ok {
		r = r.Clone(r.Context())
		r.Header.Set("User-Agent", t.app.options.UserAgent) // empty: none is sent
	}
	w := way{r.URL.Scheme, t.app.proxy()}
	if isLoopback(r.URL.Hostname()) {
		w.proxy = "" // Android exempts localhost
	}
	if t.app.options.KeepsOpen {
		t.mu.Lock()
		if o := t.open[r.URL.Scheme+" "+r.URL.Hostname()]; o.conns > 0 {
			w = o.way
		}
		t.mu.Unlock()
	}
	return t.pool(w).RoundTrip(r)
}

func (t *transport) pool(w way) *http.Transport {
	t.mu.Lock()
	defer t.mu.Unlock()
	if p, ok := t.pools[w]; ok {
		return p
	}
	if len(t.pools) >= maxPools {
		for old, p := range t.pools {
			p.CloseIdleConnections()
			delete(t.pools, old)
		}
	}
	p := t.build(w)
	t.pools[w] = p
	return p
}

func (t *transport) build(w way) *http.Transport {
	a := t.app
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	alpn := []string{"http/1.1"}
	if a.options.HTTP2 {
		protocols.SetHTTP2(true)
		alpn = []string{"h2", "http/1.1"}
	}
	p := &http.Transport{
		Protocols:              protocols,
		MaxIdleConnsPerHost:    6,
		IdleConnTimeout:        a.options.IdleTimeout,
		MaxResponseHeaderBytes: 256 << 10,
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			c, err := a.dial(ctx, network, address, w.proxy != "")
			if err != nil {
				return nil, err
			}
			if w.proxy == "" {
				t.count(w, address, c)
			}
			return c, nil
		},
		DialTLSContext: func(ctx context.Context, _, address string) (net.Conn, error) {
			raw, err := a.tunnel(ctx, w.proxy, address)
			if err != nil {
				return nil, err
			}
			t.count(way{"https", w.proxy}, address, raw)
			c, err := a.handshake(ctx, raw, hostOf(address), alpn)
			if err != nil {
				return nil, err
			}
			return c, nil
		},
	}
	if w.scheme == "http" && w.proxy != "" {
		through := &url.URL{Scheme: "http", Host: w.proxy}
		p.Proxy = func(*http.Request) (*url.URL, error) { return through, nil }
	}
	return p
}

// count keeps the number of open connections to a host, for apps that keep to them.
func (t *transport) count(w way, address string, c net.Conn) {
	socket := socketOf(c)
	if !t.app.options.KeepsOpen || socket == nil {
		return
	}
	key := w.scheme + " " + hostOf(address)
	t.mu.Lock()
	defer t.mu.Unlock()
	o := t.open[key]
	if o.way != w {
		o = opened{way: w}
	}
	o.conns++
	t.open[key] = o
	socket.Closing(func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		o := t.open[key]
		if o.way != w {
			return
		}
		if o.conns--; o.conns <= 0 {
			delete(t.open, key)
			return
		}
		t.open[key] = o
	})
}

func (t *transport) closeIdle() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, p := range t.pools {
		p.CloseIdleConnections()
	}
}
