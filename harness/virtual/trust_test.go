package virtual_test

import (
	"bufio"
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/telltale-farm/telltale/adb/ui"
	"github.com/telltale-farm/telltale/harness/virtual/adbd"
)

// middle is a proxy that answers every https request itself, with certificates of its own root.
type middle struct {
	l    net.Listener
	root *x509.Certificate
	key  *ecdsa.PrivateKey

	mu      sync.Mutex
	read    []string // hosts whose request it could read
	refused []string // hosts whose client did not want its certificate
}

func startMiddle(t *testing.T) *middle {
	t.Helper()
	m := &middle{}
	var err error
	if m.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		t.Fatal(err)
	}
	m.root = m.sign(t, &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{Organization: []string{"Test farm"}}, IsCA: true,
		BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	})
	if m.l, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	var work sync.WaitGroup
	work.Go(func() {
		for {
			c, err := m.l.Accept()
			if err != nil {
				return
			}
			work.Go(func() { m.serve(t, c) })
		}
	})
	t.Cleanup(func() { m.l.Close(); work.Wait() })
	return m
}

func (m *middle) sign(t *testing.T, c *x509.Certificate) *x509.Certificate {
	c.NotBefore, c.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	parent := m.root
	if parent == nil {
		parent = c
	}
	der, err := x509.CreateCertificate(rand.Reader, c, parent, &m.key.PublicKey, m.key)
	if err != nil {
		t.Error(err)
		return c
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Error(err)
	}
	return cert
}

func (m *middle) serve(t *testing.T, c net.Conn) {
	defer c.Close()
	c.SetDeadline(time.Now().Add(time.Minute))
	req, err := http.ReadRequest(bufio.NewReader(c))
	if err != nil || req.Method != http.MethodConnect {
		return
	}
	host, _, _ := net.SplitHostPort(req.Host)
	io.WriteString(c, "HTTP/1.1 200 OK\r\n\r\n")
	leaf := m.sign(t, &x509.Certificate{SerialNumber: big.NewInt(2), DNSNames: []string{host}, Subject: pkix.Name{CommonName: host}})
	inner := tls.Server(c, &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{leaf.Raw}, PrivateKey: m.key}}})
	if _, err = http.ReadRequest(bufio.NewReader(inner)); err == nil {
		io.WriteString(inner, "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 42\r\nConnection: close\r\n\r\n<html><title>Read in the middle</title></>")
		inner.Close()
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if err == nil {
		m.read = append(m.read, host)
	} else if !strings.Contains(err.Error(), "EOF") {
		m.refused = append(m.refused, host)
	}
}

func (m *middle) saw(hosts *[]string, host string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, h := range *hosts {
		if h == host {
			return true
		}
	}
	return false
}

// A browser does not trust the proxy's root until its owner has installed it through the settings.
func TestTrustThroughTheSettings(t *testing.T) {
	b := open(t, quiet(), adbd.NoAuth)
	ctx := t.Context()
	m := startMiddle(t)
	if err := b.device.EnsureReverse(ctx, 8080, m.l.Addr().(*net.TCPAddr).Port); err != nil {
		t.Fatal(err)
	}
	if err := b.device.SetProxy(ctx, "127.0.0.1", 8080); err != nil {
		t.Fatal(err)
	}
	screen := ui.NewScreen(b.device)
	shown := func(text string) bool {
		tree, err := screen.Dump(ctx)
		return err == nil && strings.Contains(string(tree.XML), text)
	}
	b.visit(t, "https://example-news.test/")
	eventually(t, "the browser to refuse", func() bool { return m.saw(&m.refused, "example-news.test") })
	eventually(t, "the browser to say so", func() bool { return shown("ERR_CERT_AUTHORITY_INVALID") })
	if m.saw(&m.read, "example-news.test") {
		t.Error("a browser trusted a root that nobody installed")
	}

	file := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: m.root.Raw})
	if err := b.device.Push(ctx, bytes.NewReader(file), "/sdcard/Download/farm.crt", 0o644); err != nil {
		t.Fatal(err)
	}
	if started, err := b.device.StartActivity(ctx, "-a", "android.settings.SECURITY_SETTINGS"); err != nil || !started.OK() {
		t.Fatalf("%+v, %v", started, err)
	}
	for _, text := range []string{"Install a certificate", "CA certificate", "Install anyway", "farm.crt", "OK"} {
		if err := screen.Tap(ctx, ui.Selector{Texts: []string{text}}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := screen.WaitFor(ctx, ui.Selector{Texts: []string{"CA certificate installed"}}); err != nil {
		t.Fatal(err)
	}
	b.shell(t, "am force-stop com.android.chrome")
	b.visit(t, "https://duckduckgo.com/")
	eventually(t, "the proxy to read the request", func() bool { return m.saw(&m.read, "duckduckgo.com") })
	eventually(t, "the page", func() bool { return shown("Read in the middle") })
}
