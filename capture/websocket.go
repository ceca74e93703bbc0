package capture

import (
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
)

// websocket is the server's end of an upgraded connection. goproxy relays the bytes through it; the messages in them
// are recorded on the way. What is relayed is never changed.
type websocket struct {
	io.ReadWriteCloser
	x     *exchange
	phone net.Conn // once hijacked

	mu       sync.Mutex
	up, down wsStream
	over     bool
	early    early // of a message, or unread bytes, that the phone has not ended
}

func newWebsocket(x *exchange, server io.ReadWriteCloser, h http.Header) *websocket {
	w := &websocket{ReadWriteCloser: server, x: x}
	on, clientForgets, serverForgets := deflateParams(strings.Join(h["Sec-Websocket-Extensions"], ","))
	w.up = wsStream{x: x, fromApp: true, deflate: on, forget: clientForgets}
	w.down = wsStream{x: x, deflate: on, forget: serverForgets}
	w.early.show = w.ahead
	x.f.Proto = "websocket"
	x.p.rec.Update(&x.f)
	return w
}

// Write takes what the phone sent, records it, and only then sends it on.
func (w *websocket) Write(p []byte) (int, error) {
	if w.feed(&w.up, p) {
		w.early.came()
	}
	n, err := w.ReadWriteCloser.Write(p)
	if err != nil {
		w.hangUp()
	}
	return n, err
}

// Read gives what the server sent.
func (w *websocket) Read(p []byte) (int, error) {
	n, err := w.ReadWriteCloser.Read(p)
	w.feed(&w.down, p[:n])
	return n, err
}

// feed says whether something is left open.
func (w *websocket) feed(s *wsStream, p []byte) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.over {
		s.feed(p)
	}
	return s.message != nil || s.raw != nil
}

// ahead records what the phone has sent of something that it has not ended.
func (w *websocket) ahead() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.over {
		w.up.ahead()
	}
}

func (w *websocket) Close() error {
	w.hangUp()
	return w.ReadWriteCloser.Close()
}

func (w *websocket) hangUp() {
	if w.phone != nil {
		_ = w.phone.Close()
	}
}

// finish records what was under way. The exchange ends after it.
func (w *websocket) finish() {
	_ = w.Close()
	w.early.stop()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.over = true
	w.up.finish()
	w.down.finish()
}
