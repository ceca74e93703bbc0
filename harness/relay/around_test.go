package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"testing"
	"time"
)

// echoing is a server that keeps its connections open.
func echoing(t *testing.T) string {
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
			go func() { defer c.Close(); _, _ = io.Copy(c, c) }()
		}
	}()
	return l.Addr().String()
}

// goesAround opens a connection of an app's that is served without the host, and keeps it.
func goesAround(t *testing.T, d *desk) net.Conn {
	t.Helper()
	c := d.app(t)
	fmt.Fprint(c, "CONNECT site.test:443 HTTP/1.1\r\n\r\n")
	if _, _, err := readHead(c); err != nil {
		t.Fatal(err)
	}
	says(t, c, "hello")
	return c
}

// says sends a word and expects it back.
func says(t *testing.T, c net.Conn, word string) {
	t.Helper()
	fmt.Fprint(c, word)
	got := make([]byte, len(word))
	if _, err := io.ReadFull(c, got); err != nil || string(got) != word {
		t.Fatalf("%q came back as %q, %v", word, got, err)
	}
}

func ended(t *testing.T, c net.Conn) {
	t.Helper()
	if _, err := c.Read(make([]byte, 1)); err == nil {
		t.Fatal("the connection around the host brings more")
	}
}

func TestWhatGoesAroundTheHostEndsWhenItIsBack(t *testing.T) {
	for _, tt := range []struct {
		name  string
		begin func(t *testing.T, d *desk) (out *lines, back func() *host)
	}{
		{"the host was away", func(t *testing.T, d *desk) (*lines, func() *host) {
			port := freePort(t)
			out, _ := begin(t, d, options{host: port})
			return out, func() *host { return hostAt(t, port, true) }
		}},
		{"only new connections did not reach it", func(t *testing.T, d *desk) (*lines, func() *host) {
			h := startHost(t, true)
			out, _ := begin(t, d, options{host: h.port()})
			until(t, "the host", func() bool { return out.has(t, "host-back") })
			port := h.port()
			h.l.Close() // what is open stays so
			return out, func() *host { return hostAt(t, port, true) }
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := &desk{hosts: map[string]string{"site.test:443": echoing(t)}}
			out, back := tt.begin(t, d)
			kept := goesAround(t, d)
			h := back()
			ended(t, kept)
			until(t, "the end in the log", func() bool { return out.has(t, "closed") })
			if out.has(t, "host-lost") {
				t.Error("our own connection was lost")
			}
			says(t, d.app(t), "hello") // through the host, which echoes
			h.mu.Lock()
			defer h.mu.Unlock()
			if len(h.headers) == 0 {
				t.Error("nothing went through the host")
			}
		})
	}
}

// TestWhatSaidNothingYetEndsToo: a browser connects before it has anything to ask for.
func TestWhatSaidNothingYetEndsToo(t *testing.T) {
	r := &relay{around: map[net.Conn]bool{}, log: newLog(io.Discard, time.Now)}
	app, c := net.Pipe()
	defer app.Close()
	served := make(chan struct{})
	go func() { r.direct(t.Context(), c, 1); close(served) }()
	until(t, "the connection", r.isAround)
	r.endAround()
	<-served
	if r.isAround() {
		t.Error("it is still there")
	}
}

// TestARelayThatIsEndedLeavesNothingAround: the relay that follows it writes a log of its own.
func TestARelayThatIsEndedLeavesNothingAround(t *testing.T) {
	d := &desk{hosts: map[string]string{"site.test:443": echoing(t)}}
	ctx, cancel := context.WithCancel(t.Context())
	out, o := &lines{}, options{listen: freePort(t), host: freePort(t), token: token, grace: time.Hour, fresh: time.Hour}
	gone := make(chan error, 1)
	go func() { gone <- run(ctx, o, d, newLog(out, time.Now)) }()
	until(t, "the relay to listen", func() bool { return out.has(t, "start") })
	d.hosts["relay:1"] = fmt.Sprintf("127.0.0.1:%d", o.listen)
	kept := goesAround(t, d)
	cancel()
	ended(t, kept)
	if err := <-gone; err != nil {
		t.Fatal(err)
	}
	if !out.has(t, "closed") {
		t.Error("the log does not say that it ended")
	}
}
