package capture_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/telltale-farm/telltale/capture/flow"
)

// realClient is a program that people use, and how it posts "the query" to a URL through the proxy.
type realClient struct {
	name  string
	need  string // program; empty when it is Go
	proto string
	args  func(r *rig, ca, url string) []string
	stdin string
	env   []string
	get   bool // it can only GET
}

func clients() []realClient {
	hostPort := func(r *rig) (string, string) {
		h, p, _ := net.SplitHostPort(r.addr)
		return h, p
	}
	curl := func(flag string) func(*rig, string, string) []string {
		return func(r *rig, ca, url string) []string {
			return []string{flag, "-sS", "-m", "60", "--proxy", "http://" + r.addr, "--cacert", ca, "-d", "the query", url}
		}
	}
	return []realClient{
		{name: "curl over HTTP/1.1", need: "curl", proto: "HTTP/1.1", args: curl("--http1.1")},
		{name: "curl over HTTP/2", need: "curl", proto: "HTTP/2.0", args: curl("--http2")},
		{name: "openssl s_client", need: "openssl", proto: "HTTP/1.1",
			stdin: "POST /client HTTP/1.1\r\nHost: origin.test\r\nContent-Length: 9\r\nConnection: close\r\n\r\nthe query",
			args: func(r *rig, ca, _ string) []string {
				return []string{"s_client", "-proxy", r.addr, "-connect", "origin.test:443", "-servername", "origin.test", "-CAfile", ca,
					"-verify_return_error", "-quiet", "-no_ign_eof"}
			}},
		{name: "Node", need: "node", proto: "HTTP/1.1", args: func(r *rig, ca, url string) []string {
			h, p := hostPort(r)
			return []string{"testdata/clients/client.js", h, p, ca, url, "the query"}
		}},
		{name: "Java's HttpClient", need: "java", proto: "HTTP/2.0", args: func(r *rig, ca, url string) []string {
			h, p := hostPort(r)
			return []string{"testdata/clients/Client.java", h, p, ca, url, "the query"}
		}},
		{name: "headless Chromium", need: "chromium", proto: "HTTP/2.0", get: true, args: func(r *rig, _, url string) []string {
			spki := sha256.Sum256(r.ca.Certificate().RawSubjectPublicKeyInfo)
			return []string{"--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
				"--user-data-dir=" + r.t.TempDir(), "--proxy-server=http://" + r.addr,
				"--ignore-certificate-errors-spki-list=" + base64.StdEncoding.EncodeToString(spki[:]), "--dump-dom", url}
		}},
		{name: "Go", proto: "HTTP/2.0"},
	}
}

func TestRealClients(t *testing.T) {
	if testing.Short() {
		t.Skip("runs other programs")
	}
	ran := 0
	for _, c := range clients() {
		t.Run(c.name, func(t *testing.T) {
			if c.need != "" {
				if _, err := exec.LookPath(c.need); err != nil {
					t.Skipf("%s is not installed", c.need)
				}
			}
			r := newRig(t, echo)
			out := r.runClient(t, c)
			want, body := "POST origin.test /client THE QUERY", "the query"
			if c.get {
				want, body = "GET origin.test /client", ""
			}
			if !strings.Contains(out, want) {
				t.Fatalf("%s printed %q", c.name, out)
			}
			for _, f := range of(r.flows(), flow.KindExchange) {
				if f.Request.Target == "https://origin.test/client" && f.Host == "origin.test" {
					if f.Proto != c.proto || f.Fault != "" || body != "" && r.body(f.Request.Body) != body {
						t.Errorf("%+v", f)
					}
					ran++
					return
				}
			}
			t.Error("the request is not in the record")
		})
	}
	if ran == 0 {
		t.Error("no client ran")
	}
}

// runClient gives what the client printed.
func (r *rig) runClient(t *testing.T, c realClient) string {
	t.Helper()
	const url = "https://origin.test/client"
	if c.need == "" {
		resp, err := r.client(true).Post(url, "text/plain", strings.NewReader("the query"))
		if err != nil {
			t.Fatal(err)
		}
		return readAll(t, resp)
	}
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, r.ca.PEM(), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, c.need, c.args(r, ca, url)...)
	cmd.WaitDelay = 5 * time.Second
	if c.stdin != "" {
		in, err := cmd.StdinPipe() // stays open until the program ends: it would leave with its input
		if err != nil {
			t.Fatal(err)
		}
		go func() { _, _ = io.WriteString(in, c.stdin) }()
	}
	var errs strings.Builder
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil && len(out) == 0 {
		t.Fatalf("%s: %v\n%.2000s", c.name, err, errs.String())
	}
	return string(out)
}
