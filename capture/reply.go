package capture

import (
	"bufio"
	"io"
	"net"
	"net/http"

	"github.com/telltale-farm/telltale/capture/flow"
)

// replyWriter is the phone's end of an exchange. It sends the head at once and every piece as it comes when the length
// is not known, so that streams stream; it keeps net/http from adding headers that the server did not send; and it
// gives whole answers or none.
type replyWriter struct {
	http.ResponseWriter
	x     *exchange
	wrote bool
	live  bool // flush after every write
}

func (w *replyWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *replyWriter) WriteHeader(status int) {
	h := w.Header()
	if w.wrote = true; w.x.f.Response != nil {
		for _, name := range []string{"Date", "Content-Type"} {
			if _, ok := h[name]; !ok {
				h[name] = nil
			}
		}
	}
	_, known := h["Content-Length"]
	w.live = !known && !w.x.empty && status != http.StatusNotModified && status != http.StatusNoContent
	w.ResponseWriter.WriteHeader(status)
	if w.live && status != http.StatusSwitchingProtocols {
		w.Flush()
	}
}

// interim passes an interim answer on (RFC 9110, section 15.2). 100 Continue is said by net/http when the phone's body is
// first read.
func (x *exchange) interim(status int, headers []flow.Header) {
	if status == http.StatusContinue || status == http.StatusSwitchingProtocols || !x.r.ProtoAtLeast(1, 1) {
		return
	}
	to := x.w.Header()
	for _, h := range headers {
		name := http.CanonicalHeaderKey(h.Name)
		to[name] = append(to[name], h.Value)
	}
	x.w.WriteHeader(status)
	clear(to)
}

func (w *replyWriter) Write(b []byte) (int, error) {
	n, err := w.ResponseWriter.Write(b)
	if err == nil && w.live {
		w.Flush()
	}
	return n, err
}

// ReadFrom copies a body. io.Copy in goproxy finds it.
func (w *replyWriter) ReadFrom(src io.Reader) (n int64, err error) {
	if b, ok := src.(*replyBody); ok && b.resp.ContentLength >= longBody {
		if from := w.x.p.ahead.readAhead(b); from != nil {
			return w.readLong(b, from)
		}
	}
	buf := getBuffer()
	defer putBuffer(buf)
	for {
		k, rerr := src.Read(*buf)
		if k > 0 {
			m, werr := w.Write((*buf)[:k])
			n += int64(m)
			if werr != nil {
				w.x.broken = true
				w.x.fault(werr)
				return n, werr
			}
		}
		if rerr == io.EOF {
			return n, nil
		}
		if rerr != nil {
			w.x.broken = true
			return n, rerr
		}
	}
}

// readLong copies a long body of known length that is being read ahead.
func (w *replyWriter) readLong(src *replyBody, from *pieces) (n int64, err error) {
	var werr error
	err = from.each(func(b []byte) error {
		k, err := w.Write(b[chunkRoom:])
		n += int64(k)
		werr = err
		return err
	})
	if werr != nil {
		src.interrupt()
		w.x.fault(werr)
	}
	from.wait()
	w.x.broken = w.x.broken || err != nil
	return n, err
}

func (w *replyWriter) Flush() { _ = http.NewResponseController(w.ResponseWriter).Flush() }

// Hijack gives the connection away after an upgrade: what it carries is not HTTP/1 any more.
func (w *replyWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	c, rw, err := http.NewResponseController(w.ResponseWriter).Hijack()
	if err == nil {
		w.x.s.tap.stop()
		if w.x.socket != nil {
			w.x.socket.phone = c
		}
	}
	return c, rw, err
}

// connectWriter is what goproxy answers CONNECT through.
type connectWriter struct {
	http.ResponseWriter
	s *served
}

// Hijack gives the connection with the bytes that net/http had read ahead; goproxy would drop them.
func (w *connectWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	c, rw, err := http.NewResponseController(w.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	w.s.tap.stop()
	first, _ := rw.Reader.Peek(rw.Reader.Buffered())
	return &prefixed{Conn: c, first: append([]byte(nil), first...)}, rw, nil
}
