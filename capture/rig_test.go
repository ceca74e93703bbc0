package capture_test

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/http2"

	"github.com/telltale-farm/telltale/capture"
	"github.com/telltale-farm/telltale/capture/flow"
	"github.com/telltale-farm/telltale/capture/record"
)

// originNames are what the origin's certificate is good for.
var originNames = []string{"origin.test", "other.test", "push.test", "*.cold.test"}

// authority makes certificates for origins.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t testing.TB) *authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "origin CA"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &authority{cert, key}
}

func (a *authority) mint(t testing.TB, names ...string) tls.Certificate {
	t.Helper()
	template := &x509.Certificate{SerialNumber: big.NewInt(2), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		DNSNames: names, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, &a.key.PublicKey, a.key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der, a.cert.Raw}, PrivateKey: a.key}
}

// rig is a phone's world in small: a proxy that records, an origin that all names lead to, and clients.
type rig struct {
	t      testing.TB
	dir    string
	rec    *record.Writer
	ca     *capture.CA
	proxy  *capture.Proxy
	addr   string
	origin *httptest.Server
	auth   *authority
	ports  map[string]string // port asked for -> address dialled; "" is the default
}

func newRig(t testing.TB, handler http.HandlerFunc, change ...func(*capture.Options)) *rig {
	t.Helper()
	return newRigWith(t, record.Limits{}, handler, change...)
}

func newRigWith(t testing.TB, limits record.Limits, handler http.HandlerFunc, change ...func(*capture.Options)) *rig {
	t.Helper()
	r := &rig{t: t, dir: filepath.Join(t.TempDir(), "phone"), auth: newAuthority(t), ports: map[string]string{}}
	r.startOrigin(handler)
	r.ports["443"] = r.origin.Listener.Addr().String()
	plain := httptest.NewServer(handler)
	t.Cleanup(plain.Close)
	r.ports["80"] = plain.Listener.Addr().String()

	var err error
	if r.ca, err = capture.LoadOrCreateCA(filepath.Join(t.TempDir(), "ca")); err != nil {
		t.Fatal(err)
	}
	if r.rec, err = record.Create(r.dir, limits); err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(r.auth.cert)
	o := capture.Options{CA: r.ca, Record: r.rec, ControlHost: "control.test", Upstream: capture.Upstream{Roots: roots,
		Dial: func(ctx context.Context, network, addr string) (net.Conn, error) {
			_, port, _ := net.SplitHostPort(addr)
			to, ok := r.ports[port]
			if !ok {
				return nil, fmt.Errorf("nothing is at %s", addr)
			}
			return (&net.Dialer{}).DialContext(ctx, network, to)
		}}}
	for _, c := range change {
		c(&o)
	}
	if r.proxy, err = capture.New(o); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r.addr = l.Addr().String()
	served := make(chan error, 1)
	go func() { served <- r.proxy.Serve(l) }()
	t.Cleanup(func() {
		r.stop()
		if err := <-served; err != http.ErrServerClosed {
			t.Errorf("Serve: %v", err)
		}
	})
	return r
}

func (r *rig) startOrigin(handler http.HandlerFunc) {
	r.origin = httptest.NewUnstartedServer(handler)
	r.origin.EnableHTTP2 = true
	r.origin.Config.ErrorLog = log.New(io.Discard, "", 0)
	r.origin.TLS = &tls.Config{Certificates: []tls.Certificate{r.auth.mint(r.t, originNames...)}, NextProtos: []string{"h2", "http/1.1"}}
	r.origin.StartTLS()
	r.t.Cleanup(r.origin.Close)
}

func pemOf(der []byte) []byte { return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}) }

// stop ends the proxy and the recording; it may be called twice.
func (r *rig) stop() {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := r.proxy.Shutdown(ctx); err != nil {
		r.t.Errorf("Shutdown: %v", err)
	}
	if err := r.rec.Close(); err != nil {
		r.t.Errorf("closing the record: %v", err)
	}
}

// flows stops the proxy and gives what it recorded.
func (r *rig) flows() []flow.Flow {
	r.t.Helper()
	r.stop()
	return r.now()
}

// now gives what is recorded so far.
func (r *rig) now() []flow.Flow {
	r.t.Helper()
	rd, err := record.Open(os.DirFS(r.dir))
	if err != nil {
		r.t.Fatal(err)
	}
	fs, err := rd.Flows()
	if err != nil {
		r.t.Fatal(err)
	}
	return fs
}

// body gives the stored bytes of a body.
func (r *rig) body(b *flow.Body) string {
	r.t.Helper()
	rd, err := record.Open(os.DirFS(r.dir))
	if err != nil {
		r.t.Fatal(err)
	}
	rc, err := rd.Body(b)
	if err != nil {
		r.t.Fatal(err)
	}
	defer rc.Close()
	data, err := io.ReadAll(rc)
	if err != nil {
		r.t.Fatal(err)
	}
	return string(data)
}

func of(fs []flow.Flow, kind flow.Kind) (out []flow.Flow) {
	for _, f := range fs {
		if f.Kind == kind {
			out = append(out, f)
		}
	}
	return out
}

// one gives the only flow of a kind.
func one(t testing.TB, fs []flow.Flow, kind flow.Kind) flow.Flow {
	t.Helper()
	got := of(fs, kind)
	if len(got) != 1 {
		t.Fatalf("want one %s, got %d of %d flows: %+v", kind, len(got), len(fs), fs)
	}
	return got[0]
}

func (r *rig) roots() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(r.ca.Certificate())
	return pool
}

// client is an app that goes through the proxy and trusts its CA.
func (r *rig) client(h2 bool) *http.Client {
	u := &url.URL{Scheme: "http", Host: r.addr}
	protos := []string{"http/1.1"}
	if h2 {
		protos = []string{"h2", "http/1.1"}
	}
	tr := &http.Transport{Proxy: http.ProxyURL(u), DisableCompression: true, ForceAttemptHTTP2: h2,
		TLSClientConfig: &tls.Config{RootCAs: r.roots(), NextProtos: protos}, ExpectContinueTimeout: time.Minute}
	r.t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// connect opens a tunnel and gives its inside.
func (r *rig) connect(target string) net.Conn {
	r.t.Helper()
	c, err := net.Dial("tcp", r.addr)
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { _ = c.Close() })
	_ = c.SetDeadline(time.Now().Add(2 * time.Minute))
	fmt.Fprintf(c, "CONNECT %s HTTP/1.1\r\nHost: %s\r\n\r\n", target, target)
	br := bufio.NewReader(c)
	resp, err := http.ReadResponse(br, &http.Request{Method: "CONNECT"})
	if err != nil || resp.StatusCode != 200 {
		r.t.Fatalf("CONNECT: %v %v", resp, err)
	}
	return c
}

// connectTLS opens a tunnel with TLS inside.
func (r *rig) connectTLS(target, sni string, protos ...string) *tls.Conn {
	r.t.Helper()
	tc := tls.Client(r.connect(target), &tls.Config{RootCAs: r.roots(), ServerName: sni, NextProtos: protos})
	if err := tc.Handshake(); err != nil {
		r.t.Fatal(err)
	}
	return tc
}

// h2Client speaks HTTP/2 over one tunnel.
func (r *rig) h2Client(target string) *http2.ClientConn {
	r.t.Helper()
	host, _, _ := net.SplitHostPort(target)
	cc, err := (&http2.Transport{DisableCompression: true}).NewClientConn(r.connectTLS(target, host, "h2"))
	if err != nil {
		r.t.Fatal(err)
	}
	return cc
}

func get(t testing.TB, c *http.Client, url string) (*http.Response, string) {
	t.Helper()
	resp, err := c.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	return resp, readAll(t, resp)
}

func readAll(t testing.TB, resp *http.Response) string {
	t.Helper()
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// eventually waits until ok says so, and fails the test when it never does.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(time.Minute)
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatalf("never happened: %s", what)
		}
		time.Sleep(2 * time.Millisecond)
	}
}

func header(t testing.TB, m *flow.Message, name string) string {
	t.Helper()
	v, ok := m.Get(name)
	if !ok {
		t.Errorf("no header %s in %v", name, m.Headers)
	}
	return v
}

func echo(w http.ResponseWriter, r *http.Request) {
	b, _ := io.ReadAll(r.Body)
	w.Header().Set("X-Proto", r.Proto)
	fmt.Fprintf(w, "%s %s %s %s", r.Method, r.Host, r.RequestURI, strings.ToUpper(string(b)))
}

func rootsOf(c *x509.Certificate) *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(c)
	return pool
}
