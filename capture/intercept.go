package capture

import (
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/telltale-farm/telltale/capture/flow"
)

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
	t.said(log.Finish(true))
	t.f.Sent = t.p.rec.Sent()
}

// said notes what the phone sent through the tunnel, beside where it asked to be led. The caller holds mu.
func (t *tunnel) said(body *flow.Body) {
	m := flow.Message{FromApp: true, Body: body}
	if t.f.Request != nil {
		m.Method, m.Target = t.f.Request.Method, t.f.Request.Target
	}
	t.f.Request = &m
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
	t.tls = &flow.TLS{SNI: h.sni, Offered: h.alpn, Versions: h.offered(), JA4: h.ja4()}
	if sni != "" {
		t.name, t.route = sni, route(t.host, t.port, sni)
	}
	if t.name != t.host { // the flow goes by the name in TLS, and yet it led elsewhere
		t.f.Request = &flow.Message{Method: http.MethodConnect, Target: target8(net.JoinHostPort(t.host, strconv.Itoa(t.port)))}
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
	t.classic = !slices.ContainsFunc(h.groups, postQuantum)
	t.gather = &gather{Conn: &prefixed{Conn: t.c, first: first}}
	tc := tls.Server(t.gather, config)
	_ = t.c.SetDeadline(time.Now().Add(t.p.limits.Handshake)) // a context would cost a goroutine for each handshake
	err = tc.Handshake()
	_ = t.c.SetDeadline(time.Time{})
	state := tc.ConnectionState()
	t.agree(agreed(state))
	if err != nil {
		t.refused(err)
		return
	}
	t.mu.Lock()
	t.f.Intercepted = true
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
