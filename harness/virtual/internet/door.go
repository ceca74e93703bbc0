package internet

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"time"
)

// protocol is what a connection begins with.
type protocol int

const (
	protocolOther protocol = iota
	protocolTLS
	protocolHTTP
)

// sniff tells a protocol by its first byte: a TLS handshake record, or the upper-case letter of a method.
func sniff(first byte) protocol {
	switch {
	case first == 0x16:
		return protocolTLS
	case 'A' <= first && first <= 'Z':
		return protocolHTTP
	}
	return protocolOther
}

// accept hands each connection to serve, and closes it unless serve passed it on.
func (i *Internet) accept(l net.Listener, serve func(*visitor) (kept bool)) {
	for {
		raw, err := l.Accept()
		if err != nil {
			if errors.Is(err, net.ErrClosed) {
				return
			}
			select { // out of file descriptors, perhaps
			case <-i.ctx.Done():
				return
			case <-time.After(10 * time.Millisecond):
			}
			continue
		}
		v := &visitor{Conn: raw, internet: i}
		i.mu.Lock()
		full := len(i.conns) >= i.options.Limits.Conns || i.ctx.Err() != nil
		if !full {
			i.conns[v] = struct{}{}
		}
		i.mu.Unlock()
		if full {
			_ = raw.Close()
			continue
		}
		i.work.Go(func() {
			if !serve(v) {
				_ = v.Close()
			}
		})
	}
}

// visitor is an accepted connection whose first bytes can be looked at.
type visitor struct {
	net.Conn
	internet *Internet
	peeked   []byte
}

// Read reads what was looked at first.
func (v *visitor) Read(b []byte) (int, error) {
	if len(v.peeked) > 0 {
		n := copy(b, v.peeked)
		v.peeked = v.peeked[n:]
		return n, nil
	}
	return v.Conn.Read(b)
}

// peek waits for at least one byte.
func (v *visitor) peek(wait time.Duration) error {
	_ = v.SetReadDeadline(time.Now().Add(wait))
	defer func() { _ = v.SetReadDeadline(time.Time{}) }()
	b := make([]byte, 16)
	n, err := io.ReadAtLeast(v.Conn, b, 1)
	if n > 0 {
		v.peeked = b[:n]
		return nil
	}
	return err
}

// Close ends the connection and its place in the internet.
func (v *visitor) Close() error {
	v.internet.mu.Lock()
	delete(v.internet.conns, v)
	v.internet.mu.Unlock()
	return v.Conn.Close()
}

// door serves the front door.
func (i *Internet) door(v *visitor) (kept bool) {
	err := v.peek(min(i.options.Silence, i.options.Limits.Handshake))
	if errors.Is(err, os.ErrDeadlineExceeded) {
		if i.greeterFor() != nil {
			return i.greeting(v)
		}
		err = v.peek(i.options.Limits.Handshake)
	}
	if err != nil {
		return false
	}
	switch sniff(v.peeked[0]) {
	case protocolTLS:
		return i.doorTLS(v)
	case protocolHTTP:
		return i.inner.pass(i.ctx, v)
	}
	if h := i.byMagic(v.peeked); h != nil {
		i.raw(h, h.Raw, v)
		return false
	}
	i.ledger.refuse("", "protocol")
	return false
}

// doorTLS ends TLS for the host that SNI names. An unknown name gets the alert unrecognized_name.
func (i *Internet) doorTLS(v *visitor) (kept bool) {
	var host *Host
	c := tls.Server(v, &tls.Config{
		MinVersion: tls.VersionTLS12,
		NextProtos: []string{"h2", "http/1.1"},
		GetConfigForClient: func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
			if host = i.names.lookup(hello.ServerName); host == nil {
				i.ledger.refuse(hello.ServerName, "sni")
			}
			if host != nil && host.Raw != nil {
				return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: i.certificate(host)}, nil // no ALPN
			}
			return nil, nil
		},
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			if host == nil {
				return nil, nil // crypto/tls then says unrecognized_name
			}
			return i.ca.leaf(host.Name)
		},
	})
	ctx, cancel := context.WithTimeout(i.ctx, i.options.Limits.Handshake)
	defer cancel()
	if err := c.HandshakeContext(ctx); err != nil {
		return false
	}
	if host.Raw != nil {
		i.raw(host, host.Raw, c)
		return false
	}
	if host.Handler == nil {
		i.ledger.refuse(host.Name, "protocol")
		return false
	}
	return i.inner.pass(i.ctx, c)
}

func (i *Internet) certificate(h *Host) func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	return func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return i.ca.leaf(h.Name) }
}

// greeting serves connections to the host that speaks first.
func (i *Internet) greeting(v *visitor) (kept bool) {
	if h := i.greeterFor(); h != nil {
		i.raw(h, h.Greets, v)
	}
	return false
}

func (i *Internet) greeterFor() *Host {
	i.names.mu.RLock()
	defer i.names.mu.RUnlock()
	return i.names.greeter
}

func (i *Internet) byMagic(first []byte) *Host {
	i.names.mu.RLock()
	defer i.names.mu.RUnlock()
	var found *Host
	for _, h := range i.names.hosts { // the longest wins, then the first by name: map order must not decide
		if len(h.Magic) == 0 || !bytes.HasPrefix(first, h.Magic) {
			continue
		}
		if found == nil || len(h.Magic) > len(found.Magic) || len(h.Magic) == len(found.Magic) && h.Name < found.Name {
			found = h
		}
	}
	return found
}
