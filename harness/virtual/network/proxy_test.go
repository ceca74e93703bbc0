package network

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
)

func TestWayOut(t *testing.T) {
	for _, c := range []struct {
		name    string
		url     string
		proxy   int
		change  func(*AppOptions)
		want    string
		through []string
	}{
		{"https direct", "https://site.test/a", 0, nil, "HTTP/1.1 /a 0", nil},
		{"https through proxy", "https://site.test/a", 18080, nil, "HTTP/1.1 /a 0", []string{"CONNECT site.test:443"}},
		{"h2 through proxy", "https://site.test/a", 18080, func(o *AppOptions) { o.HTTP2 = true }, "HTTP/2.0 /a 0", []string{"CONNECT site.test:443"}},
		{"h2 direct", "https://site.test/a", 0, func(o *AppOptions) { o.HTTP2 = true }, "HTTP/2.0 /a 0", nil},
		{"http direct", "http://site.test/b", 0, nil, "HTTP/1.1 /b 0", nil},
		{"http through proxy", "http://site.test/b", 18080, nil, "HTTP/1.1 /b 0", []string{"GET http://site.test/b"}},
		{"app ignores proxy", "https://site.test/a", 18080, func(o *AppOptions) { o.IgnoreProxy = true }, "HTTP/1.1 /a 0", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			w.setProxy(c.proxy)
			got, err := get(t, w.app(c.change).HTTP(), c.url)
			if err != nil || got != c.want {
				t.Fatalf("got %q, %v; want %q", got, err, c.want)
			}
			if seen := w.seen(); !slices.Equal(seen, c.through) {
				t.Errorf("proxy saw %q, want %q", seen, c.through)
			}
		})
	}
}

func TestRefusingProxyIsAnError(t *testing.T) {
	for _, c := range []struct {
		name, answer string
		port         int
	}{
		{"nobody listens", "", 18081},
		{"proxy answers 502", "HTTP/1.1 502 Bad Gateway\r\n\r\n", 18080},
		{"proxy hangs up", " ", 18080},
		{"proxy answers without end", "HTTP/1.1 200 OK\r\n" + strings.Repeat("A: b\r\n", 20_000), 18080},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			w.setProxy(c.port)
			w.answer = c.answer
			app := w.app(nil)
			if got, err := get(t, app.HTTP(), "https://site.test/a"); err == nil {
				t.Fatalf("got %q, want an error: a refused proxy must not be gone around", got)
			}
			if n := w.counted(10100); n != (traffic{}) {
				t.Errorf("%+v passed wlan0", n)
			}
			if c.port == 18081 {
				if _, err := get(t, app.HTTP(), "http://site.test/a"); err == nil {
					t.Error("plain http went around the refused proxy")
				}
			}
		})
	}
}

func TestUnmappedNameIsRefused(t *testing.T) {
	w := newWorld(t)
	app := w.app(nil)
	if _, err := get(t, app.HTTP(), "https://elsewhere.test/"); err == nil || !strings.Contains(err.Error(), "no such host") {
		t.Errorf("got %v, want no such host", err)
	}
	if _, err := app.Dial(context.Background(), "tcp", "203.0.113.5:443"); err == nil {
		t.Error("an address that is not in the stand-in internet was reached")
	}
	for _, bad := range []string{"site.test", "site.test:0", "site.test:x", ":443", "site.test:70000"} {
		if _, err := app.Dial(context.Background(), "tcp", bad); err == nil {
			t.Errorf("dialled %q", bad)
		}
	}
	if got := rows(w.ProcNet("tcp6")); len(got) != 0 {
		t.Errorf("failed dials left rows: %v", got)
	}
}

func TestProxyChange(t *testing.T) {
	for _, c := range []struct {
		name  string
		keeps bool
		want  int // CONNECTs after the change
	}{
		{"asks at each request", false, 1},
		{"keeps its open connection", true, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			app := w.app(func(o *AppOptions) { o.KeepsOpen = c.keeps })
			for _, port := range []int{0, 18080} {
				w.setProxy(port)
				if _, err := get(t, app.HTTP(), "https://site.test/a"); err != nil {
					t.Fatal(err)
				}
			}
			if got := len(w.seen()); got != c.want {
				t.Errorf("proxy saw %d connections, want %d", got, c.want)
			}
			w.CloseApp(10100) // a force-stop makes it ask again
			if _, err := get(t, app.HTTP(), "https://site.test/a"); err != nil {
				t.Fatal(err)
			}
			if got := len(w.seen()); got != c.want+1 {
				t.Errorf("after a force-stop the proxy saw %d connections, want %d", got, c.want+1)
			}
		})
	}
}

func TestVia(t *testing.T) {
	w := newWorld(t)
	app := w.app(nil)
	for _, c := range []struct {
		want string
		port int
	}{{"direct", 0}, {"proxy", 18080}} {
		w.setProxy(c.port)
		conn, err := app.DialTLS(context.Background(), "site.test:443", "http/1.1")
		if err != nil {
			t.Fatal(err)
		}
		if got := Via(conn); got != c.want {
			t.Errorf("via %q, want %q", got, c.want)
		}
		conn.Close()
	}
	if got := Via(&net.TCPConn{}); got != "" {
		t.Errorf("a foreign connection is via %q", got)
	}
}

func TestUserAgent(t *testing.T) {
	w := newWorld(t)
	w.setProxy(18080)
	w.answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
	var got []string
	app := w.app(func(o *AppOptions) { o.UserAgent = "Dalvik/2.1.0" })
	w.options.Loopback = func(_ context.Context, _ int, bound func(uint16)) (net.Conn, error) {
		bound(0)
		near, far := net.Pipe()
		go func() {
			b := make([]byte, 4096)
			n, _ := far.Read(b)
			for line := range bytes.Lines(b[:n]) {
				if bytes.HasPrefix(line, []byte("User-Agent: ")) {
					got = append(got, strings.TrimSpace(string(line[12:])))
				}
			}
			_, _ = io.WriteString(far, w.answer)
			far.Close()
		}()
		return near, nil
	}
	for _, own := range []string{"", "Own/1"} {
		r, _ := http.NewRequest("GET", "http://site.test/", nil)
		if own != "" {
			r.Header.Set("User-Agent", own)
		}
		answer, err := app.HTTP().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
	}
	if want := []string{"Dalvik/2.1.0", "Own/1"}; !slices.Equal(got, want) {
		t.Errorf("sent %q, want %q", got, want)
	}
}
