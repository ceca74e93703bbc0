package capture

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/elazarl/goproxy"

	"github.com/telltale-farm/telltale/capture/flow"
)

// tunnel is one CONNECT of the phone, from its request to the end of its connection.
type tunnel struct {
	p     *Proxy
	s     *served  // the connection it came on
	c     net.Conn // what is inside
	host  string   // asked for in CONNECT
	port  int
	name  string // SNI, else host
	route string
	tls   *flow.TLS // set once a ClientHello came

	mu       sync.Mutex
	f        flow.Flow
	readErr  error      // the first error of reading what is inside
	requests int64      // exchanges begun
	live     int        // exchanges under way
	changed  *sync.Cond // one of both, under mu
}

// hijack is goproxy's way to give us the connection of a CONNECT.
func (p *Proxy) hijack(r *http.Request, c net.Conn, _ *goproxy.ProxyCtx) {
	s, ok := r.Context().Value(servedKey{}).(*served)
	if !ok {
		_ = c.Close()
		return
	}
	p.tunnels.Add(1)
	defer p.tunnels.Done()
	host, port := connectTarget(r.Host)
	t := &tunnel{p: p, s: s, c: c, host: host, name: host, port: port}
	t.route = route(host, port, "")
	t.changed = sync.NewCond(&t.mu)
	t.f = flow.Flow{Kind: flow.KindTunnel, Conn: s.conn.id, Start: s.conn.start, Sent: p.rec.Now(), Host: host, Port: port}
	p.rec.Begin(&t.f)
	up, down := s.conn.up.Load(), s.conn.down.Load()
	if pre, ok := c.(*prefixed); ok {
		up -= int64(len(pre.first))
	}
	defer func() {
		_ = c.Close()
		t.waitLive()
		t.mu.Lock()
		defer t.mu.Unlock()
		t.f.BytesUp, t.f.BytesDown = s.conn.up.Load()-up, s.conn.down.Load()-down
		t.f.Requests = t.requests
		p.rec.End(&t.f)
	}()
	if _, err := io.WriteString(c, "HTTP/1.1 200 Connection established\r\n\r\n"); err != nil {
		t.closedEarly(err)
		return
	}
	down = s.conn.down.Load()
	t.run()
}

// connectTarget reads host:port; the port of HTTPS is the default.
func connectTarget(s string) (string, int) {
	host, portText, err := net.SplitHostPort(s)
	if err != nil {
		return clean(strings.Trim(s, "[]")), 443
	}
	port, err := strconv.Atoi(portText)
	if err != nil || port < 1 || port > 1<<16-1 {
		port = 443
	}
	return clean(host), port
}

func (t *tunnel) seq() int64 { return t.f.Seq }

func (t *tunnel) enter() { t.count(1) }
func (t *tunnel) leave() { t.count(-1) }

func (t *tunnel) count(n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.live += n; n > 0 {
		t.requests++
	}
	t.changed.Broadcast()
}

// waitLive returns when no exchange is under way.
func (t *tunnel) waitLive() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for t.live > 0 {
		t.changed.Wait()
	}
}

// waitRequests returns when want exchanges have begun, or after d, and says how many have.
func (t *tunnel) waitRequests(want int64, d time.Duration) int64 {
	over := false
	timer := time.AfterFunc(d, func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		over = true
		t.changed.Broadcast()
	})
	defer timer.Stop()
	t.mu.Lock()
	defer t.mu.Unlock()
	for t.requests < want && !over {
		t.changed.Wait()
	}
	return t.requests
}

// readError keeps the first error of reading what is inside: it may be the alert that says why the phone left.
func (t *tunnel) readError(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.readErr == nil {
		t.readErr = err
	}
}

// run finds out what the phone speaks, and serves or relays it.
func (t *tunnel) run() {
	first, err := t.firstBytes(t.c, nil)
	if timeout(err) {
		t.silent(t.c, flow.ClassNotTLS, t.plainUpstream)
		return
	}
	t.speaks(first, err)
}

// speaks goes on from the first bytes that the phone sent.
func (t *tunnel) speaks(first []byte, err error) {
	switch {
	case len(first) == 0:
		t.closedEarly(err)
	case first[0] == recordHandshake:
		t.hello(first)
	default:
		t.sniffed(t.c, first, "http", flow.ClassNotTLS, t.plainUpstream)
	}
}

// firstBytes waits for the phone to speak, for as long as it may be silent.
func (t *tunnel) firstBytes(c net.Conn, b []byte) ([]byte, error) {
	_ = c.SetReadDeadline(time.Now().Add(t.p.limits.SpeakFirst))
	defer func() { _ = c.SetReadDeadline(time.Time{}) }()
	if b == nil {
		b = make([]byte, 0, 4096)
	}
	n, err := c.Read(b[len(b):cap(b)])
	return b[:len(b)+n], err
}

// hello reads the ClientHello that has begun.
func (t *tunnel) hello(b []byte) {
	_ = t.c.SetReadDeadline(time.Now().Add(t.p.limits.Handshake))
	for {
		msg, need := helloBytes(b)
		if msg != nil {
			h, err := parseHello(msg)
			_ = t.c.SetReadDeadline(time.Time{})
			t.p.rec.Sent()
			if err != nil {
				t.relay(&prefixed{Conn: t.c, first: b}, flow.ClassNotTLS, t.plainUpstream)
				return
			}
			t.intercept(h, b)
			return
		}
		if need == 0 || need > 2*maxHello {
			_ = t.c.SetReadDeadline(time.Time{})
			t.relay(&prefixed{Conn: t.c, first: b}, flow.ClassNotTLS, t.plainUpstream)
			return
		}
		b = append(b, make([]byte, need-len(b))...)[:len(b)]
		n, err := t.c.Read(b[len(b):cap(b)])
		b = b[:len(b)+n]
		if err != nil {
			t.keep(b)
			t.closedEarly(err)
			return
		}
	}
}

// keep records bytes that the phone sent and that led nowhere.
func (t *tunnel) keep(b []byte) {
	log := t.p.rec.NewLog(t.p.limits.RelayLog)
	_, _ = log.Write(b)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.f.Request = &flow.Message{FromApp: true, Body: log.Finish(true)}
	t.f.Sent = t.p.rec.Sent()
}

func (t *tunnel) closedEarly(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.f.Class = flow.ClassClosedEarly
	t.end(err)
}

// end says who ended the tunnel. The caller holds mu.
func (t *tunnel) end(err error) {
	if err != nil && err != io.EOF {
		t.f.Error = err.Error()
	}
	switch {
	case t.p.stopping():
		t.f.Error = "the proxy was stopped"
	case t.f.Class != flow.ClassReadable:
		t.f.Fault = flow.FaultPhone
	}
}

// intercept ends TLS in the name of the server.
func (t *tunnel) intercept(h *hello, first []byte) {
	sni := clean(h.sni)
	if !hostName(sni) {
		sni = ""
	}
	t.mu.Lock()
	t.tls = &flow.TLS{SNI: h.sni, Offered: h.alpn, JA4: h.ja4()}
	if sni != "" {
		t.name, t.route = sni, route(t.host, t.port, sni)
	}
	t.f.TLS, t.f.Host, t.f.Sent = t.tls, t.name, t.p.rec.Sent()
	t.mu.Unlock()
	if t.p.pass.pass(t.name) {
		t.relay(&prefixed{Conn: t.c, first: first}, flow.ClassPassed, t.plainUpstream)
		return
	}
	config, err := t.p.mint.config(t.name)
	if err != nil {
		t.failed(err)
		return
	}
	if other := onlyOther(h.alpn); other != "" {
		config = config.Clone() // not HTTP by its own word: agree, and look
		config.NextProtos = []string{other}
	}
	tc := tls.Server(&prefixed{Conn: t.c, first: first}, config)
	ctx, cancel := context.WithTimeout(context.Background(), t.p.limits.Handshake)
	err = tc.HandshakeContext(ctx)
	cancel()
	if err != nil {
		t.refused(err)
		return
	}
	state := tc.ConnectionState()
	t.mu.Lock()
	done := *t.tls
	done.ALPN, done.Version, done.Cipher = state.NegotiatedProtocol, tls.VersionName(state.Version), tls.CipherSuiteName(state.CipherSuite)
	t.tls, t.f.TLS, t.f.Intercepted = &done, &done, true
	t.p.rec.Update(&t.f)
	t.mu.Unlock()
	defer tc.Close()
	if state.NegotiatedProtocol == "h2" {
		t.serveH2(tc, "https")
	} else {
		first, err := t.firstBytes(tc, nil)
		switch {
		case timeout(err):
			t.silent(tc, flow.ClassNotHTTP, t.tlsUpstream)
		case len(first) == 0:
			t.readError(err)
		default:
			t.sniffed(tc, first, "https", flow.ClassNotHTTP, t.tlsUpstream)
		}
	}
	t.unused()
}

// onlyOther gives the first protocol offered when none of them is HTTP as we serve it.
func onlyOther(offered []string) string {
	for _, p := range offered {
		if p == "h2" || p == "http/1.1" {
			return ""
		}
	}
	if len(offered) == 0 {
		return ""
	}
	return offered[0]
}

// hostName says whether s can be the name in a certificate, and in a route.
func hostName(s string) bool {
	if s == "" || len(s) > 253 {
		return false
	}
	for i := range len(s) {
		if c := s[i]; !alphanumeric(c) && c != '-' && c != '.' && c != '_' {
			return false
		}
	}
	return true
}

// failed records that we could not do our part.
func (t *tunnel) failed(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.f.Class, t.f.Error, t.f.Fault = flow.ClassClosedEarly, err.Error(), flow.FaultHarness
}

func timeout(err error) bool { return errors.Is(err, os.ErrDeadlineExceeded) }
