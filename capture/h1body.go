package capture

import (
	"io"
	"strconv"
	"time"
)

// h1Upload sends a body that is not small, while the answer is awaited already.
type h1Upload struct {
	c    *h1Conn
	q    *h1Request
	done chan struct{} // nil when there is nothing to send
	err  error         // of sending, once done is closed
}

// answerWait is how long an answer that a server gave before it stopped reading may take to come.
const answerWait = time.Second

func (u *h1Upload) begin() {
	u.done = make(chan struct{})
	go func() {
		defer close(u.done)
		if u.err = u.copy(); u.err != nil {
			_ = u.c.SetReadDeadline(time.Now().Add(answerWait))
		}
		_ = u.q.r.Body.Close()
	}()
}

// chunkRoom is left before a piece of a chunked body, for its size line: eight hex digits and a line end.
const chunkRoom = 10

func (u *h1Upload) copy() error {
	if u.q.chunked || u.q.r.ContentLength >= longBody {
		if from := u.q.x.p.ahead.readAhead(u.q.body); from != nil {
			return u.copyLong(from)
		}
	}
	buf := getBuffer()
	defer putBuffer(buf)
	b := *buf
	for {
		n, err := u.q.body.Read(b[chunkRoom : len(b)-2])
		if n > 0 {
			if err := u.send(b[:chunkRoom+n]); err != nil {
				return err
			}
		}
		if err != nil {
			return u.ended(err)
		}
	}
}

// send sends the piece at b[chunkRoom:].
func (u *h1Upload) send(b []byte) error {
	if u.q.chunked {
		b = asChunk(b)
	} else {
		b = b[chunkRoom:]
	}
	_, err := u.c.Write(b)
	return err
}

// copyLong sends what is read ahead: the phone's body is recorded while what came before is on its way.
func (u *h1Upload) copyLong(from *pieces) error {
	broke := false
	err := from.each(func(b []byte) error {
		err := u.send(b)
		broke = err != nil
		return err
	})
	if broke { // the reader may wait for the phone still; it ends with the exchange
		return err
	}
	from.wait()
	if err == nil {
		err = io.EOF
	}
	return u.ended(err)
}

// ended is called when the body is over, or broke off.
func (u *h1Upload) ended(err error) error {
	switch {
	case err != io.EOF:
		_ = u.c.Close() // the server must not take what it got for the whole
		return err
	case u.q.chunked:
		_, err := u.c.Write(u.q.lastChunk())
		return err
	}
	return nil
}

// asChunk puts a size line before the piece at b[chunkRoom:], and a line end after it.
func asChunk(b []byte) []byte {
	var size [8]byte
	s := strconv.AppendInt(size[:0], int64(len(b)-chunkRoom), 16)
	from := chunkRoom - 2 - len(s)
	copy(b[from:], s)
	copy(b[chunkRoom-2:], "\r\n")
	return append(b[from:], '\r', '\n')
}

// lastChunk ends a chunked body, with the trailers that came after it.
func (q *h1Request) lastChunk() []byte {
	b := []byte("0\r\n")
	trailers := appendHeaders(nil, q.r.Trailer, false)
	if q.x.notes != nil {
		trailers, _, _ = q.x.trailers(true)
	}
	for _, h := range trailers {
		if headerFits(h) {
			b = appendHeader(b, h.Name, h.Value)
		}
	}
	return append(b, '\r', '\n')
}

// failed gives the error of an upload that is over.
func (u *h1Upload) failed() error {
	if u.done == nil {
		return nil
	}
	select {
	case <-u.done:
		return u.err
	default:
		return nil
	}
}

// sent says whether the whole request is out; an answer may come a moment before that.
func (u *h1Upload) sent() bool {
	if u.done == nil {
		return true
	}
	timer := time.NewTimer(50 * time.Millisecond) // as net/http has it
	defer timer.Stop()
	select {
	case <-u.done:
		return u.err == nil
	case <-timer.C:
		return false
	}
}

// h1Body is a response's body. At its end the connection becomes idle.
type h1Body struct {
	src   io.ReadCloser
	c     *h1Conn
	u     *upstream
	up    *h1Upload
	stop  func() bool
	again bool // the server keeps the connection
	over  bool
}

func (b *h1Body) Read(p []byte) (int, error) {
	if b.over {
		return 0, io.EOF
	}
	n, err := b.src.Read(p)
	switch {
	case err == io.EOF:
		b.release()
	case err != nil:
		b.again = false
		b.release()
		b.over = false // the error stays
	}
	return n, err
}

// release gives the connection up: to the pool when both sides are through with it.
func (b *h1Body) release() {
	b.over = true
	if b.stop() && b.again && b.up.sent() && b.c.br.Buffered() == 0 {
		b.u.pool.put(b.c)
		return
	}
	_ = b.c.Close()
}

// interrupt ends a Read that waits, from another goroutine.
func (b *h1Body) interrupt() { _ = b.c.SetReadDeadline(past) }

func (b *h1Body) Close() error {
	if !b.over {
		b.again = false
		b.release()
	}
	return nil
}

// h1Switched is a connection that speaks another protocol from here.
type h1Switched struct {
	c    *h1Conn
	stop func() bool
}

func (s *h1Switched) Read(p []byte) (int, error)  { return s.c.br.Read(p) }
func (s *h1Switched) Write(p []byte) (int, error) { return s.c.Write(p) }

func (s *h1Switched) Close() error {
	s.stop()
	return s.c.Close()
}
