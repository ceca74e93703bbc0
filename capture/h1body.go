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
	buf := getBuffer()
	defer putBuffer(buf)
	b := *buf
	for {
		n, rerr := u.q.body.Read(b[chunkRoom : len(b)-2])
		if n > 0 {
			piece := b[chunkRoom : chunkRoom+n]
			if u.q.chunked {
				piece = asChunk(b, n)
			}
			if _, err := u.c.Write(piece); err != nil {
				return err
			}
		}
		switch {
		case rerr == io.EOF && u.q.chunked:
			_, err := u.c.Write(u.q.lastChunk())
			return err
		case rerr == io.EOF:
			return nil
		case rerr != nil:
			_ = u.c.Close() // the server must not take what it got for the whole
			return rerr
		}
	}
}

// asChunk puts a size line before the n bytes at b[chunkRoom:], and a line end after them.
func asChunk(b []byte, n int) []byte {
	var size [8]byte
	s := strconv.AppendInt(size[:0], int64(n), 16)
	from := chunkRoom - 2 - len(s)
	copy(b[from:], s)
	copy(b[chunkRoom-2:], "\r\n")
	copy(b[chunkRoom+n:], "\r\n")
	return b[from : chunkRoom+n+2]
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
