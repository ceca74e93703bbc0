package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"time"
)

var token = []byte("0123456789abcdef")

// desk is this computer as a phone, with names that lead to listeners of the test and settings that are only noted.
type desk struct {
	kernel
	hosts   map[string]string // "name:port" -> address
	mu      sync.Mutex
	ran     []string
	refuses bool
}

func (d *desk) dial(ctx context.Context, host string, port int) (net.Conn, error) {
	if host == "127.0.0.1" {
		return d.kernel.dial(ctx, host, port)
	}
	address, ok := d.hosts[fmt.Sprintf("%s:%d", host, port)]
	if !ok {
		return nil, errors.New("no such host")
	}
	var dialer net.Dialer
	return dialer.DialContext(ctx, "tcp", address)
}

func (d *desk) run(_ context.Context, argv ...string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.ran = append(d.ran, strings.Join(argv, " "))
	if d.refuses {
		return errors.New("SecurityException")
	}
	return nil
}

func (d *desk) commands() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]string(nil), d.ran...)
}

// lines is a log that may be read while it is written.
type lines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(b)
}

func (l *lines) events(t *testing.T) (out []record) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	for line := range strings.Lines(l.b.String()) {
		var r record
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		out = append(out, r)
	}
	return out
}

func (l *lines) has(t *testing.T, event string) bool {
	for _, r := range l.events(t) {
		if r.Event == event {
			return true
		}
	}
	return false
}

// begin starts a relay and waits until it listens; ended is closed when it ends.
func begin(t *testing.T, d *desk, o options) (*lines, chan error) {
	t.Helper()
	o.token, o.listen = token, freePort(t)
	if o.host == 0 {
		o.host = freePort(t)
	}
	if o.grace == 0 {
		o.grace = time.Hour
	}
	if o.fresh == 0 {
		o.fresh = 20 * time.Second
	}
	out := &lines{}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- run(ctx, o, d, newLog(out, time.Now)) }()
	t.Cleanup(func() { cancel() })
	until(t, "the relay to listen", func() bool { return out.has(t, "start") })
	d.mu.Lock()
	d.hosts["relay:1"] = fmt.Sprintf("127.0.0.1:%d", o.listen)
	d.mu.Unlock()
	return out, ended
}

func (d *desk) app(t *testing.T) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp4", d.hosts["relay:1"])
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	_ = c.SetDeadline(time.Now().Add(time.Minute))
	return c
}

func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	limit := time.After(time.Minute)
	for !ok() {
		select {
		case <-tick.C:
		case <-limit:
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

// host is the far end of the tunnel: it answers headers, beats as long as it may, and echoes what apps send.
type host struct {
	l       net.Listener
	mu      sync.Mutex
	headers [][]byte
	own     []net.Conn
}

func startHost(t *testing.T, answers bool) *host {
	t.Helper()
	return hostAt(t, 0, answers)
}

func hostAt(t *testing.T, port int, answers bool) *host {
	t.Helper()
	l, err := net.Listen("tcp4", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		t.Fatal(err)
	}
	h := &host{l: l}
	t.Cleanup(func() { l.Close(); h.drop() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go h.serve(c, answers)
		}
	}()
	return h
}

func (h *host) port() int { return h.l.Addr().(*net.TCPAddr).Port }

func (h *host) drop() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, c := range h.own {
		c.Close()
	}
}

func (h *host) serve(c net.Conn, answers bool) {
	defer c.Close()
	head := make([]byte, 16)
	if _, err := io.ReadFull(c, head); err != nil {
		return
	}
	rest := make([]byte, int(head[14])<<8|int(head[15]))
	if _, err := io.ReadFull(c, rest); err != nil {
		return
	}
	if !answers {
		_, _ = io.Copy(io.Discard, c)
		return
	}
	h.mu.Lock()
	if head[12] == 0x20 {
		h.own = append(h.own, c)
	} else {
		h.headers = append(h.headers, append(head, rest...))
	}
	h.mu.Unlock()
	_, _ = c.Write([]byte{accepted})
	if head[12] == 0x21 {
		_, _ = io.Copy(c, c)
		return
	}
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for range tick.C {
		if _, err := c.Write([]byte{beat}); err != nil {
			return
		}
	}
}

func TestForwardsWithTheUID(t *testing.T) {
	h := startHost(t, true)
	d := &desk{hosts: map[string]string{}}
	out, _ := begin(t, d, options{host: h.port()})
	until(t, "the host", func() bool { return out.has(t, "host-back") })
	c := d.app(t)
	fmt.Fprint(c, "hello")
	got := make([]byte, 5)
	if _, err := io.ReadFull(c, got); err != nil || string(got) != "hello" {
		t.Fatalf("%q, %v", got, err)
	}
	port := c.LocalAddr().(*net.TCPAddr).Port
	h.mu.Lock()
	defer h.mu.Unlock()
	if want := header(false, port, c.RemoteAddr().(*net.TCPAddr).Port, os.Getuid(), token); len(h.headers) != 1 || !bytes.Equal(h.headers[0], want) {
		t.Errorf("headers %x, want one: %x", h.headers, want)
	}
	if out.has(t, "direct") {
		t.Error("it says that it connected directly")
	}
}

// site answers one request with what it was asked.
func site(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				head, rest, err := readHead(c)
				if err == nil {
					fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n%s|%s", head, rest)
				}
			}()
		}
	}()
	return l.Addr().String()
}

func TestConnectsDirectlyWithoutAHost(t *testing.T) {
	tests := []struct {
		name, request string
		frozen        bool // the tunnel accepts, and leads nowhere
		answer, to    string
	}{
		{"connect", "CONNECT site.test:443 HTTP/1.1\r\nHost: site.test:443\r\n\r\nGET / HTTP/1.1\r\n\r\n", false, "GET / HTTP/1.1|", "site.test:443"},
		{"absolute form", "POST http://site.test/a?b=c HTTP/1.1\r\nHost: site.test\r\nProxy-Connection: keep-alive\r\nX: y\r\n\r\nbody", false,
			"POST /a?b=c HTTP/1.1\r\nHost: site.test\r\nX: y\r\nConnection: close|", "site.test:80"},
		{"a tunnel to nowhere", "GET http://site.test/ HTTP/1.1\r\n\r\n", true, "GET / HTTP/1.1\r\nConnection: close|", "site.test:80"},
		{"no such host", "GET http://other.test:81/ HTTP/1.1\r\n\r\n", false, "502 Bad Gateway", "other.test:81"},
		{"not to a proxy", "GET / HTTP/1.1\r\n\r\n", false, "400 Bad Request", ""},
		{"the phone's loopback", "CONNECT 127.0.0.1:5555 HTTP/1.1\r\n\r\n", false, "400 Bad Request", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			at := site(t)
			d := &desk{hosts: map[string]string{"site.test:443": at, "site.test:80": at}}
			o := options{}
			if tt.frozen {
				o.host = startHost(t, false).port()
			}
			out, _ := begin(t, d, o)
			c := d.app(t)
			fmt.Fprint(c, tt.request)
			got, _ := io.ReadAll(c)
			c.Close()
			if !strings.Contains(string(got), tt.answer) {
				t.Errorf("got %q, want %q", got, tt.answer)
			}
			if tt.to == "" {
				if out.has(t, "direct") {
					t.Error("a connection was made")
				}
				return
			}
			until(t, "the end in the log", func() bool { return out.has(t, "closed") })
			for _, r := range out.events(t) {
				if (r.Event == "direct" || r.Event == "closed") && (r.To != tt.to || r.UID != os.Getuid() || r.ID != 1) {
					t.Errorf("logged %+v", r)
				}
				if r.Event == "closed" && r.Error == "" && (r.Up == 0 || r.Down == 0) {
					t.Errorf("no bytes: %+v", r)
				}
			}
		})
	}
}

func TestClearsTheProxyAndEnds(t *testing.T) {
	h := startHost(t, true)
	d := &desk{hosts: map[string]string{}}
	out, ended := begin(t, d, options{host: h.port(), grace: 3 * time.Second})
	until(t, "the host", func() bool { return out.has(t, "host-back") })
	if len(d.commands()) != 0 {
		t.Fatalf("ran %q while the host lives", d.commands())
	}
	h.l.Close()
	h.drop()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	if got := d.commands(); len(got) == 0 || got[0] != "settings put global http_proxy :0" {
		t.Errorf("ran %q", got)
	}
	for _, e := range []string{"host-lost", "cleared", "end"} {
		if !out.has(t, e) {
			t.Errorf("no %q in the log", e)
		}
	}
}

func TestStaysAsLongAsTheProxyCannotBeCleared(t *testing.T) {
	at := site(t)
	d := &desk{hosts: map[string]string{"site.test:80": at}, refuses: true}
	out, ended := begin(t, d, options{grace: time.Millisecond})
	until(t, "a refusal", func() bool { return out.has(t, "uncleared") })
	select {
	case <-ended:
		t.Fatal("it ended, and the phone has no internet")
	default:
	}
	c := d.app(t)
	fmt.Fprint(c, "GET http://site.test/ HTTP/1.1\r\n\r\n")
	if got, _ := io.ReadAll(c); !strings.Contains(string(got), "200 OK") {
		t.Errorf("got %q", got)
	}
}

func TestEndsWhenTheHostSaysSo(t *testing.T) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	d := &desk{hosts: map[string]string{}}
	_, ended := begin(t, d, options{host: l.Addr().(*net.TCPAddr).Port})
	c, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_, _ = c.Write([]byte{accepted, beat, end})
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	if len(d.commands()) != 0 {
		t.Errorf("ran %q: the host puts the phone back itself", d.commands())
	}
}

func TestOneRelayPerPhone(t *testing.T) {
	d := &desk{hosts: map[string]string{}}
	begin(t, d, options{})
	port := 0
	fmt.Sscanf(d.hosts["relay:1"], "127.0.0.1:%d", &port)
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if err := run(ctx, options{listen: port, host: 1, token: token, grace: time.Hour, fresh: time.Hour}, d, newLog(io.Discard, time.Now)); err == nil {
		t.Error("a second relay took the port")
	}
}
