package capture_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/telltale-farm/telltale/capture"
	"github.com/telltale-farm/telltale/capture/flow"
)

// server listens for what is not HTTP, at the port that the phone asks for.
func (r *rig) server(port string, serve func(net.Conn)) {
	r.t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { _ = l.Close() })
	r.ports[port] = l.Addr().String()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				_ = c.SetDeadline(time.Now().Add(2 * time.Minute))
				serve(c)
			}()
		}
	}()
}

// tlsServer is server inside TLS.
func (r *rig) tlsServer(port string, serve func(net.Conn), protos ...string) {
	config := &tls.Config{Certificates: []tls.Certificate{r.auth.mint(r.t, originNames...)}, NextProtos: protos}
	r.server(port, func(c net.Conn) { serve(tls.Server(c, config)) })
}

func shout(c net.Conn) {
	b := make([]byte, 100)
	n, err := c.Read(b)
	if err == nil {
		_, _ = io.WriteString(c, strings.ToUpper(string(b[:n])))
	}
}

func greet(c net.Conn) {
	_, _ = io.WriteString(c, "220 hello\r\n")
	shout(c)
}

// ask sends a line and reads the answer.
func ask(t *testing.T, c net.Conn, line, want string) {
	t.Helper()
	if _, err := io.WriteString(c, line); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, len(want))
	if _, err := io.ReadFull(c, b); err != nil || string(b) != want {
		t.Fatalf("want %q, got %q, %v", want, b, err)
	}
}

// done closes a connection that an opaque protocol was spoken on.
func done(c net.Conn) { _ = c.Close() }

// quick has the proxy wait for less, so that silence is soon told.
func quick(o *capture.Options) {
	o.Limits.SpeakFirst = 300 * time.Millisecond
	o.Limits.Handshake = 20 * time.Second
}

func TestWhatCannotBeReadHasItsClass(t *testing.T) {
	t.Parallel() // it mostly waits
	refuse := func(config *tls.Config) func(*testing.T, *rig) {
		return func(t *testing.T, r *rig) {
			tc := tls.Client(r.connect("origin.test:443"), config)
			if err := tc.Handshake(); err == nil {
				t.Error("the handshake went through")
			}
			_ = tc.Close()
		}
	}
	empty := x509.NewCertPool()
	for _, c := range []struct {
		name  string
		phone func(*testing.T, *rig)
		class flow.Class
		alert int
		sent  string // logged, for relays
		sni   string
		tls   string // agreed on; what was not answered has none
	}{
		{name: "a CA that is not trusted", class: flow.ClassUntrustedCA, alert: 42, sni: "origin.test", tls: "TLS 1.3",
			phone: refuse(&tls.Config{RootCAs: empty, ServerName: "origin.test"})},
		{name: "a CA that is not trusted, TLS 1.2", class: flow.ClassUntrustedCA, alert: 42, sni: "origin.test", tls: "TLS 1.2",
			phone: refuse(&tls.Config{RootCAs: empty, ServerName: "origin.test", MaxVersion: tls.VersionTLS12})},
		{name: "a cipher that we have no key for", class: flow.ClassMismatch, sni: "origin.test",
			phone: refuse(&tls.Config{RootCAs: empty, ServerName: "origin.test", MaxVersion: tls.VersionTLS12,
				CipherSuites: []uint16{tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256}})},
		{name: "a pin checked after the handshake", class: flow.ClassPinned, sni: "origin.test", tls: "TLS 1.3",
			phone: func(_ *testing.T, r *rig) { _ = r.connectTLS("origin.test:443", "origin.test").Close() }},
		{name: "a pin checked after the handshake, HTTP/2", class: flow.ClassPinned, sni: "origin.test",
			phone: func(_ *testing.T, r *rig) { _ = r.connectTLS("origin.test:443", "origin.test", "h2").Close() }},
		{name: "closed after CONNECT", class: flow.ClassClosedEarly,
			phone: func(_ *testing.T, r *rig) { _ = r.connect("origin.test:443").Close() }},
		{name: "closed within the ClientHello", class: flow.ClassClosedEarly, sent: "\x16\x03\x01\x02\x00\x01\x00\x01",
			phone: func(_ *testing.T, r *rig) {
				c := r.connect("origin.test:443")
				_, _ = io.WriteString(c, "\x16\x03\x01\x02\x00\x01\x00\x01")
				_ = c.Close()
			}},
		{name: "plain bytes", class: flow.ClassNotTLS, sent: "binary\x00 stuff",
			phone: func(t *testing.T, r *rig) {
				c := r.connect("push.test:5228")
				defer done(c)
				ask(t, c, "binary\x00 stuff", "BINARY\x00 STUFF")
			}},
		{name: "the server speaks first", class: flow.ClassNotTLS, sent: "ehlo me",
			phone: func(t *testing.T, r *rig) {
				c := r.connect("push.test:25")
				defer done(c)
				ask(t, c, "", "220 hello\r\n")
				ask(t, c, "ehlo me", "EHLO ME")
			}},
		{name: "not HTTP inside TLS", class: flow.ClassNotHTTP, sent: "\x01push", sni: "push.test",
			phone: func(t *testing.T, r *rig) {
				c := r.connectTLS("push.test:8883", "push.test")
				defer done(c)
				ask(t, c, "\x01push", "\x01PUSH")
			}},
		{name: "another protocol by ALPN", class: flow.ClassNotHTTP, sent: "imap", sni: "push.test",
			phone: func(t *testing.T, r *rig) {
				tc := r.connectTLS("push.test:993", "push.test", "imap")
				defer done(tc)
				if p := tc.ConnectionState().NegotiatedProtocol; p != "imap" {
					t.Errorf("agreed on %q", p)
				}
				ask(t, tc, "", "220 hello\r\n")
				ask(t, tc, "imap", "IMAP")
			}},
		{name: "bytes for a server that is not there", class: flow.ClassNotTLS, sent: "\x01nobody listens",
			phone: func(_ *testing.T, r *rig) {
				c := r.connect("push.test:9")
				_, _ = io.WriteString(c, "\x01nobody listens")
				_, _ = io.Copy(io.Discard, c)
			}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, func(http.ResponseWriter, *http.Request) { t.Error("the origin was asked") }, quick)
			r.server("5228", shout)
			r.server("25", greet)
			r.tlsServer("8883", shout)
			r.tlsServer("993", greet, "imap")
			c.phone(t, r)
			eventually(t, "the tunnel ends", func() bool {
				_ = r.rec.Sync()
				fs := r.now()
				return len(fs) > 0 && fs[0].End >= 0
			})
			f := one(t, r.flows(), flow.KindTunnel)
			if f.Class != c.class || f.Alert != c.alert || f.Requests != 0 {
				t.Errorf("class %q alert %d requests %d, want %q %d", f.Class, f.Alert, f.Requests, c.class, c.alert)
			}
			if c.sni != "" && (f.TLS == nil || f.TLS.SNI != c.sni || f.TLS.JA4 == "") {
				t.Errorf("TLS %+v", f.TLS)
			}
			if c.sni != "" && len(f.TLS.Versions) == 0 || c.tls != "" && (f.TLS.Version != c.tls || f.TLS.Cipher == "") {
				t.Errorf("TLS %+v, want %s agreed on", f.TLS, c.tls)
			}
			if got := f.ServerTLS != nil && f.ServerTLS.Version != "" && f.ServerCert != ""; got != (c.class == flow.ClassNotHTTP) {
				t.Errorf("TLS to the server %+v, certificate %q", f.ServerTLS, f.ServerCert)
			}
			if c.sent == "" {
				return
			}
			if f.Request == nil || f.Request.Body == nil {
				t.Fatalf("nothing is recorded of what was sent: %+v", f)
			}
			if got := r.body(f.Request.Body); got != c.sent {
				t.Errorf("recorded %q, want %q", got, c.sent)
			}
		})
	}
}

func TestAnOpenOpaqueTunnelIsSeenAsOpaque(t *testing.T) {
	r := newRig(t, echo, quick)
	r.server("5228", func(c net.Conn) { shout(c); shout(c) })
	c := r.connect("push.test:5228")
	ask(t, c, "\x01ping", "\x01PING")
	if err := r.rec.Sync(); err != nil {
		t.Fatal(err)
	}
	f := one(t, r.now(), flow.KindTunnel)
	if f.End >= 0 || f.Class != flow.ClassNotTLS {
		t.Errorf("while it is open: %+v", f)
	}
	f = one(t, r.flows(), flow.KindTunnel)
	if f.End < 0 || f.Fault != "" {
		t.Errorf("after an orderly stop: %+v", f)
	}
}

func TestAReadableConnectionIsNotOpaque(t *testing.T) {
	r := newRig(t, echo)
	for _, h2 := range []bool{false, true} {
		c := r.client(h2)
		get(t, c, "https://origin.test/")
		c.CloseIdleConnections()
	}
	for _, f := range r.flows() {
		if f.Class != "" || f.Fault != "" || f.Error != "" {
			t.Errorf("%+v", f)
		}
	}
}

func TestConnectToAnAddressWithANameInSNI(t *testing.T) {
	r := newRig(t, echo)
	tc := r.connectTLS("192.0.2.7:443", "origin.test")
	if _, err := io.WriteString(tc, "GET /x HTTP/1.1\r\nHost: origin.test\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 12)
	if _, err := io.ReadFull(tc, b); err != nil || string(b) != "HTTP/1.1 200" {
		t.Fatalf("%q %v", b, err)
	}
	f := one(t, r.flows(), flow.KindExchange)
	if f.Host != "origin.test" || f.Request.Target != "https://origin.test/x" || f.ServerCert == "" {
		t.Errorf("%+v", f)
	}
}

func TestOldTLSIsReadToo(t *testing.T) {
	for _, version := range []uint16{tls.VersionTLS10, tls.VersionTLS11, tls.VersionTLS12} {
		r := newRig(t, echo)
		tc := tls.Client(r.connect("origin.test:443"), &tls.Config{RootCAs: r.roots(), ServerName: "origin.test", MinVersion: version, MaxVersion: version})
		if _, err := io.WriteString(tc, "GET /old HTTP/1.1\r\nHost: origin.test\r\nConnection: close\r\n\r\n"); err != nil {
			t.Fatalf("%s: %v", tls.VersionName(version), err)
		}
		_, _ = io.Copy(io.Discard, tc)
		f := one(t, r.flows(), flow.KindExchange)
		if name := tls.VersionName(version); f.TLS.Version != name || !slices.Equal(f.TLS.Versions, []string{name}) || f.ServerTLS.Version != "TLS 1.3" {
			t.Errorf("%s: TLS %+v, to the server %+v", name, f.TLS, f.ServerTLS)
		}
		if f.Request.Target != "https://origin.test/old" || f.Response == nil {
			t.Errorf("%+v", f)
		}
	}
}

func TestPhonesCanResumeSessions(t *testing.T) {
	r := newRig(t, echo)
	config := &tls.Config{RootCAs: r.roots(), ServerName: "origin.test", ClientSessionCache: tls.NewLRUClientSessionCache(8)}
	for i := range 3 {
		tc := tls.Client(r.connect("origin.test:443"), config)
		if _, err := io.WriteString(tc, "GET / HTTP/1.1\r\nHost: origin.test\r\nConnection: close\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, tc); err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Fatal(err)
		}
		if got, want := tc.ConnectionState().DidResume, i > 0; got != want {
			t.Errorf("connection %d: resumed %v, want %v", i, got, want)
		}
	}
}

// A tunnel goes by the name in TLS; where it was asked to lead must be in the record when that is another place.
func TestWhereATunnelLedIsKept(t *testing.T) {
	for _, c := range []struct{ target, sni, want string }{
		{"front.test:443", "origin.test", "front.test:443"},
		{"203.0.113.9:443", "origin.test", "203.0.113.9:443"},
		{"origin.test:443", "origin.test", ""},
	} {
		r := newRig(t, echo, quick)
		_ = r.connectTLS(c.target, c.sni).Close()
		f := one(t, r.flows(), flow.KindTunnel)
		got := ""
		if f.Request != nil {
			got = f.Request.Target
		}
		if got != c.want || f.Host != c.sni {
			t.Errorf("CONNECT %s with %s in TLS: recorded as %q under %q, want %q", c.target, c.sni, got, f.Host, c.want)
		}
	}
}
