package capture

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/telltale-farm/telltale/capture/flow"
)

// h1Request is a request on its way to a server in HTTP/1.1.
type h1Request struct {
	x       *exchange
	r       *http.Request // URL.Scheme and URL.Host (a route), Method, Header, ContentLength, Trailer
	head    []byte
	body    io.Reader // nil for none
	whole   bool      // the body is in head already
	chunked bool
	expects bool // the phone waits for word of the server before it sends the body
}

// smallBody is how long a body may be to be sent in one piece with its head.
const smallBody = 16 << 10

// heads are what heads and small bodies are put together in.
var heads = sync.Pool{New: func() any { b := make([]byte, 0, 2<<10); return &b }}

const maxHeadKept = smallBody + 4<<10

// sendH1 forwards a request in HTTP/1.1, on an idle connection where there is one.
func (u *upstream) sendH1(x *exchange, r *http.Request) (*http.Response, error) {
	q := &h1Request{x: x, r: r}
	if r.Body != nil && r.Body != http.NoBody && r.ContentLength != 0 {
		q.body, q.chunked = r.Body, r.ContentLength < 0
	}
	q.expects = q.body != nil && strings.EqualFold(r.Header.Get("Expect"), "100-continue")
	small := q.body != nil && !q.chunked && !q.expects && r.ContentLength <= smallBody
	buf := heads.Get().(*[]byte)
	q.head = q.appendHead((*buf)[:0])
	defer func() { // what is left of the request after this has its own memory
		if *buf = q.head; cap(*buf) <= maxHeadKept {
			heads.Put(buf)
		}
	}()
	if small {
		if err := q.readBody(); err != nil {
			return nil, err
		}
	}
	for {
		c := u.pool.get(r.URL.Scheme + r.URL.Host)
		if c == nil {
			var err error
			if c, err = u.dialH1(r.Context(), r.URL.Scheme, r.URL.Host); err != nil {
				return nil, err
			}
		}
		resp, err := u.exchangeH1(c, q)
		if err == nil {
			return resp, nil
		}
		// The server may have closed an idle connection at the very moment that we used it.
		again := c.reused && len(c.head) == 0 && (q.body == nil || q.whole) && idempotent(r.Method)
		if !again || r.Context().Err() != nil {
			return nil, err
		}
	}
}

// readBody puts a small body behind the head, and reads its end, so that the record knows that it is whole.
func (q *h1Request) readBody() error {
	n := len(q.head)
	q.head = slices.Grow(q.head, int(q.r.ContentLength)+1)[:n+int(q.r.ContentLength)+1]
	got, err := io.ReadFull(q.body, q.head[n:])
	if int64(got) != q.r.ContentLength {
		return errors.Join(io.ErrUnexpectedEOF, err)
	}
	q.head, q.whole = q.head[:n+got], true
	return nil
}

func idempotent(method string) bool {
	switch method {
	case "GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE":
		return true
	}
	return false
}

// appendHead appends the head to send: the one that the phone wrote, in its order and case, where we saw it so.
func (q *h1Request) appendHead(b []byte) []byte {
	r, x := q.r, q.x
	b = append(b, r.Method...)
	b = append(b, ' ')
	b = append(b, r.URL.RequestURI()...)
	b = append(b, " HTTP/1.1\r\n"...)
	if !x.tapped {
		return q.appendParsed(b)
	}
	hops := hopsOf(x.req.Headers)
	host := false
	for _, h := range x.req.Headers {
		if hops.drop(h, q.chunked) || !headerFits(h) {
			continue
		}
		host = host || strings.EqualFold(h.Name, "Host")
		b = appendHeader(b, h.Name, h.Value)
	}
	if !host {
		b = appendHeader(b, "Host", r.Host)
	}
	return append(b, '\r', '\n')
}

// appendParsed is for a request that came over HTTP/2, or whose head we lost.
func (q *h1Request) appendParsed(b []byte) []byte {
	b = appendHeader(b, "Host", q.r.Host)
	for _, h := range appendHeaders(nil, q.r.Header, false) {
		if !strings.EqualFold(h.Name, "Content-Length") && headerFits(h) {
			b = appendHeader(b, h.Name, h.Value)
		}
	}
	switch {
	case q.chunked:
		for name := range q.r.Trailer {
			b = appendHeader(b, "Trailer", name)
		}
		b = appendHeader(b, "Transfer-Encoding", "chunked")
	case q.body != nil, q.r.Method == http.MethodPost, q.r.Method == http.MethodPut, q.r.Method == http.MethodPatch:
		b = appendHeader(b, "Content-Length", strconv.FormatInt(q.r.ContentLength, 10))
	}
	return append(b, '\r', '\n')
}

func appendHeader(b []byte, name, value string) []byte {
	b = append(b, name...)
	b = append(b, ':', ' ')
	b = append(b, value...)
	return append(b, '\r', '\n')
}

// headerFits says whether a header can be written as one line. net/http has seen to it; this is the second lock.
func headerFits(h flow.Header) bool {
	return h.Name != "" && !strings.ContainsAny(h.Name, "\r\n: \x00") && !strings.ContainsAny(h.Value, "\r\n\x00")
}

// hops is what the headers of a request say of the way between the phone and the proxy alone (RFC 9110, section 7.6.1).
type hops struct {
	upgrade bool     // a WebSocket is asked for
	named   []string // by Connection
}

func hopsOf(hs []flow.Header) (h hops) {
	for i := range hs {
		switch len(hs[i].Name) {
		case len("Upgrade"):
			h.upgrade = h.upgrade || strings.EqualFold(hs[i].Name, "Upgrade") && strings.EqualFold(hs[i].Value, "websocket")
		case len("Connection"):
			if strings.EqualFold(hs[i].Name, "Connection") {
				for name := range strings.SplitSeq(hs[i].Value, ",") {
					h.named = append(h.named, strings.TrimSpace(name))
				}
			}
		}
	}
	return h
}

// drop says whether a header stays here. "Connection: keep-alive" is said to the server as the phone said it; what
// decides framing is said once.
func (h hops) drop(x flow.Header, chunked bool) bool {
	is := func(name string) bool { return len(name) == len(x.Name) && strings.EqualFold(name, x.Name) }
	switch {
	case is("Proxy-Connection"), is("Proxy-Authorization"), is("Proxy-Authenticate"):
		return true
	case is("Connection"):
		return !h.upgrade && !strings.EqualFold(x.Value, "keep-alive")
	case is("Upgrade"):
		return !h.upgrade
	case is("TE"):
		return !strings.EqualFold(x.Value, "trailers")
	case is("Content-Length"):
		return chunked
	case is("Transfer-Encoding"):
		return !chunked
	}
	for _, name := range h.named {
		if is(name) {
			return true
		}
	}
	return false
}

// exchangeH1 sends a request on a connection and reads the head of its answer.
func (u *upstream) exchangeH1(c *h1Conn, q *h1Request) (*http.Response, error) {
	x := q.x
	stop := context.AfterFunc(q.r.Context(), func() { _ = c.Close() })
	fail := func(err error) (*http.Response, error) {
		stop()
		_ = c.Close()
		return nil, err
	}
	x.f.Server, x.f.ServerCert, x.f.ServerTLS = c.addr, c.cert, c.tls
	c.head = c.head[:0]
	if _, err := c.Write(q.head); err != nil {
		return fail(err)
	}
	up := &h1Upload{c: c, q: q}
	if q.expects {
		if c.silent(continueWait) {
			up.begin()
		}
	} else if q.body != nil && !q.whole {
		up.begin()
	}
	for {
		resp, h, err := c.readHead(q.r, u.p.limits.HeaderBytes)
		switch {
		case err != nil:
			return fail(errors.Join(up.failed(), err))
		case resp.StatusCode == http.StatusSwitchingProtocols:
			x.respHead = h.headers
			resp.Body = &h1Switched{c: c, stop: stop}
			return resp, nil
		case resp.StatusCode == http.StatusContinue && q.expects && up.done == nil:
			up.begin()
			continue
		case resp.StatusCode/100 == 1:
			x.interim(resp.StatusCode, h.headers)
			continue
		}
		x.respHead = h.headers
		unasked := q.expects && up.done == nil // the server waits for a body, or for the end of the connection
		body := &h1Body{src: resp.Body, c: c, u: u, up: up, stop: stop, again: !resp.Close && !unasked}
		if resp.Body == http.NoBody {
			body.release()
			return resp, nil
		}
		resp.Body = body
		return resp, nil
	}
}
