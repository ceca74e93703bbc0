package capture

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/telltale-farm/telltale/capture/flow"
)

// exchange is one request under way. It is the request's context too, so that goproxy's handlers and our RoundTripper
// find it without another copy of the request.
type exchange struct {
	context.Context
	p        *Proxy
	s        *served
	w        http.ResponseWriter // the server's own
	r        *http.Request       // as it came
	f        flow.Flow
	req      flow.Message
	resp     flow.Message
	sent     *sentBody     // nil when the request has none
	reply    *replyBody    // nil when the response has none
	tapped   bool          // req.Headers are as on the wire
	respHead []flow.Header // the response's, as on the wire; nil over HTTP/2
	socket   *websocket    // after an upgrade
	over     bool          // the handler returned, and did not panic
	broken   bool          // the answer could not be given whole: the phone must see that
	empty    bool          // the answer has no body: flushing its head early would cost the end-of-stream mark
}

type exchangeKey struct{}

func (x *exchange) Value(key any) any {
	if key == (exchangeKey{}) {
		return x
	}
	return x.Context.Value(key)
}

// serveHTTP takes every request of the phone: those to the proxy itself, CONNECT among them, and those inside tunnels.
func (p *Proxy) serveHTTP(w http.ResponseWriter, r *http.Request) {
	s, ok := r.Context().Value(servedKey{}).(*served)
	if !ok {
		http.Error(w, "no connection", http.StatusInternalServerError)
		return
	}
	if r.Method == http.MethodConnect && s.tunnel == nil {
		s.tap.take(r.Method, r.RequestURI)
		p.gp.ServeHTTP(&connectWriter{ResponseWriter: w, s: s}, r)
		return
	}
	x := p.begin(w, r, s)
	defer x.finish()
	x.serve(w, r)
	x.over = true
	if x.broken {
		panic(http.ErrAbortHandler) // net/http's way to cut the connection or stream without a log line
	}
}

func (x *exchange) serve(w http.ResponseWriter, r *http.Request) {
	s := x.s
	r = r.WithContext(x) // net/http looks at the body of its own copy
	if x.sent != nil {
		r.Body = x.sent
	} else {
		r.Body = http.NoBody // HTTP/2 gives another one, of which the transports do not know that it is empty
	}
	if s.tunnel != nil {
		r.URL.Scheme, r.URL.Host = s.scheme, r.Host
	}
	rw := &replyWriter{ResponseWriter: w, x: x}
	if r.Method == http.MethodConnect && r.Header.Get(":protocol") != "" {
		x.extendedConnect(rw, r)
		return
	}
	if r.Method == http.MethodConnect {
		http.Error(rw, "a tunnel inside a tunnel is not served", http.StatusNotImplemented)
		return
	}
	x.p.gp.ServeHTTP(rw, r)
	if x.sent != nil && !x.sent.eof.Load() && x.socket == nil {
		rw.Flush() // the answer does not wait for the rest of the body
	}
}

// begin records that a request arrived, before anything of it is forwarded.
func (p *Proxy) begin(w http.ResponseWriter, r *http.Request, s *served) *exchange {
	p.enter()
	if s.tunnel != nil {
		s.tunnel.enter()
	}
	x := &exchange{p: p, s: s, w: w, r: r}
	x.Context = r.Context()
	f := &x.f
	f.Kind, f.Start, f.Proto, f.Request = flow.KindExchange, p.rec.Sent(), r.Proto, &x.req
	f.Sent = f.Start
	s.describe(f)
	if f.Host == "" || r.Host != "" {
		port := defaultPort(r.URL.Scheme)
		if s.tunnel != nil {
			port = s.tunnel.port
		}
		f.Host, f.Port = splitHost(r.Host, port)
	}
	f.Control = p.opts.ControlHost != "" && f.Host == p.opts.ControlHost
	x.req.Method, x.req.Target = r.Method, target(r, s, f)
	f.BytesUp = x.heads(r)
	if r.ContentLength != 0 && r.Body != nil {
		x.sent = &sentBody{src: r.Body, x: x, log: p.rec.NewBody()}
		if r.ProtoMajor == 1 {
			// Else net/http waits for the rest of the body before it sends the head of an answer.
			_ = http.NewResponseController(w).EnableFullDuplex()
		}
	}
	p.rec.Begin(f)
	return x
}

// heads records the request's headers: as they were on the wire for HTTP/1, in order of name for HTTP/2.
func (x *exchange) heads(r *http.Request) (size int64) {
	if h, ok := x.s.tap.take(r.Method, r.RequestURI); ok {
		x.req.Headers, x.tapped = h.headers, true
		return int64(len(h.raw))
	}
	if r.ProtoMajor < 2 {
		x.req.Headers = append(x.req.Headers, flow.Header{Name: "Host", Value: r.Host})
	}
	x.req.Headers = appendHeaders(x.req.Headers, r.Header, r.ProtoMajor >= 2)
	return headerSize(x.req.Headers) + int64(len(r.Method)+len(x.req.Target))
}

func appendHeaders(to []flow.Header, h http.Header, lower bool) []flow.Header {
	names := make([]string, 0, len(h))
	for name := range h {
		names = append(names, name)
	}
	slices.Sort(names)
	to = slices.Grow(to, len(h))
	for _, name := range names {
		shown := name
		if lower {
			shown = strings.ToLower(name)
		}
		for _, v := range h[name] {
			to = append(to, flow.Header{Name: shown, Value: v})
		}
	}
	return to
}

func headerSize(hs []flow.Header) (n int64) {
	for _, h := range hs {
		n += int64(len(h.Name) + len(h.Value) + 4)
	}
	return n
}

// splitHost gives the name and port that a request is for.
func splitHost(host string, port int) (string, int) {
	name, portText, err := net.SplitHostPort(host)
	if err != nil {
		return clean(strings.Trim(host, "[]")), port
	}
	if n, err := strconv.Atoi(portText); err == nil && n > 0 && n < 1<<16 {
		port = n
	}
	return clean(name), port
}

// clean lowers a host name and takes its last dot off.
func clean(host string) string {
	return strings.TrimSuffix(strings.ToLower(host), ".")
}

// target gives the URL that the phone meant. Bytes that are not UTF-8 are percent-encoded, so that the record keeps them.
func target(r *http.Request, s *served, f *flow.Flow) string {
	uri := r.RequestURI
	if strings.HasPrefix(uri, "/") || uri == "*" || uri == "" {
		host := r.Host
		if host == "" {
			host = f.Host
		}
		if _, _, err := net.SplitHostPort(host); err != nil && s.tunnel != nil && f.Port != defaultPort(s.scheme) {
			host = net.JoinHostPort(strings.Trim(host, "[]"), strconv.Itoa(f.Port))
		}
		if uri == "*" {
			uri = "/*"
		}
		uri = s.scheme + "://" + host + uri
	}
	return target8(uri)
}

// target8 percent-encodes bytes that are not UTF-8.
func target8(uri string) string {
	if utf8.ValidString(uri) {
		return uri
	}
	var b strings.Builder
	for i := 0; i < len(uri); {
		c, n := utf8.DecodeRuneInString(uri[i:])
		if c == utf8.RuneError && n == 1 {
			b.WriteString("%" + strings.ToUpper(strconv.FormatUint(uint64(uri[i]), 16)))
		} else {
			b.WriteString(uri[i : i+n])
		}
		i += n
	}
	return b.String()
}

func defaultPort(scheme string) int {
	if scheme == "https" {
		return 443
	}
	return 80
}

// finish records how the exchange ended. It runs also when a handler panics.
func (x *exchange) finish() {
	f := &x.f
	if !x.over {
		f.Fault, f.Error = flow.FaultHarness, "a handler of the proxy failed"
	}
	if x.sent != nil {
		x.sent.finish()
	}
	if x.socket != nil {
		x.socket.finish()
	}
	if x.reply != nil {
		x.resp.Body = x.reply.log.Finish(!x.reply.whole)
		f.BytesDown += x.reply.log.Size()
		x.resp.Trailers = appendHeaders(nil, x.reply.resp.Trailer, f.Proto == "HTTP/2.0")
		if x.reply.err != nil && f.Fault == flow.FaultNone {
			x.fault(x.reply.err)
		}
	}
	if f.Response != nil {
		f.BytesDown += headerSize(x.resp.Headers)
	}
	x.p.rec.End(f)
	if x.s.tunnel != nil {
		x.s.tunnel.leave()
	}
	x.p.leave()
}

// fault says which side ended the exchange early.
func (x *exchange) fault(err error) {
	f := &x.f
	f.Error = err.Error()
	switch {
	case x.p.stopping(): // no fault when all that the phone had to send was read: see sentBody.finish
		f.Error = "the proxy was stopped"
	case x.Context.Err() != nil: // the phone hung up, and that cancelled the rest
		f.Fault = flow.FaultPhone
	default:
		f.Fault = flow.FaultUpstream
	}
}

// RoundTrip forwards a request, answers for the control host, and turns a server's failure into 502.
func (x *exchange) roundTrip(r *http.Request) *http.Response {
	if x.f.Control {
		x.drain(x.p.rec.Limits().BodyCap)
		return x.answer(r, http.StatusOK, controlPage)
	}
	resp, err := x.p.up.send(x, x.outgoing(r))
	if err != nil {
		x.fault(err)
		// What the phone wanted to send is evidence even when nobody took it.
		x.drain(x.p.rec.Limits().BodyCap)
		return x.answer(r, http.StatusBadGateway, "The proxy could not reach the server.\n")
	}
	x.f.Response = &x.resp
	x.resp.Status = resp.StatusCode
	if x.resp.Headers = x.respHead; x.respHead == nil {
		x.resp.Headers = appendHeaders(nil, resp.Header, resp.ProtoMajor >= 2)
	}
	x.wrapReply(resp)
	return resp
}

// controlPage is what the control host says to everything: nothing of the request comes back.
const controlPage = "<!doctype html><title>Telltale control</title><p>Telltale control\n"

func (x *exchange) answer(r *http.Request, status int, body string) *http.Response {
	resp := &http.Response{
		Status: strconv.Itoa(status) + " " + http.StatusText(status), StatusCode: status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: r,
		Header: http.Header{"Content-Type": {"text/html; charset=utf-8"}, "Cache-Control": {"no-store"},
			"Content-Length": {strconv.Itoa(len(body))}},
		Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)),
	}
	if r.Method == http.MethodHead {
		resp.Body = http.NoBody
	}
	if x.f.Control {
		x.f.Response = &x.resp
		x.resp.Status = status
		x.resp.Headers = appendHeaders(nil, resp.Header, false)
		x.wrapReply(resp)
	}
	return resp
}

// outgoing makes the request for the server: the same, less what was meant for a proxy.
func (x *exchange) outgoing(r *http.Request) *http.Request {
	out := *r
	u := *r.URL
	out.URL = &u
	if t := x.s.tunnel; t != nil {
		u.Host = t.route
	} else {
		u.Host = route(strings.Trim(r.URL.Hostname(), "[]"), x.f.Port, "")
	}
	// The path goes out as it came, in whatever way it was escaped.
	if uri := path(r.RequestURI); strings.HasPrefix(uri, "/") && !strings.HasPrefix(uri, "//") {
		u = url.URL{Scheme: u.Scheme, Host: u.Host, Opaque: uri}
	}
	if out.Host == "" {
		out.Host = r.URL.Host
	}
	out.RequestURI = ""
	hopByHop(out.Header)
	if _, ok := out.Header["User-Agent"]; !ok {
		out.Header["User-Agent"] = nil // keeps the transport from adding its own
	}
	return &out
}

// path gives path and query of a request's target, as they stand in it.
func path(uri string) string {
	if strings.HasPrefix(uri, "/") {
		return uri
	}
	_, rest, _ := strings.Cut(uri, "://")
	if i := strings.IndexAny(rest, "/?"); i >= 0 && rest[i] == '/' {
		return rest[i:]
	}
	return ""
}

// hopByHop takes off what is for the next hop alone (RFC 9110, section 7.6.1), except a WebSocket upgrade and
// "TE: trailers", which gRPC needs.
func hopByHop(h http.Header) {
	upgrade := strings.EqualFold(h.Get("Upgrade"), "websocket")
	for _, v := range h["Connection"] {
		for name := range strings.SplitSeq(v, ",") {
			if name = http.CanonicalHeaderKey(strings.TrimSpace(name)); name != "Te" && !(upgrade && name == "Upgrade") {
				delete(h, name)
			}
		}
	}
	for _, name := range []string{"Proxy-Connection", "Proxy-Authorization", "Proxy-Authenticate", "Keep-Alive", "Transfer-Encoding"} {
		delete(h, name)
	}
	if te := h.Get("Te"); te != "" {
		delete(h, "Te")
		if strings.Contains(strings.ToLower(te), "trailers") {
			h["Te"] = []string{"trailers"}
		}
	}
	if upgrade {
		h["Connection"] = []string{"Upgrade"}
		return
	}
	delete(h, "Upgrade")
	delete(h, "Connection")
}

// notForAProxy answers a request that names no server: someone talks to the proxy as if it were a site.
func (p *Proxy) notForAProxy(w http.ResponseWriter, r *http.Request) {
	if x, ok := r.Context().Value(exchangeKey{}).(*exchange); ok {
		x.drain(x.p.rec.Limits().BodyCap)
		x.f.Error = "a request to the proxy itself"
	}
	http.Error(w, "This is a proxy: set it as one.", http.StatusBadRequest)
}

// drain reads what is left of the request's body, up to limit bytes and for as long as bodies may take.
func (x *exchange) drain(limit int64) {
	if x.sent != nil {
		x.sent.drain(limit, x.p.limits.HeaderTime)
	}
}

var errAnswered = errors.New("the request was answered already")

// readDeadline bounds how long the phone's body is waited for.
func (x *exchange) readDeadline(d time.Duration) {
	_ = http.NewResponseController(x.w).SetReadDeadline(time.Now().Add(d))
}
