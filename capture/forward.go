package capture

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// roundTrip forwards a request, answers for the control host, and turns a server's failure into 502.
func (x *exchange) roundTrip(r *http.Request) *http.Response {
	if x.f.Control {
		x.drain(x.p.rec.Limits().BodyCap)
		return x.control(r)
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
