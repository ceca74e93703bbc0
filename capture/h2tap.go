package capture

import (
	"crypto/tls"
	"encoding/binary"
	"fmt"
	"net"
	"time"

	"github.com/telltale-farm/telltale/capture/flow"
)

// h2Tap follows the frames that the phone sends on an HTTP/2 connection (RFC 9113, section 4.1), for what http2.Server
// does not tell: when the phone last sent a request or a part of one, as opposed to a window update; how many requests
// it began, for one that the server refuses by itself never reaches a handler, and must be seen; and what it said in
// frames that are part of no request.
type h2Tap struct {
	net.Conn
	t      *tunnel
	head   [9]byte
	n      int   // bytes of head so far
	skip   int64 // of the frame's payload, or of the preface
	last   uint32
	opened int64 // streams the phone began
	bytes  int64 // of all heads, packed
	frame  h2Frame
	notes  h2Notes
}

// The length of the client's preface, and the frames that carry something.
const (
	h2Preface      = 24
	h2Data         = 0
	h2Headers      = 1
	h2Continuation = 9
)

func newH2Tap(c net.Conn, t *tunnel) *h2Tap {
	return &h2Tap{Conn: c, t: t, skip: h2Preface, notes: h2Notes{t: t}}
}

func (t *h2Tap) Read(b []byte) (int, error) {
	n, err := t.Conn.Read(b)
	if t.feed(b[:n]) {
		t.t.p.rec.Sent()
	}
	if err != nil {
		t.t.readError(err)
	}
	return n, err
}

// feed says whether p holds a part of a request.
func (t *h2Tap) feed(p []byte) (content bool) {
	for len(p) > 0 {
		if t.skip > 0 {
			n := min(t.skip, int64(len(p)))
			t.skip -= n
			if t.n == len(t.head) {
				content = content || carries(t.head[3])
				t.frame.payload(p[:n])
				if t.skip == 0 {
					t.notes.take(&t.frame)
				}
			}
			p = p[n:]
			continue
		}
		if t.n == len(t.head) {
			t.n = 0
		}
		k := copy(t.head[t.n:], p)
		t.n += k
		p = p[k:]
		if t.n < len(t.head) {
			continue
		}
		t.skip = int64(t.head[0])<<16 | int64(t.head[1])<<8 | int64(t.head[2])
		content = content || carries(t.head[3])
		t.frame.begin(t.head[3], t.head[4], t.skip)
		if kind := t.head[3]; kind == h2Headers || kind == h2Continuation {
			t.bytes += t.skip
			if id := binary.BigEndian.Uint32(t.head[5:]) & 0x7fffffff; kind == h2Headers && id > t.last {
				t.last = id
				t.opened++
			}
		}
	}
	return content
}

// end records what there is beside the requests, a frame that broke off included.
func (t *h2Tap) end() {
	if t.skip > 0 && t.n == len(t.head) {
		t.notes.take(&t.frame)
	}
	t.notes.end()
}

func carries(kind byte) bool { return kind == h2Data || kind == h2Headers || kind == h2Continuation }

// served gives the connection that http2.Server is to serve: it looks for the TLS below, where there is some.
func (t *h2Tap) served() net.Conn {
	if c, ok := t.Conn.(*tls.Conn); ok {
		return &h2TLSTap{t, c}
	}
	return t
}

type h2TLSTap struct {
	*h2Tap
	c *tls.Conn
}

func (t *h2TLSTap) ConnectionState() tls.ConnectionState { return t.c.ConnectionState() }

// h2Grace is how long requests that were begun may take to reach a handler after their connection ended.
const h2Grace = 500 * time.Millisecond

// unserved records the requests of a connection that is over of which no handler was told. When they were sent nobody knows,
// so that they count for as long as it was open.
func (t *tunnel) unserved(tap *h2Tap) {
	missing := tap.opened - t.waitRequests(tap.opened, h2Grace)
	if missing <= 0 {
		return
	}
	rec := t.p.rec
	f := flow.Flow{Kind: flow.KindError, Conn: t.s.conn.id, Parent: t.seq(), Start: t.f.Start, Sent: rec.LastSent(),
		Host: t.name, Port: t.port, TLS: t.tls, Intercepted: t.tls != nil, Proto: "HTTP/2.0", BytesUp: tap.bytes, Fault: flow.FaultPhone,
		Error: fmt.Sprintf("%d of %d requests broke HTTP/2 or its limits, and were refused unread", missing, tap.opened)}
	rec.Begin(&f)
	rec.End(&f)
}
