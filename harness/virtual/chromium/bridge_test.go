package chromium

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// stand is a network whose every name leads to one server; it notes what was asked for.
type stand struct {
	server *httptest.Server
	asked  chan string
}

func (s stand) HTTP() *http.Client { return &http.Client{Transport: s} }

func (s stand) RoundTrip(r *http.Request) (*http.Response, error) {
	s.asked <- r.URL.String()
	out := r.Clone(r.Context())
	out.URL.Scheme, out.URL.Host = "http", s.server.Listener.Addr().String()
	return http.DefaultTransport.RoundTrip(out)
}

func (s stand) DialTunnel(_ context.Context, address string) (net.Conn, error) {
	s.asked <- address
	if address == "gone.test:443" {
		return nil, errors.New("no such host")
	}
	return net.Dial("tcp", s.server.Listener.Addr().String())
}

// Everything that Chromium asks its proxy for goes through the phone's network, and nothing else is served.
func TestBridge(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "page of ", r.URL.Path) }))
	defer server.Close()
	n := stand{server, make(chan string, 10)}
	b, err := newBridge(n)
	if err != nil {
		t.Fatal(err)
	}
	defer b.close()
	proxy := &url.URL{Scheme: "http", Host: b.address()}
	client := &http.Client{Transport: &http.Transport{Proxy: http.ProxyURL(proxy)}}
	res, err := client.Get("http://plain.test/a")
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(res.Body)
	res.Body.Close()
	if got := <-n.asked; string(body) != "page of /a" || got != "http://plain.test/a" {
		t.Errorf("%q by %s", body, got)
	}
	for target, want := range map[string]string{"far.test:443": "200", "gone.test:443": "502"} {
		c, err := net.Dial("tcp", b.address())
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(c, "CONNECT %s HTTP/1.1\r\nHost: %s\r\n\r\n", target, target)
		r := bufio.NewReader(c)
		line, _ := r.ReadString('\n')
		if got := <-n.asked; !strings.Contains(line, want) || got != target {
			t.Errorf("%s: %q, asked for %s", target, line, got)
		}
		if want == "200" {
			_, _ = r.ReadString('\n')
			fmt.Fprint(c, "GET /b HTTP/1.0\r\n\r\n")
			if all, _ := io.ReadAll(r); !strings.Contains(string(all), "page of /b") {
				t.Errorf("through the tunnel: %q", all)
			}
		}
		c.Close()
	}
	res, err = http.Get("http://" + b.address() + "/")
	if err != nil || res.StatusCode != http.StatusBadRequest {
		t.Errorf("who takes it for a web server: %v, %v", res, err)
	}
}

func FuzzZeroEnded(f *testing.F) {
	f.Add([]byte("{}\x00{\"id\":1}\x00"))
	f.Add([]byte("cut"))
	f.Fuzz(func(t *testing.T, data []byte) {
		scan := bufio.NewScanner(bytes.NewReader(data))
		scan.Split(zeroEnded)
		n := 0
		for scan.Scan() {
			n++
		}
		if n > bytes.Count(data, []byte{0}) {
			t.Errorf("%d messages in %q", n, data)
		}
	})
}
