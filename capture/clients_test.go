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
	"slices"
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
	get   bool     // it can only GET
	probe []string // arguments with which it says what we need of it; a program that does not is passed over
	says  string
}

func clients() []realClient {
	hostPort := func(r *rig) (string, string) {
		h, p, _ := net.SplitHostPort(r.addr)
		return h, p
	}
	curl := func(flag string) func(*rig, string, string) []string {
		return func(r *rig, ca, url string) []string {
			return []string{flag, "-sS", "-m", "240", "--proxy", "http://" + r.addr, "--cacert", ca, "-d", "the query", url}
		}
	}
	headless := slices.Clip([]string{"--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-background-networking"})
	return []realClient{
		{name: "curl over HTTP/1.1", need: "curl", proto: "HTTP/1.1", args: curl("--http1.1"), probe: []string{"--version"}, says: "https"},
		{name: "curl over HTTP/2", need: "curl", proto: "HTTP/2.0", args: curl("--http2"), probe: []string{"--version"}, says: "HTTP2"},
		{name: "openssl s_client", need: "openssl", proto: "HTTP/1.1", probe: []string{"version"}, says: "SSL",
			stdin: "POST /client HTTP/1.1\r\nHost: origin.test\r\nContent-Length: 9\r\nConnection: close\r\n\r\nthe query",
			args: func(r *rig, ca, _ string) []string {
				return []string{"s_client", "-proxy", r.addr, "-connect", "origin.test:443", "-servername", "origin.test", "-CAfile", ca,
					"-verify_return_error", "-quiet", "-no_ign_eof"}
			}},
		{name: "Node", need: "node", proto: "HTTP/1.1", probe: []string{"--print", "'runs'"}, says: "runs", args: func(r *rig, ca, url string) []string {
			h, p := hostPort(r)
			return []string{"testdata/clients/client.js", h, p, ca, url, "the query"}
		}},
		{name: "Java's HttpClient", need: "java", proto: "HTTP/2.0", probe: []string{"-XX:-UsePerfData", "--list-modules"}, says: "jdk.compiler", args: func(r *rig, ca, url string) []string {
			h, p := hostPort(r)
			return []string{"-XX:-UsePerfData", "testdata/clients/Client.java", h, p, ca, url, "the query"}
		}},
		{name: "headless Chromium", need: "chromium", proto: "HTTP/2.0", get: true, probe: append(headless, "--dump-dom", "data:text/html,runs"), says: "runs",
			args: func(r *rig, _, url string) []string {
				spki := sha256.Sum256(r.ca.Certificate().RawSubjectPublicKeyInfo)
				return append(headless, "--proxy-server=http://"+r.addr,
					"--ignore-certificate-errors-spki-list="+base64.StdEncoding.EncodeToString(spki[:]), "--dump-dom", url)
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
				if out, err, said := c.run(t, c.probe, ""); !strings.Contains(out, c.says) {
					t.Skipf("%s does not say %q: %v\n%.2000s", c.need, c.says, err, said)
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
	out, err, said := c.run(t, c.args(r, ca, url), c.stdin)
	if err != nil && out == "" {
		t.Fatalf("%s: %v\n%.2000s", c.name, err, said)
	}
	return out
}

// run runs the program with a home of its own, and gives what it printed.
func (c realClient) run(t *testing.T, args []string, stdin string) (out string, err error, said string) {
	t.Helper()
	home, err := os.MkdirTemp("", "telltale-client-")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { // what it started may end a moment later than it, and writes until then
		for end := time.Now().Add(20 * time.Second); os.RemoveAll(home) != nil && time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		}
	}()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	if c.need == "chromium" {
		args = append([]string{"--user-data-dir=" + home}, args...)
	}
	cmd := exec.CommandContext(ctx, c.need, args...)
	cmd.Env = append(os.Environ(), "HOME="+home, "TMPDIR="+home)
	cmd.WaitDelay = 5 * time.Second
	if stdin != "" {
		in, err := cmd.StdinPipe() // stays open until the program ends: it would leave with its input
		if err != nil {
			t.Fatal(err)
		}
		go func() { _, _ = io.WriteString(in, stdin) }()
	}
	var errs strings.Builder
	cmd.Stderr = &errs
	raw, err := cmd.Output()
	return string(raw), err, errs.String()
}
