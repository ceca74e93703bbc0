package internet

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"runtime"
	"strings"
	"testing"
	"time"
)

func start(t *testing.T, o Options) *Internet {
	t.Helper()
	before := runtime.NumGoroutine()
	i, err := Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		i.Close()
		deadline := time.Now().Add(time.Minute)
		for runtime.NumGoroutine() > before {
			if time.Now().After(deadline) {
				b := make([]byte, 1<<20)
				t.Errorf("goroutines: %d before, %d after\n%s", before, runtime.NumGoroutine(), b[:runtime.Stack(b, true)])
				return
			}
			time.Sleep(time.Millisecond)
		}
	})
	return i
}

func (i *Internet) pool() *x509.CertPool {
	p := x509.NewCertPool()
	p.AppendCertsFromPEM(i.RootPEM())
	return p
}

// client sends everything to the front door.
func client(t *testing.T, i *Internet, h2 bool) *http.Client {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(!h2)
	protocols.SetHTTP2(h2)
	tr := &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: i.pool()}, Protocols: protocols,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, "tcp", i.Addr())
		},
	}
	t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

func TestOneDoorForEveryName(t *testing.T) {
	i := start(t, Options{})
	for _, c := range []struct {
		name   string
		h2     bool
		method string
		url    string
		status int
		want   []string
	}{
		{"search", false, "GET", "https://duckduckgo.com/?q=very+private+words", 200, []string{"<title>very private words at DuckDuckGo</title>", "Results for <b>very private words</b>"}},
		{"search, h2", true, "GET", "https://duckduckgo.com/html/?q=a", 200, []string{"<title>a at DuckDuckGo</title>"}},
		{"search by form", false, "POST", "https://html.duckduckgo.com/html/?q=a%3Cb", 200, []string{"<title>a&lt;b at DuckDuckGo</title>"}},
		{"start page", false, "GET", "https://duckduckgo.com/", 200, []string{"<title>DuckDuckGo</title>"}},
		{"Google", true, "GET", "https://www.google.com/search?q=x+y", 200, []string{"<title>x y - Google Search</title>"}},
		{"Google's suggestions", false, "GET", "https://www.google.com/complete/search?q=x", 200, []string{`["x",["x","x near me"]]`}},
		{"Google's check", false, "GET", "http://www.google.com/generate_204", 204, nil},
		{"unknown page of Google", false, "GET", "https://www.google.com/nothing", 404, nil},
		{"plain http", false, "GET", "http://example-news.test/article/7", 200, []string{"<title>Example News: /article/7</title>"}},
		{"name below", false, "GET", "https://c0ffee.example-news.test/", 200, []string{"<title>Example News</title>"}},
		{"shop's own search", true, "GET", "https://example-shop.test/search?q=tea", 200, []string{"Results for <b>tea</b>"}},
		{"connectivity", false, "GET", "http://connectivitycheck.gstatic.com/generate_204", 204, nil},
		{"Sensors", false, "POST", "https://sa.api.intl.miui.com/sa?project=global_browser_mini", 200, nil},
		{"Sensors' settings", false, "GET", "https://sa.api.intl.miui.com/config/Android.conf?v=1", 200, []string{"configs"}},
		{"OneTrack", true, "POST", "https://tracking.intl.miui.com/track/v4", 200, nil},
		{"MiStat", false, "POST", "https://data.mistat.intl.xiaomi.com/mistats/v3", 200, nil},
		{"pinned collector", false, "POST", "https://pinned.example-metrics.test/c", 200, nil},
		{"upper case and a port", false, "GET", "https://Example-NEWS.test:8443/", 200, []string{"Example News"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := http.NewRequest(c.method, c.url, strings.NewReader(strings.Repeat("x", 100)))
			if err != nil {
				t.Fatal(err)
			}
			answer, err := client(t, i, c.h2).Do(r)
			if err != nil {
				t.Fatal(err)
			}
			defer answer.Body.Close()
			body, err := io.ReadAll(answer.Body)
			if err != nil || answer.StatusCode != c.status {
				t.Fatalf("%s, %v", answer.Status, err)
			}
			if c.h2 != (answer.ProtoMajor == 2) {
				t.Errorf("protocol %s", answer.Proto)
			}
			for _, want := range c.want {
				if !strings.Contains(string(body), want) {
					t.Errorf("%q is not in\n%s", want, body)
				}
			}
		})
	}
	if got := i.Counts()["sa.api.intl.miui.com"]; got != (Count{2, 200}) {
		t.Errorf("Sensors counted %+v", got)
	}
	if got := i.Refused(); len(got) != 0 {
		t.Errorf("refused %v", got)
	}
}

func TestUnmappedIsRefused(t *testing.T) {
	i := start(t, Options{})
	t.Run("sni", func(t *testing.T) {
		_, err := tls.Dial("tcp", i.Addr(), &tls.Config{RootCAs: i.pool(), ServerName: "elsewhere.test"})
		if err == nil || !strings.Contains(err.Error(), "unrecognized name") {
			t.Errorf("got %v, want the alert unrecognized_name", err)
		}
		if _, err := tls.Dial("tcp", i.Addr(), &tls.Config{InsecureSkipVerify: true}); err == nil {
			t.Error("a handshake without a name was answered")
		}
	})
	t.Run("host", func(t *testing.T) {
		if answer, err := client(t, i, false).Get("http://elsewhere.test/"); err == nil {
			t.Errorf("answered %s", answer.Status)
		}
		r, _ := http.NewRequest("GET", "https://duckduckgo.com/", nil)
		r.Host = "fronted.test"
		for _, h2 := range []bool{false, true} {
			if answer, err := client(t, i, h2).Do(r); err == nil {
				t.Errorf("h2 %v: answered %s for another host than SNI", h2, answer.Status)
			}
		}
	})
	t.Run("dial and resolve", func(t *testing.T) {
		for _, host := range []string{"elsewhere.test", "control.telltale.test", "192.0.2.1", "127.0.0.1", "198.18.0.0", "", "a.b.example-news.test", "*.example-news.test", ".example-news.test"} {
			if c, err := i.Dial(context.Background(), "tcp", host, 443); err == nil {
				t.Errorf("dialled %q at %s", host, c.RemoteAddr())
			}
			if a, ok := i.Resolve(host); ok {
				t.Errorf("%q has the address %s", host, a)
			}
		}
	})
	got := map[string]int64{}
	for _, r := range i.Refused() {
		got[r.How+" "+r.Host] = r.Count
	}
	for _, want := range []string{"sni elsewhere.test", "sni ", "host elsewhere.test", "dial elsewhere.test", "resolve elsewhere.test"} {
		if got[want] != 1 {
			t.Errorf("%q counted %d times", want, got[want])
		}
	}
	if got["host fronted.test"] < 2 { // h2 may try again
		t.Errorf("fronting counted %d times", got["host fronted.test"])
	}
}

func TestAddresses(t *testing.T) {
	i := start(t, Options{})
	seen := map[netip.Addr]string{}
	for name := range i.names.hosts {
		if strings.HasPrefix(name, "*.") {
			continue
		}
		a, ok := i.Resolve(name)
		if !ok || !benchmarking.Contains(a) {
			t.Errorf("%s has the address %s, %v", name, a, ok)
		}
		if a != made(name) {
			t.Errorf("%s is not at the address its hash says: its address depends on other names", name)
		}
		if seen[a] != "" {
			t.Errorf("%s and %s share %s", name, seen[a], a)
		}
		seen[a] = name
	}
	if a, _ := i.Resolve("duckduckgo.com"); a.String() != "198.19.7.99" {
		t.Errorf("duckduckgo.com is at %s now: it must be the same in every process", a)
	}
	// A hard-coded address leads to its host.
	a, _ := i.Resolve("x1.example-news.test")
	c, err := i.Dial(context.Background(), "tcp", a.String(), 80)
	if err != nil {
		t.Fatal(err)
	}
	c.Close()
	if err := i.Add(Host{Name: "duckduckgo.com", Handler: http.NotFoundHandler()}); err == nil {
		t.Error("a name was taken twice")
	}
}

func TestAddRefuses(t *testing.T) {
	i := start(t, Options{Hosts: []Host{}})
	h := http.NotFoundHandler()
	greet := func(context.Context, net.Conn) {}
	for _, c := range []struct {
		name  string
		hosts []Host
		ok    bool
	}{
		{"good", []Host{{Name: "A.test", Handler: h}, {Name: "*.a.test", Handler: h}}, true},
		{"taken", []Host{{Name: "a.test.", Handler: h}}, false},
		{"twice", []Host{{Name: "b.test", Handler: h}, {Name: "b.test", Handler: h}}, false},
		{"after a refused batch", []Host{{Name: "b.test", Handler: h}}, true},
		{"no answer", []Host{{Name: "c.test"}}, false},
		{"not a name", []Host{{Name: "c test", Handler: h}}, false},
		{"empty", []Host{{Handler: h}}, false},
		{"one speaks first", []Host{{Name: "g.test", Greets: greet}}, true},
		{"two speak first", []Host{{Name: "g2.test", Greets: greet}}, false},
		{"magic of HTTP", []Host{{Name: "m.test", Raw: greet, Magic: []byte("GET")}}, false},
	} {
		if err := i.Add(c.hosts...); (err == nil) != c.ok {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// TestLoopbackOnly: the stand-in listens on loopback, and the only things it dials are its own listeners.
func TestLoopbackOnly(t *testing.T) {
	i := start(t, Options{})
	for _, a := range []net.Addr{i.front.Addr(), i.greet.Addr(), i.udp.LocalAddr()} {
		if ip := netip.MustParseAddrPort(a.String()); !ip.Addr().IsLoopback() {
			t.Errorf("listens on %s", a)
		}
	}
	for name := range i.names.hosts {
		for _, network := range []string{"tcp", "udp"} {
			c, err := i.Dial(context.Background(), network, strings.Replace(name, "*", "w", 1), 443)
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			if to := netip.MustParseAddrPort(c.RemoteAddr().String()); !to.Addr().IsLoopback() {
				t.Errorf("%s: dialled %s", name, to)
			}
			c.Close()
		}
	}
}

func TestLimits(t *testing.T) {
	i := start(t, Options{Limits: Limits{Header: 2000, Body: 1000, Conns: 2}})
	t.Run("body", func(t *testing.T) {
		for size, want := range map[int]int{1000: 200, 1001: 413} {
			answer, err := client(t, i, false).Post("http://"+Collector+"/", "", strings.NewReader(strings.Repeat("x", size)))
			if err != nil || answer.StatusCode != want {
				t.Fatalf("%d bytes: %v, %v; want %d", size, answer, err, want)
			}
			answer.Body.Close()
		}
	})
	t.Run("header", func(t *testing.T) {
		r, _ := http.NewRequest("GET", "http://"+Collector+"/", nil)
		r.Header.Set("X", strings.Repeat("x", 100_000))
		if answer, err := client(t, i, false).Do(r); err == nil {
			answer.Body.Close()
			if answer.StatusCode != 431 {
				t.Errorf("a header bomb got %s", answer.Status)
			}
		}
	})
	t.Run("connections", func(t *testing.T) {
		waitFor(t, func() bool { return i.open() == 0 })
		var held []net.Conn
		for range 2 {
			c, err := net.Dial("tcp", i.Addr())
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			held = append(held, c)
		}
		waitFor(t, func() bool { return i.open() == 2 })
		c, err := net.Dial("tcp", i.Addr())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if _, err := c.Read(make([]byte, 1)); err == nil {
			t.Error("a third connection was served")
		}
		held[0].Close()
		waitFor(t, func() bool { return i.open() == 1 })
	})
}

func (i *Internet) open() int {
	i.mu.Lock()
	defer i.mu.Unlock()
	return len(i.conns)
}

func waitFor(t *testing.T, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !done(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("what the test waits for did not come")
		}
	}
}

func TestHostGetsItsOwnCertificate(t *testing.T) {
	i := start(t, Options{})
	for host, want := range map[string]string{"duckduckgo.com": "duckduckgo.com", "abc.example-news.test": "*.example-news.test", "mtalk.google.com": "mtalk.google.com"} {
		c, err := tls.Dial("tcp", i.Addr(), &tls.Config{RootCAs: i.pool(), ServerName: host})
		if err != nil {
			t.Fatal(err)
		}
		if got := c.ConnectionState().PeerCertificates[0].DNSNames; fmt.Sprint(got) != "["+want+"]" {
			t.Errorf("%s shows a certificate for %v", host, got)
		}
		c.Close()
	}
}

func readLine(t *testing.T, c net.Conn) string {
	t.Helper()
	line, err := bufio.NewReader(c).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return line
}
