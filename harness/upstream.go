package harness

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"path/filepath"
	"time"

	"github.com/telltale-farm/telltale/capture"
)

// caDir is where the farm's certificate authority lives: one per state directory, so that a real phone is set up once.
func caDir(state string) string { return filepath.Join(state, "ca") }

// dialTimeout bounds a connection to a server.
const dialTimeout = 30 * time.Second

// upstreamOf says where the proxy sends what it captured. With resolve, every name leads to that one address, and
// nothing else is ever dialled.
func upstreamOf(resolve string, pem []byte) (capture.Upstream, error) {
	var up capture.Upstream
	if len(pem) > 0 {
		up.Roots = x509.NewCertPool()
		if !up.Roots.AppendCertsFromPEM(pem) {
			return up, errors.New("reading the roots to trust: no certificate in the PEM")
		}
	}
	if resolve != "" {
		dialer := &net.Dialer{Timeout: dialTimeout}
		up.Dial = func(ctx context.Context, network, _ string) (net.Conn, error) {
			return dialer.DialContext(ctx, network, resolve)
		}
	}
	return up, nil
}

// refuser keeps a phone from reaching this computer through its proxy: a phone is hostile, and our loopback holds an adb
// server. Where every name leads to a stand-in, no address of the phone's choice is ever dialled, so there is nothing to
// refuse.
func refuser(resolve string) func(host string, port int, ip netip.Addr) error {
	if resolve != "" {
		return nil
	}
	return func(host string, port int, ip netip.Addr) error {
		if capture.Local(ip) {
			return fmt.Errorf("%s:%d is this computer or its own network; a phone may not reach it through the proxy", host, port)
		}
		return nil
	}
}
