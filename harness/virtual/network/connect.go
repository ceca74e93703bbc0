package network

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// maxConnectAnswer bounds the head of a proxy's answer to CONNECT.
const maxConnectAnswer = 64 << 10

// proxy returns host:port of the effective proxy for this app, empty for none.
func (a *App) proxy() string {
	if a.options.IgnoreProxy || a.network.options.Proxy == nil {
		return ""
	}
	host, port, ok := a.network.options.Proxy()
	if !ok || host == "" || port <= 0 {
		return ""
	}
	return net.JoinHostPort(host, strconv.Itoa(port))
}

// DialTunnel connects to host:port by CONNECT through the effective proxy, directly if there is none or the app ignores it.
func (a *App) DialTunnel(ctx context.Context, address string) (net.Conn, error) {
	return a.tunnel(ctx, a.proxy(), address)
}

// tunnel returns a *Conn, or one wrapped so that Via still finds it.
func (a *App) tunnel(ctx context.Context, proxy, address string) (net.Conn, error) {
	if proxy == "" || isLoopback(hostOf(address)) {
		c, err := a.dial(ctx, "tcp", address, false)
		if err != nil {
			return nil, err
		}
		return c, nil
	}
	c, err := a.dial(ctx, "tcp", proxy, true)
	if err != nil {
		return nil, fmt.Errorf("connecting through proxy: %w", err)
	}
	stop := context.AfterFunc(ctx, func() { _ = c.SetDeadline(time.Unix(1, 0)) })
	rest, err := a.connectRequest(c, address)
	if !stop() {
		err = ctx.Err()
	}
	if err != nil {
		_ = c.Close()
		return nil, fmt.Errorf("connecting to %s through proxy %s: %w", address, proxy, err)
	}
	if rest == nil {
		return c, nil
	}
	return &spoken{Conn: c, rest: rest}, nil
}

// connectRequest asks for the tunnel. What the far end said right after the proxy's answer is returned.
func (a *App) connectRequest(c net.Conn, address string) (io.Reader, error) {
	var b strings.Builder
	fmt.Fprintf(&b, "CONNECT %s HTTP/1.1\r\nHost: %s\r\nProxy-Connection: Keep-Alive\r\n", address, address)
	if a.options.UserAgent != "" {
		fmt.Fprintf(&b, "User-Agent: %s\r\n", a.options.UserAgent)
	}
	b.WriteString("\r\n")
	if _, err := io.WriteString(c, b.String()); err != nil {
		return nil, err
	}
	limited := &io.LimitedReader{R: c, N: maxConnectAnswer}
	r := bufio.NewReader(limited)
	answer, err := http.ReadResponse(r, &http.Request{Method: http.MethodConnect})
	if err != nil {
		return nil, err
	}
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("proxy answered %s", answer.Status)
	}
	if r.Buffered() == 0 {
		return nil, nil
	}
	rest, err := r.Peek(r.Buffered())
	if err != nil {
		return nil, errors.New("losing what followed the proxy's answer")
	}
	return strings.NewReader(string(rest)), nil
}

// spoken is a connection whose first bytes have been read already.
type spoken struct {
	*Conn
	rest io.Reader
}

// Read reads what was read too early, then from the connection.
func (s *spoken) Read(b []byte) (int, error) {
	if s.rest != nil {
		k, err := s.rest.Read(b)
		if k > 0 || err == nil {
			return k, nil
		}
		s.rest = nil
	}
	return s.Conn.Read(b)
}

// NetConn returns the socket.
func (s *spoken) NetConn() net.Conn { return s.Conn }

func hostOf(address string) string {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return address
	}
	return host
}
