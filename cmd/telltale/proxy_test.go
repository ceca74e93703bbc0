package main

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/telltale-farm/telltale/capture/flow"
	"github.com/telltale-farm/telltale/capture/record"
)

// The proxy alone: it says where it listens, serves with its CA, trusts what it is told to, and ends with a whole record.
func TestProxyAlone(t *testing.T) {
	dir := t.TempDir()
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "here") }))
	defer server.Close()
	roots := filepath.Join(dir, "roots.pem")
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if err := os.WriteFile(roots, block, 0o600); err != nil {
		t.Fatal(err)
	}
	recording := filepath.Join(dir, "recording")
	out, wait := started(t, "proxy", "--listen", "127.0.0.1:0", "--ca-dir", filepath.Join(dir, "ca"), "--trust", roots, "--record", recording)
	line, err := out.ReadString('\n')
	addr, ok := strings.CutPrefix(strings.TrimSpace(line), "listening ")
	if err != nil || !ok {
		code, errs := wait()
		t.Fatalf("it printed %q and ended with %d: %s", line, code, errs)
	}
	ca, err := os.ReadFile(filepath.Join(dir, "ca", "ca.pem"))
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(ca)
	transport := &http.Transport{Proxy: http.ProxyURL(&url.URL{Scheme: "http", Host: addr}), TLSClientConfig: &tls.Config{RootCAs: pool}}
	reply, err := (&http.Client{Transport: transport}).Get(server.URL + "/page")
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(reply.Body)
	reply.Body.Close()
	if err != nil || string(body) != "here" {
		t.Errorf("got %q, %v", body, err)
	}
	// The connection stays open: stopping must not wait for a client that keeps it.
	if code, errs := wait(); code != exitClean {
		t.Fatalf("exit status %d: %s", code, errs)
	}
	transport.CloseIdleConnections()
	rec, err := record.Open(os.DirFS(recording))
	if err != nil {
		t.Fatal(err)
	}
	flows, err := rec.Flows()
	if err != nil || !rec.Closed() {
		t.Fatalf("the recording is not whole: %v", err)
	}
	found := 0
	for _, f := range flows {
		if f.Kind == flow.KindExchange && f.Intercepted && strings.HasSuffix(f.Request.Target, "/page") {
			found++
		}
	}
	if found != 1 {
		t.Errorf("the request is recorded %d times: %+v", found, flows)
	}
}

// An address that cannot be listened on is said with the fix, and leaves no CA behind.
func TestProxyListenAddress(t *testing.T) {
	for _, listen := range []string{"x", "127.0.0.1", "127.0.0.1:none", "127.0.0.1:99999"} {
		t.Run(listen, func(t *testing.T) {
			dir := t.TempDir()
			_, wait := started(t, "proxy", "--listen", listen, "--ca-dir", filepath.Join(dir, "ca"), "--record", filepath.Join(dir, "recording"))
			code, errs := wait()
			if code != exitFailed || !strings.Contains(errs, "--listen \""+listen+"\"") || !strings.Contains(errs, "such as 127.0.0.1:8080") {
				t.Errorf("exit status %d: %s", code, errs)
			}
			if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
				t.Errorf("it left %v, %v", left, err)
			}
		})
	}
}
