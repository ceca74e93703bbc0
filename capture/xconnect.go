package capture

import (
	"crypto/rand"
	"encoding/base64"
	"io"
	"net/http"
	"strings"
	"sync"
	_ "unsafe" // for go:linkname
)

// http2.Server speaks extended CONNECT (RFC 8441), which carries WebSocket over HTTP/2, only when GODEBUG said
// http2xconnect=1 before the program began. A test fails should a newer x/net name this otherwise.
//
//go:linkname noExtendedConnect golang.org/x/net/http2.disableExtendedConnectProtocol
var noExtendedConnect bool

var allowExtendedConnect = sync.OnceFunc(func() { noExtendedConnect = false })

// extendedConnect serves a WebSocket that the phone opened over HTTP/2. To the server it is opened over HTTP/1.1, which
// every WebSocket server speaks; the frames are the same.
func (x *exchange) extendedConnect(w *replyWriter, r *http.Request) {
	if !strings.EqualFold(r.Header.Get(":protocol"), "websocket") {
		x.f.Error = "an extended CONNECT that is not WebSocket"
		http.Error(w, "only websocket is served here", http.StatusNotImplemented)
		return
	}
	body := r.Body
	if x.sent != nil {
		body, x.sent = x.sent.src, nil // what it carries is recorded as messages, not as a body
	}
	up := *r
	up.Method, up.Body, up.ContentLength, up.Proto, up.ProtoMajor, up.ProtoMinor = http.MethodGet, nil, 0, "HTTP/1.1", 1, 1
	up.Header = r.Header.Clone()
	delete(up.Header, ":protocol")
	var key [16]byte
	_, _ = rand.Read(key[:])
	up.Header["Connection"], up.Header["Upgrade"] = []string{"Upgrade"}, []string{"websocket"}
	up.Header["Sec-Websocket-Key"] = []string{base64.StdEncoding.EncodeToString(key[:])}
	resp := x.roundTrip(&up)
	defer resp.Body.Close()
	for name, vs := range resp.Header {
		switch name {
		case "Connection", "Upgrade", "Sec-Websocket-Accept":
		default:
			w.Header()[name] = vs
		}
	}
	if x.socket == nil {
		w.WriteHeader(resp.StatusCode)
		_, _ = io.Copy(w, resp.Body)
		return
	}
	w.WriteHeader(http.StatusOK)
	x.relaySocket(w, body)
}

// relaySocket passes frames both ways until one side ends.
func (x *exchange) relaySocket(w *replyWriter, body io.ReadCloser) {
	done := make(chan struct{}, 2)
	go func() {
		_, _ = copyBuffered(x.socket, body)
		done <- struct{}{}
	}()
	go func() {
		_, _ = w.ReadFrom(x.socket)
		done <- struct{}{}
	}()
	<-done
	_ = x.socket.Close()
	x.readDeadline(0)
	<-done
	x.broken = false
}

func copyBuffered(to io.Writer, from io.Reader) (n int64, err error) {
	buf := getBuffer()
	defer putBuffer(buf)
	return io.CopyBuffer(struct{ io.Writer }{to}, struct{ io.Reader }{from}, *buf)
}
