package capture

import (
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/elazarl/goproxy"

	"github.com/telltale-farm/telltale/capture/flow"
	"github.com/telltale-farm/telltale/capture/record"
)

// RoundTrip is what goproxy calls to forward a request.
func (u *upstream) RoundTrip(r *http.Request, _ *goproxy.ProxyCtx) (*http.Response, error) {
	x, ok := r.Context().Value(exchangeKey{}).(*exchange)
	if !ok {
		return nil, http.ErrAbortHandler
	}
	return x.roundTrip(r), nil
}

// sentBody is a request's body on its way from the phone to the server. What is read is recorded, whoever reads it.
type sentBody struct {
	x   *exchange
	log *record.BodyWriter
	mu  sync.Mutex // orders reads: the transport may still read while we drain
	src io.ReadCloser
	at  atomic.Int64 // us of the last byte read
	eof atomic.Bool
	off atomic.Bool // the transport is done with it
	bad error       // src failed, and not by our deadline: the phone broke off. Asked again, net/http would call that the end

	base  flow.Flow // the exchange as it began
	early early
}

func (b *sentBody) Read(p []byte) (int, error) {
	if b.off.Load() {
		return 0, errAnswered
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.read(p)
}

// read takes the next bytes. The caller holds mu.
func (b *sentBody) read(p []byte) (int, error) {
	if b.eof.Load() {
		return 0, io.EOF
	}
	if b.bad != nil {
		return 0, b.bad
	}
	n, err := b.src.Read(p)
	if n > 0 {
		_, _ = b.log.Write(p[:n])
		b.at.Store(b.x.p.rec.Sent())
		b.early.came()
	}
	switch {
	case err == io.EOF:
		b.eof.Store(true)
	case err != nil && !timeout(err):
		b.bad = err
	}
	return n, err
}

// ahead records what came of the body of an exchange that goes on.
func (b *sentBody) ahead() {
	f, req := b.base, b.x.req
	if b.eof.Load() {
		req.Body = b.log.Finish(false)
	} else if req.Body = b.log.Snapshot(); req.Body == nil {
		return
	}
	f.Request, f.Sent = &req, max(f.Sent, b.at.Load())
	f.BytesUp += b.log.Size()
	b.x.p.rec.Update(&f)
}

// Close is the transport's word that it needs no more; the rest may still be drained.
func (b *sentBody) Close() error {
	b.off.Store(true)
	return nil
}

// drain reads on for the record alone.
func (b *sentBody) drain(limit int64, d time.Duration) {
	b.off.Store(true)
	b.x.readDeadline(d) // also frees a transport that waits in Read
	b.mu.Lock()
	defer b.mu.Unlock()
	buf := getBuffer()
	defer putBuffer(buf)
	for left := limit; left > 0 && !b.eof.Load(); {
		n, err := b.read((*buf)[:min(int64(len(*buf)), left)])
		left -= int64(n)
		if err != nil {
			return
		}
	}
}

// finish records the body, with what had come of it.
func (b *sentBody) finish() {
	f := &b.x.f
	whole := b.eof.Load() // without the lock: the transport may sit in Read until the drain's deadline
	if asked := b.log.Size() > 0; !whole && !asked && b.x.r.Header.Get("Expect") != "" && f.Fault == flow.FaultNone {
		// The server answered without asking for the body: the phone should send none, and what it has sent all the
		// same is there by now.
		b.drain(lateBytes, min(lateTime, b.x.p.limits.Drain))
		if b.log.Size() == 0 {
			b.early.stop()
			return
		}
	} else if !whole {
		b.drain(lateBytes, b.x.p.limits.Drain)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.early.stop()
	whole = b.eof.Load()
	b.x.req.Body = b.log.Finish(!whole)
	f.BytesUp += b.log.Size()
	f.Sent = max(f.Sent, b.at.Load())
	if !whole && f.Fault == flow.FaultNone {
		f.Fault, f.Error = flow.FaultPhone, "the request's body did not come to its end"
		if b.x.p.stopping() {
			f.Fault = flow.FaultHarness
		}
	}
	trailers, extensions, cut := b.x.trailers(whole)
	b.x.req.Trailers = append(trailers[:len(trailers):len(trailers)], extensions...)
	if stopped := !whole && b.bad == nil && b.x.p.rec.Now()-b.at.Load() < answerTime.Microseconds(); cut || stopped {
		b.cut() // stopped: it was we who did, and the phone may have sent more than the record has
	}
}

// What is still read of a body that was answered before its end, and for how long when the server had not asked for it.
const (
	lateBytes = 1 << 20
	lateTime  = 100 * time.Millisecond
)

// cut says of the recorded body that it is not all that was sent.
func (b *sentBody) cut() {
	if b.x.req.Body == nil {
		return
	}
	body := *b.x.req.Body
	if body.Truncated = true; body.Full == "" {
		body.Full = body.SHA256
	}
	b.x.req.Body = &body
}

// replyBody is a response's body on its way from the server to the phone.
type replyBody struct {
	src   io.ReadCloser
	log   *record.BodyWriter
	resp  *http.Response
	whole bool
	err   error
}

func (x *exchange) wrapReply(resp *http.Response) {
	if resp.StatusCode == http.StatusSwitchingProtocols {
		if rw, ok := resp.Body.(io.ReadWriteCloser); ok {
			x.socket = newWebsocket(x, rw, resp.Header)
			resp.Body = x.socket
		}
		return
	}
	if x.empty = resp.Body == http.NoBody; x.empty {
		return
	}
	x.reply = &replyBody{src: resp.Body, log: x.p.rec.NewReply(), resp: resp}
	resp.Body = x.reply
}

func (b *replyBody) Read(p []byte) (int, error) {
	n, err := b.src.Read(p)
	if n > 0 {
		_, _ = b.log.Write(p[:n])
	}
	switch {
	case err == io.EOF:
		b.whole = true
	case err != nil:
		b.err = err
	}
	return n, err
}

func (b *replyBody) Close() error { return b.src.Close() }

// interrupt ends a Read that waits for the server. The body is of no more use.
func (b *replyBody) interrupt() {
	if i, ok := b.src.(interface{ interrupt() }); ok {
		i.interrupt()
		return
	}
	_ = b.src.Close() // HTTP/2's may be closed while it is read
}

// buffers are what bodies and relays are copied through. 32 KiB hold two full TLS records.
var buffers = sync.Pool{New: func() any { b := make([]byte, 32<<10); return &b }}

func getBuffer() *[]byte  { return buffers.Get().(*[]byte) }
func putBuffer(b *[]byte) { buffers.Put(b) }
