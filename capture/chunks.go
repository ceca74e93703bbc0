package capture

import (
	"bytes"

	"github.com/telltale-farm/telltale/capture/flow"
)

// chunkNotes is what a chunked body says beside its bytes: net/http drops the extensions of its size lines, and rewrites
// the names in its trailer. The tap writes it and the exchange reads it, both under the tap's lock.
type chunkNotes struct {
	extensions []flow.Header
	trailers   []flow.Header
	bytes      int
	cut        bool // more came than is kept
}

// maxNotes bounds the bytes kept of one body's notes, maxNote their number.
const (
	maxNotes = 256 << 10
	maxNote  = 4096
)

// chunkExtension is the name that an extension has among the trailers of a record. No field of HTTP/1 can have it.
const chunkExtension = ":chunk-extension"

// extension keeps what follows a chunk's size, unless it is the same as before.
func (n *chunkNotes) extension(b []byte) {
	b = bytes.Trim(b, " \t;")
	last := len(n.extensions) - 1
	if len(b) == 0 || last >= 0 && n.extensions[last].Value == string(b) || !n.room(len(b)) {
		return
	}
	n.extensions = append(n.extensions, flow.Header{Name: chunkExtension, Value: string(b)})
}

func (n *chunkNotes) trailer(line []byte) {
	if !n.room(len(line)) {
		return
	}
	name, value, _ := bytes.Cut(line, []byte{':'})
	n.trailers = append(n.trailers, flow.Header{Name: string(name), Value: string(bytes.Trim(value, " \t"))})
}

func (n *chunkNotes) room(more int) bool {
	if n.bytes += more; n.bytes > maxNotes || len(n.extensions)+len(n.trailers) >= maxNote {
		n.cut = true
	}
	return !n.cut
}

// trailers gives the trailer of a request's body as the phone sent it, in the order and case of the wire where the tap
// saw it, and what its chunks said beside; cut says that this is not all.
func (x *exchange) trailers(whole bool) (trailers, extensions []flow.Header, cut bool) {
	t := &x.s.tap
	t.mu.Lock()
	defer t.mu.Unlock()
	if n := x.notes; n != nil {
		return n.trailers, n.extensions, n.cut
	}
	if !whole {
		return nil, nil, false
	}
	return appendHeaders(nil, x.r.Trailer, x.r.ProtoMajor >= 2), nil, false
}
