package capture

import (
	"context"
	"net/http"

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
	notes    *chunkNotes   // of a chunked body whose head was tapped
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
	if x.sent != nil {
		x.sent.base = *f
		x.sent.early.show = x.sent.ahead
	}
	return x
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
