package network

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"time"
)

// alertCertificateUnknown is what Conscrypt and Chromium say to a certificate they do not believe (RFC 8446, section 6.2).
const alertCertificateUnknown = 46

// handshakeTimeout is how long an app waits for a server's side of the handshake.
const handshakeTimeout = 30 * time.Second

var errPin = errors.New("certificate chain holds none of the app's pins")

// DialTLS is DialTunnel followed by a handshake under the app's trust.
func (a *App) DialTLS(ctx context.Context, address string, alpn ...string) (*tls.Conn, error) {
	raw, err := a.DialTunnel(ctx, address)
	if err != nil {
		return nil, err
	}
	return a.handshake(ctx, raw, hostOf(address), alpn)
}

// handshake closes the connection when it fails.
func (a *App) handshake(ctx context.Context, raw net.Conn, host string, alpn []string) (*tls.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, handshakeTimeout)
	defer cancel()
	said := &alerting{Conn: raw}
	config := &tls.Config{
		ServerName:         host,
		NextProtos:         alpn,
		MinVersion:         tls.VersionTLS12,
		MaxVersion:         a.options.maxTLS,
		KeyLogWriter:       keyLog{said}, // its only reader is the alert that refuses a certificate
		InsecureSkipVerify: true,         // VerifyConnection decides instead, as the app would
		VerifyConnection: func(s tls.ConnectionState) error {
			if err := a.believe(s); err != nil {
				said.refuse(a.options.Alert, s.CipherSuite)
				return err
			}
			return nil
		},
	}
	c := tls.Client(said, config)
	if err := c.HandshakeContext(ctx); err != nil {
		_ = raw.Close()
		return nil, fmt.Errorf("shaking hands with %s: %w", host, err)
	}
	said.forget()
	if a.options.Trust == TrustPinned && a.options.PinsAfterHandshake {
		if err := a.pinned(c.ConnectionState()); err != nil {
			_ = c.Close()
			return nil, fmt.Errorf("checking pins of %s: %w", host, err)
		}
	}
	return c, nil
}

// believe is the app's check of a certificate during the handshake.
func (a *App) believe(s tls.ConnectionState) error {
	switch a.options.Trust {
	case TrustNone:
		return nil
	case TrustUser:
		_, err := a.chains(s, true)
		return err
	case TrustPinned:
		if a.options.PinsAfterHandshake {
			_, err := a.chains(s, true)
			return err
		}
		return a.pinned(s)
	default:
		_, err := a.chains(s, false)
		return err
	}
}

// pinned looks for a pin in the chains that end in a root of the system.
func (a *App) pinned(s tls.ConnectionState) error {
	chains, err := a.chains(s, false)
	if err != nil || len(a.options.Pins) == 0 {
		return err
	}
	for _, chain := range chains {
		for _, c := range chain {
			sum := sha256.Sum256(c.RawSubjectPublicKeyInfo)
			for _, pin := range a.options.Pins {
				if bytes.Equal(pin, sum[:]) {
					return nil
				}
			}
		}
	}
	return errPin
}

// chains verifies a server's certificate against the system's roots, and the user's when asked, by the phone's clock.
func (a *App) chains(s tls.ConnectionState, user bool) ([][]*x509.Certificate, error) {
	if len(s.PeerCertificates) == 0 {
		return nil, errors.New("server sent no certificate")
	}
	o := x509.VerifyOptions{
		DNSName: s.ServerName, CurrentTime: a.network.options.Now(),
		Intermediates: x509.NewCertPool(), KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	for _, c := range s.PeerCertificates[1:] {
		o.Intermediates.AddCert(c)
	}
	stores := []func() *x509.CertPool{a.options.SystemRoots}
	if user {
		stores = append(stores, a.options.UserRoots)
	}
	var last error = x509.UnknownAuthorityError{Cert: s.PeerCertificates[0]}
	for _, store := range stores {
		o.Roots = x509.NewCertPool() // never nil: that would mean this computer's own roots
		if store != nil {
			if pool := store(); pool != nil {
				o.Roots = pool
			}
		}
		chains, err := s.PeerCertificates[0].Verify(o)
		if err == nil {
			return chains, nil
		}
		last = err
	}
	return nil, last
}
