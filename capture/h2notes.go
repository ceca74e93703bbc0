package capture

import (
	"encoding/binary"
	"fmt"
	"sync"

	"github.com/telltale-farm/telltale/capture/flow"
)

// h2Frame keeps of a frame what no request carries: the payload of frames that are not of a stream's content, and
// padding that is not empty.
type h2Frame struct {
	kind, flags byte
	keep        bool // the payload
	at, size    int64
	pad         int64 // length of the padding at the end; -1 while its length has not come
	kept        []byte
	cut         bool
}

// Frames and flags beside those that carry something (RFC 9113, section 6).
const (
	h2Priority     = 2
	h2Reset        = 3
	h2Settings     = 4
	h2Ping         = 6
	h2GoAway       = 7
	h2WindowUpdate = 8
	h2Padded       = 0x08
)

// maxH2Frame bounds what is kept of one frame, maxH2Notes of all frames of a connection, maxH2Note their number.
const (
	maxH2Frame = 16 << 10
	maxH2Notes = 256 << 10
	maxH2Note  = 4096
)

func (f *h2Frame) begin(kind, flags byte, size int64) {
	*f = h2Frame{kind: kind, flags: flags, size: size, kept: f.kept[:0]}
	switch kind {
	case h2Data, h2Headers:
		if flags&h2Padded != 0 {
			f.pad = -1
		}
	case h2Continuation, h2Priority, h2WindowUpdate: // of a request, or numbers that steer
	default:
		f.keep = true
	}
}

// payload takes the next bytes of the frame.
func (f *h2Frame) payload(p []byte) {
	from := f.at
	f.at += int64(len(p))
	switch {
	case f.keep:
	case f.pad < 0:
		f.pad = int64(p[0])
		fallthrough
	case f.pad > 0:
		if f.at <= f.size-f.pad {
			return
		}
		p = p[max(f.size-f.pad-from, 0):]
	default:
		return
	}
	room := min(len(p), maxH2Frame-len(f.kept))
	f.kept = append(f.kept, p[:room]...)
	f.cut = f.cut || room < len(p)
}

// note gives a frame that is whole as something that was said: its name and the bytes; none for one that says nothing.
func (f *h2Frame) note() (name string, said []byte) {
	said = f.kept
	switch {
	case !f.keep:
		name = "padding"
	case f.kind == h2Settings:
		name = "settings"
		said = nil
		for b := f.kept; len(b) >= 6; b = b[6:] {
			if id := binary.BigEndian.Uint16(b); id == 0 || id > 9 { // 1 to 9 have a meaning, which is a number
				said = append(said, b[:6]...)
			}
		}
	case f.kind == h2Ping:
		name = "ping"
	case f.kind == h2Reset:
		name = "reset"
		if len(said) == 4 && binary.BigEndian.Uint32(said) <= 0xd {
			return "", nil
		}
	case f.kind == h2GoAway:
		name = "goaway"
		said = said[min(8, len(said)):]
	default:
		name = fmt.Sprintf("frame 0x%02x", f.kind)
	}
	for _, c := range said {
		if c != 0 {
			return name, said
		}
	}
	return "", nil
}

// h2Notes records what the phone said on a connection beside its requests: one message, with the name of each frame and
// what was in it as a header.
type h2Notes struct {
	t     *tunnel // nil in tests of the tap alone
	f     flow.Flow
	m     flow.Message
	bytes int
	early early

	mu sync.Mutex // guards f and m
}

// take records a frame that is whole.
func (n *h2Notes) take(fr *h2Frame) {
	name, said := fr.note()
	if name == "" || n.t == nil {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	rec := n.t.p.rec
	if n.f.Seq == 0 {
		n.m.FromApp = true
		n.f = flow.Flow{Kind: flow.KindMessage, Conn: n.t.s.conn.id, Parent: n.t.seq(), Start: rec.Now(), Host: n.t.name, Port: n.t.port,
			TLS: n.t.tls, Intercepted: n.t.tls != nil, Proto: "HTTP/2.0", Request: &n.m}
		n.early.show = n.show
	}
	n.f.Sent = rec.Now()
	n.f.BytesUp += int64(len(said))
	last := len(n.m.Headers) - 1
	switch h := (flow.Header{Name: name, Value: string(said)}); {
	case n.f.Class != flow.ClassReadable, last >= 0 && n.m.Headers[last] == h:
	case fr.cut, n.bytes+len(said) > maxH2Notes, len(n.m.Headers) >= maxH2Note:
		n.f.Class, n.f.Error = flow.ClassNotHTTP, "more in frames beside the requests than is kept"
	default:
		n.bytes += len(said)
		n.m.Headers = append(n.m.Headers, h)
	}
	if n.f.Seq == 0 {
		rec.Begin(&n.f)
		return
	}
	n.early.came()
}

// show records what has come so far.
func (n *h2Notes) show() {
	n.mu.Lock()
	defer n.mu.Unlock()
	f, m := n.f, n.m
	f.Request = &m
	n.t.p.rec.Update(&f)
}

// end records that the connection is over.
func (n *h2Notes) end() {
	n.early.stop()
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.f.Seq != 0 {
		n.t.p.rec.End(&n.f)
	}
}
