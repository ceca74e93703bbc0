package network

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

// authority is a CA of a test.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t *testing.T, name string) *authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageCertSign,
	}
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

func (a *authority) leaf(t *testing.T, host string) *tls.Certificate {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: host}, DNSNames: []string{host},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, &a.key.PublicKey, a.key)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: a.key}
}

func (a *authority) pool() *x509.CertPool {
	p := x509.NewCertPool()
	p.AddCert(a.cert)
	return p
}

func (a *authority) pin() []byte {
	sum := sha256.Sum256(a.cert.RawSubjectPublicKeyInfo)
	return sum[:]
}

// world is a server site.test that answers with the path and the size of what it got, the network to it, and a proxy.
type world struct {
	*Network
	t         *testing.T
	server    *httptest.Server // TLS
	plain     *httptest.Server
	echo      *net.UDPConn
	root      *authority // the system's
	proxyPort int        // 0: none set

	mu      sync.Mutex
	through []string // what the proxy was asked for
	answer  string   // of the proxy, instead of a tunnel
	mitm    *authority
	refused []error // handshakes that ended badly at the proxy
	quiet   int     // handshakes that were followed by no byte
}

var siteAddress = netip.MustParseAddr("198.18.7.9")

func newWorld(t *testing.T) *world {
	t.Helper()
	before := runtime.NumGoroutine()
	w := &world{t: t, root: newAuthority(t, "root of the system")}
	handler := http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		n, _ := io.Copy(io.Discard, r.Body)
		if r.URL.Path == "/big" {
			_, _ = rw.Write(make([]byte, 1<<20))
			return
		}
		fmt.Fprintf(rw, "%s %s %d", r.Proto, r.URL.Path, n)
	})
	w.server = httptest.NewUnstartedServer(handler)
	w.server.EnableHTTP2 = true
	w.server.Config.ErrorLog = log.New(io.Discard, "", 0)
	w.server.TLS = &tls.Config{Certificates: []tls.Certificate{*w.root.leaf(t, "site.test")}}
	w.server.StartTLS()
	w.plain = httptest.NewServer(handler)
	var err error
	if w.echo, err = net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)}); err != nil {
		t.Fatal(err)
	}
	go func() {
		b := make([]byte, 2048)
		for {
			n, from, err := w.echo.ReadFromUDP(b)
			if err != nil {
				return
			}
			_, _ = w.echo.WriteToUDP(b[:n], from)
		}
	}()
	w.Network = New(Options{
		Internet: w,
		Proxy: func() (string, int, bool) {
			w.mu.Lock()
			defer w.mu.Unlock()
			return "127.0.0.1", w.proxyPort, w.proxyPort != 0
		},
		Loopback: func(_ context.Context, port int, bound func(uint16)) (net.Conn, error) {
			bound(0)
			if port != 18080 {
				return nil, fmt.Errorf("connection refused")
			}
			near, far := socketPair(w.t)
			go w.serveProxy(far)
			return near, nil
		},
	})
	t.Cleanup(func() {
		w.CloseAll()
		w.server.Close()
		w.plain.Close()
		_ = w.echo.Close()
		deadline := time.Now().Add(time.Minute)
		for runtime.NumGoroutine() > before {
			if time.Now().After(deadline) {
				b := make([]byte, 1<<20)
				t.Errorf("goroutines: %d before, %d after\n%s", before, runtime.NumGoroutine(), b[:runtime.Stack(b, true)])
				return
			}
			runtime.Gosched()
			time.Sleep(time.Millisecond)
		}
	})
	return w
}

// socketPair is two ends of a connection with the buffers of a real one: over net.Pipe, two sides of TLS that write at
// the same time wait for each other.
func socketPair(t *testing.T) (near, far net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if near, err = net.Dial("tcp", l.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if far, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	return near, far
}

func (w *world) Resolve(host string) (netip.Addr, bool) { return siteAddress, host == "site.test" }

func (w *world) Dial(ctx context.Context, network, host string, port int) (net.Conn, error) {
	address := w.server.Listener.Addr().String()
	switch {
	case host != "site.test" && host != siteAddress.String():
		return nil, fmt.Errorf("no such host %s", host)
	case network == "udp":
		address = w.echo.LocalAddr().String()
	case port == 80:
		address = w.plain.Listener.Addr().String()
	case port != 443:
		return nil, fmt.Errorf("port %d refused", port)
	}
	var d net.Dialer
	return d.DialContext(ctx, network, address)
}

func (w *world) setProxy(port int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.proxyPort = port
}

func (w *world) seen() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]string(nil), w.through...)
}

// serveProxy is a small proxy: CONNECT makes a tunnel, or ends TLS itself when mitm is set; absolute form is forwarded.
func (w *world) serveProxy(c net.Conn) {
	defer c.Close()
	r := bufio.NewReader(c)
	for {
		request, err := http.ReadRequest(r)
		if err != nil {
			return
		}
		w.mu.Lock()
		w.through = append(w.through, request.Method+" "+request.RequestURI)
		answer, mitm := w.answer, w.mitm
		w.mu.Unlock()
		if answer != "" {
			_, _ = io.WriteString(c, answer)
			return
		}
		if request.Method != http.MethodConnect {
			out, err := http.Post(w.plain.URL+request.URL.Path, "", request.Body)
			if err != nil {
				return
			}
			_ = out.Write(c)
			out.Body.Close()
			continue
		}
		_, _ = io.WriteString(c, "HTTP/1.1 200 Connection established\r\n\r\n")
		if mitm != nil {
			w.interceptTLS(c, mitm)
			return
		}
		upstream, err := net.Dial("tcp", w.server.Listener.Addr().String())
		if err != nil {
			return
		}
		defer upstream.Close()
		go func() {
			_, _ = io.Copy(upstream, r)
			_ = upstream.(*net.TCPConn).CloseWrite()
		}()
		_, _ = io.Copy(c, upstream)
		return
	}
}

func (w *world) interceptTLS(c net.Conn, mitm *authority) {
	s := tls.Server(c, &tls.Config{Certificates: []tls.Certificate{*mitm.leaf(w.t, "site.test")}})
	err := s.Handshake()
	var first int
	if err == nil {
		first, _ = s.Read(make([]byte, 4096)) // Go reports a TLS 1.3 client's refusal here
		if first > 0 {
			_, _ = io.WriteString(s, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\nread")
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case err != nil:
		w.refused = append(w.refused, err)
	case first == 0:
		w.quiet++
	}
}

func (w *world) app(change func(*AppOptions)) *App {
	o := AppOptions{UID: 10100, Package: "com.example", SystemRoots: w.root.pool}
	if change != nil {
		change(&o)
	}
	return w.App(o)
}

func get(t *testing.T, c *http.Client, url string) (string, error) {
	t.Helper()
	r, err := c.Get(url)
	if err != nil {
		return "", err
	}
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	return string(b), err
}

// rows returns the rows of a table, split, without the heading.
func rows(text string) [][]string {
	var all [][]string
	for _, line := range strings.Split(strings.TrimSuffix(text, "\n"), "\n")[1:] {
		all = append(all, strings.Fields(line))
	}
	return all
}

func siteLocal() netip.AddrPort { return netip.AddrPortFrom(siteAddress, 0) }

func mappedLoopback(port uint16) netip.AddrPort { return netip.AddrPortFrom(mapped(loopback), port) }

func (w *world) counted(uid int) traffic {
	w.counters.mu.Lock()
	defer w.counters.mu.Unlock()
	return w.counters.live[account{uid, 0}]
}
