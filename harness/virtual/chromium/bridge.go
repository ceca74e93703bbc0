package chromium

import (
	"context"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

// Network is the network as one app of the phone uses it; network.App is one.
type Network interface {
	HTTP() *http.Client
	DialTunnel(ctx context.Context, address string) (net.Conn, error)
}

// bridge is a proxy on loopback that hands everything to the phone's own network: through the phone's proxy if it has
// one, and counted as the app's.
type bridge struct {
	network  Network
	listener net.Listener
	server   *http.Server
	work     sync.WaitGroup
	ctx      context.Context
	cancel   context.CancelFunc
}

func newBridge(n Network) (*bridge, error) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	b := &bridge{network: n, listener: l}
	b.ctx, b.cancel = context.WithCancel(context.Background())
	b.server = &http.Server{Handler: b, ReadHeaderTimeout: 30 * time.Second, BaseContext: func(net.Listener) context.Context { return b.ctx }}
	b.work.Go(func() { _ = b.server.Serve(l) })
	return b, nil
}

func (b *bridge) address() string { return b.listener.Addr().String() }

func (b *bridge) close() {
	b.cancel()
	_ = b.server.Close()
	b.work.Wait()
}

// ServeHTTP serves CONNECT and absolute addresses.
func (b *bridge) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodConnect {
		b.tunnel(w, r)
		return
	}
	if !r.URL.IsAbs() {
		http.Error(w, "this is a proxy", http.StatusBadRequest)
		return
	}
	out := r.Clone(r.Context())
	out.RequestURI = ""
	for _, hop := range []string{"Proxy-Connection", "Connection", "Keep-Alive"} {
		out.Header.Del(hop)
	}
	answer, err := b.network.HTTP().Transport.RoundTrip(out)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	defer answer.Body.Close()
	for k, values := range answer.Header {
		w.Header()[k] = values
	}
	w.WriteHeader(answer.StatusCode)
	_, _ = io.Copy(w, answer.Body)
}

func (b *bridge) tunnel(w http.ResponseWriter, r *http.Request) {
	far, err := b.network.DialTunnel(b.ctx, r.Host)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	defer far.Close()
	near, rest, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer near.Close()
	defer context.AfterFunc(b.ctx, func() { _ = near.Close(); _ = far.Close() })()
	if _, err := io.WriteString(near, "HTTP/1.1 200 Connection established\r\n\r\n"); err != nil {
		return
	}
	up := make(chan struct{})
	go func() {
		defer close(up)
		_, _ = io.Copy(far, rest)
		halfClose(far)
	}()
	_, _ = io.Copy(near, far)
	halfClose(near)
	_ = near.SetReadDeadline(time.Now().Add(time.Minute)) // what is left to be said after the far end has stopped
	<-up
}

func halfClose(c net.Conn) {
	if h, ok := c.(interface{ CloseWrite() error }); ok {
		_ = h.CloseWrite()
		return
	}
	_ = c.Close()
}
