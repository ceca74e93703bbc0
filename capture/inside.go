package capture

import (
	"bytes"
	"context"
	"net"
	"time"

	"golang.org/x/net/http2"

	"github.com/telltale-farm/telltale/capture/flow"
)

// sniffed serves HTTP/1 or HTTP/2 when that is what the phone speaks, and relays anything else.
func (t *tunnel) sniffed(c net.Conn, first []byte, scheme string, class flow.Class, dial dialer) {
	_ = c.SetReadDeadline(time.Now().Add(t.p.limits.HeaderTime))
	for {
		kind := speaks(first)
		if kind == unsure {
			first = append(first, make([]byte, 512)...)[:len(first)]
			n, err := c.Read(first[len(first):cap(first)])
			if first = first[:len(first)+n]; err == nil {
				continue
			}
			kind = notHTTP
		}
		_ = c.SetReadDeadline(time.Time{})
		pc := &prefixed{Conn: c, first: first}
		switch kind {
		case http1:
			t.serveH1(pc, scheme)
		case http2Preface:
			t.serveH2(pc, scheme)
		default:
			t.relay(pc, class, dial)
		}
		return
	}
}

type protocol int

const (
	unsure protocol = iota
	notHTTP
	http1
	http2Preface
)

// maxRequestLine is how far a request line of an unknown method is looked for.
const maxRequestLine = 16 << 10

// speaks tells HTTP from its first bytes: a known method, or a first line that ends in the version.
func speaks(b []byte) protocol {
	for i, c := range b {
		switch {
		case c == ' ' && i > 0:
			return method(string(b[:i]), b)
		case c < 'A' || c > 'Z' || i > 24:
			if c != '-' && c != '_' && (c < 'a' || c > 'z') || i == 0 || i > 24 {
				return notHTTP
			}
		}
	}
	return unsure
}

func method(name string, b []byte) protocol {
	switch name {
	case "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH":
		return http1
	}
	line, _, whole := bytes.Cut(b, []byte{'\n'})
	switch {
	case name == "PRI" && whole:
		if bytes.HasPrefix(b, []byte("PRI * HTTP/2.0\r\n")) {
			return http2Preface
		}
		return notHTTP
	case whole && bytes.Contains(line, []byte(" HTTP/1.")):
		return http1
	case whole || len(b) > maxRequestLine:
		return notHTTP
	}
	return unsure
}

// serveH1 gives the connection to the HTTP/1 server, and returns when it is closed.
func (t *tunnel) serveH1(c net.Conn, scheme string) {
	s := t.p.newServed(c, t.s.conn, t, scheme)
	s.gather = t.gather
	if !t.p.queue.push(s) {
		return
	}
	<-s.closed
}

// serveH2 serves HTTP/2 on the connection until it is closed.
func (t *tunnel) serveH2(c net.Conn, scheme string) {
	s := t.p.newServed(c, t.s.conn, t, scheme)
	s.tap.stop()
	tap := newH2Tap(c, t)
	t.p.h2.ServeConn(tap.served(), &http2.ServeConnOpts{
		Context:    context.WithValue(context.Background(), servedKey{}, s),
		BaseConfig: t.p.inner,
	})
	tap.end()
	t.unserved(tap)
}
