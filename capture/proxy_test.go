package capture_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/telltale-farm/telltale/capture/flow"
)

func TestExchangesAreForwardedAndRecorded(t *testing.T) {
	for _, c := range []struct {
		name, url, proto string
		h2, intercepted  bool
	}{
		{"plain", "http://origin.test/a%2Fb?q=1|2", "HTTP/1.1", false, false},
		{"https", "https://origin.test/a%2Fb?q=1|2", "HTTP/1.1", false, true},
		{"http/2", "https://origin.test/a%2Fb?q=1|2", "HTTP/2.0", true, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, echo)
			resp, err := r.client(c.h2).Post(c.url, "text/plain", strings.NewReader("the query"))
			if err != nil {
				t.Fatal(err)
			}
			got := readAll(t, resp)
			if want := "POST origin.test /a%2Fb?q=1|2 THE QUERY"; got != want {
				t.Errorf("the origin saw %q, want %q", got, want)
			}
			if resp.Header.Get("X-Proto") != c.proto {
				t.Errorf("the origin was spoken to in %s, want %s", resp.Header.Get("X-Proto"), c.proto)
			}
			fs := r.flows()
			f := one(t, fs, flow.KindExchange)
			if f.Host != "origin.test" || f.Request.Method != "POST" || f.Request.Target != c.url || f.Proto != c.proto ||
				f.Intercepted != c.intercepted || f.Control || f.End < f.Start || f.Response.Status != 200 || f.Server == "" || f.Fault != "" {
				t.Errorf("flow %+v", f)
			}
			if b := r.body(f.Request.Body); b != "the query" {
				t.Errorf("recorded request body %q", b)
			}
			if b := r.body(f.Response.Body); b != got {
				t.Errorf("recorded response body %q", b)
			}
			if header(t, f.Request, "Content-Type") != "text/plain" || header(t, f.Response, "X-Proto") != c.proto {
				t.Errorf("headers %v %v", f.Request.Headers, f.Response.Headers)
			}
			if !c.intercepted {
				return
			}
			tunnel := one(t, fs, flow.KindTunnel)
			if f.Parent != tunnel.Seq || tunnel.Requests != 1 || tunnel.Class != flow.ClassReadable || tunnel.TLS.SNI != "origin.test" ||
				tunnel.TLS.Version != "TLS 1.3" || tunnel.TLS.JA4 == "" || tunnel.BytesUp == 0 || tunnel.End < f.End {
				t.Errorf("tunnel %+v %+v", tunnel, tunnel.TLS)
			}
			if f.ServerCert == "" {
				t.Error("no server certificate")
			}
			wantALPN := map[bool]string{true: "h2", false: "http/1.1"}[c.h2]
			if p, s := f.TLS, f.ServerTLS; p == nil || p.Version != "TLS 1.3" || p.Cipher == "" || !slices.Contains(p.Versions, "TLS 1.2") ||
				s == nil || s.Version != "TLS 1.3" || s.Cipher == "" || s.ALPN != wantALPN {
				t.Errorf("TLS to us %+v, to the server %+v", p, s)
			}
		})
	}
}

func TestTheControlHostIsAnsweredByTheProxy(t *testing.T) {
	for _, c := range []struct{ url, says, kind string }{
		{"http://control.test/?secret", "Telltale control", "text/html"},
		{"https://control.test/?secret", "Telltale control", "text/html"},
		{"https://CONTROL.test:8443/?secret", "Telltale control", "text/html"},
		{"https://control.test/find?q=secret", `<input name="q"`, "text/html"},
		{"https://control.test/download/secret.bin?secret", "A file of", "application/octet-stream"},
		{"https://control.test/downloads/secret?secret", "Telltale control", "text/html"},
	} {
		r := newRig(t, func(http.ResponseWriter, *http.Request) { t.Error("the origin was asked") })
		resp, body := get(t, r.client(strings.Contains(c.url, "8443")), c.url)
		if resp.StatusCode != 200 || !strings.Contains(body, c.says) || strings.Contains(body, "secret") || !strings.HasPrefix(resp.Header.Get("Content-Type"), c.kind) {
			t.Errorf("%s: %d %v %q", c.url, resp.StatusCode, resp.Header, body)
		}
		if file := resp.Header.Get("Content-Disposition") == "attachment"; file != (c.kind != "text/html") {
			t.Errorf("%s: %v", c.url, resp.Header)
		}
		f := one(t, r.flows(), flow.KindExchange)
		if !f.Control || f.Host != "control.test" || !strings.Contains(f.Request.Target, "secret") || f.Server != "" || header(t, f.Response, "Content-Type") != resp.Header.Get("Content-Type") {
			t.Errorf("%s: %+v", c.url, f)
		}
	}
}

func TestAnUpstreamFailureIsAnswered502AndRecorded(t *testing.T) {
	for _, url := range []string{"http://origin.test:81/", "https://origin.test:444/", "https://unknown.test/"} {
		for _, h2 := range []bool{false, true} {
			r := newRig(t, echo)
			resp, err := r.client(h2).Post(url, "text/plain", strings.NewReader("what it wanted to send"))
			if err != nil {
				t.Fatal(err)
			}
			_ = readAll(t, resp)
			if resp.StatusCode != http.StatusBadGateway {
				t.Errorf("%s: status %d", url, resp.StatusCode)
			}
			f := one(t, r.flows(), flow.KindExchange)
			if f.Fault != flow.FaultUpstream || f.Error == "" || f.Response != nil {
				t.Errorf("%s: %+v", url, f)
			}
			if b := r.body(f.Request.Body); b != "what it wanted to send" || f.Request.Body.Partial {
				t.Errorf("%s: recorded %q", url, b)
			}
		}
	}
}
