package telemetry

import (
	"context"
	"errors"
	"io"
	"net"
	"net/url"
	"strconv"
	"time"
)

// pour writes a stream, ends its side, and reads until the far end does the same: then it was taken. A tls URL goes
// through the effective proxy like https, a tunnel URL too but without TLS inside, a tcp URL is a raw socket that knows no proxy.
func (c *Client) pour(ctx context.Context, r Request, o *outcome) error {
	u, err := url.Parse(r.URL)
	if err != nil {
		return err
	}
	host, port, err := target(r.URL)
	if err != nil {
		return err
	}
	address := net.JoinHostPort(host, strconv.Itoa(port))
	var conn net.Conn
	switch u.Scheme {
	case "tls":
		secure, failure := c.options.Network.DialTLS(ctx, address)
		if failure != nil {
			return failure
		}
		conn = secure
	case "tunnel":
		conn, err = c.options.Network.DialTunnel(ctx, address)
	case "tcp":
		conn, err = c.options.Network.Dial(ctx, "tcp", address)
	default:
		err = errors.New("a stream needs a tls, tunnel or tcp URL")
	}
	if err != nil {
		return err
	}
	defer conn.Close()
	o.leaving(via(conn))
	defer context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })()
	if _, err := conn.Write(r.Stream); err != nil {
		return err
	}
	o.mu.Lock()
	o.written = true
	o.mu.Unlock()
	if half, ok := conn.(interface{ CloseWrite() error }); ok {
		if err := half.CloseWrite(); err != nil {
			return err
		}
	}
	if _, err := io.Copy(io.Discard, io.LimitReader(conn, maxAnswer)); err != nil {
		return err
	}
	o.mu.Lock()
	o.taken = true
	o.mu.Unlock()
	return nil
}

// throw sends datagrams. Nobody says that they arrived, except a resolver.
func (c *Client) throw(ctx context.Context, r Request, o *outcome) error {
	host, port, err := target(r.URL)
	if err != nil {
		return err
	}
	conn, err := c.options.Network.Dial(ctx, "udp", net.JoinHostPort(host, strconv.Itoa(port)))
	if err != nil {
		return err
	}
	defer conn.Close()
	o.leaving(via(conn))
	defer context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })()
	answer := make([]byte, maxDatagram)
	for _, packet := range r.Packets {
		if _, err := conn.Write(packet); err != nil {
			return err
		}
		o.mu.Lock()
		o.written = true
		o.mu.Unlock()
		if !r.Answered {
			continue
		}
		if _, err := conn.Read(answer); err != nil {
			return err
		}
	}
	if r.Answered {
		o.mu.Lock()
		o.taken = true
		o.mu.Unlock()
	}
	return nil
}
