package network

import (
	"crypto/tls"
	"errors"
	"net"
	"strings"
	"testing"
	"time"
)

func TestTrustThroughInterceptingProxy(t *testing.T) {
	const readable, refused, quiet = "readable", "refused", "quiet"
	for _, c := range []struct {
		name   string
		user   bool // the proxy's CA is in the user's store
		change func(*AppOptions, *world)
		want   string
		alert  string
	}{
		{"user store believed", true, func(o *AppOptions, _ *world) { o.Trust = TrustUser }, readable, ""},
		{"user store empty", false, func(o *AppOptions, _ *world) { o.Trust = TrustUser }, refused, "unknown certificate"},
		{"system roots only", true, nil, refused, "unknown certificate"},
		{"system roots only, unknown CA", true, func(o *AppOptions, _ *world) { o.Alert = 48 }, refused, "unknown certificate authority"},
		{"bad certificate", true, func(o *AppOptions, _ *world) { o.Alert = 42 }, refused, "bad certificate"},
		{"pinned", true, func(o *AppOptions, w *world) { o.Trust, o.Pins = TrustPinned, [][]byte{w.root.pin()} }, refused, "unknown certificate"},
		{"pinned without pins", true, func(o *AppOptions, _ *world) { o.Trust = TrustPinned }, refused, "unknown certificate"},
		{"pinned after the handshake", true, func(o *AppOptions, w *world) {
			o.Trust, o.Pins, o.PinsAfterHandshake = TrustPinned, [][]byte{w.root.pin()}, true
		}, quiet, ""},
		{"pins after the handshake of an unknown CA", false, func(o *AppOptions, w *world) {
			o.Trust, o.Pins, o.PinsAfterHandshake = TrustPinned, [][]byte{w.root.pin()}, true
		}, refused, "unknown certificate"},
		{"checks nothing", false, func(o *AppOptions, _ *world) { o.Trust = TrustNone }, readable, ""},
	} {
		for version, name := range map[uint16]string{tls.VersionTLS12: "1.2", tls.VersionTLS13: "1.3"} {
			t.Run(c.name+" TLS "+name, func(t *testing.T) {
				w := newWorld(t)
				w.setProxy(18080)
				w.mitm = newAuthority(t, "proxy")
				mitm := w.mitm
				app := w.app(func(o *AppOptions) {
					o.maxTLS = version
					if c.user {
						o.UserRoots = mitm.pool
					}
					if c.change != nil {
						c.change(o, w)
					}
				})
				got, err := get(t, app.HTTP(), "https://site.test/secret")
				w.CloseAll()
				w.wait(func() bool { return err == nil || len(w.refused)+w.quiet > 0 })
				w.mu.Lock()
				defer w.mu.Unlock()
				switch c.want {
				case readable:
					if err != nil || got != "read" || len(w.refused)+w.quiet != 0 {
						t.Fatalf("got %q, %v; refused %v, quiet %d", got, err, w.refused, w.quiet)
					}
				case quiet:
					if err == nil || w.quiet != 1 || len(w.refused) != 0 {
						t.Fatalf("got %q, %v; refused %v, quiet %d; want a finished handshake and no request", got, err, w.refused, w.quiet)
					}
				case refused:
					if err == nil || len(w.refused) != 1 || w.quiet != 0 {
						t.Fatalf("got %q, %v; refused %v, quiet %d; want a refused handshake", got, err, w.refused, w.quiet)
					}
					var op *net.OpError
					if !errors.As(w.refused[0], &op) || op.Op != "remote error" || !strings.HasSuffix(w.refused[0].Error(), c.alert) {
						t.Errorf("proxy got %v, want the alert %q", w.refused[0], c.alert)
					}
				}
			})
		}
	}
}

// TestAlertOfEverySuite seals the alert under each cipher suite of TLS 1.3, by the hash and the key size they need.
func TestAlertOfEverySuite(t *testing.T) {
	secret := make([]byte, 48)
	for suite, ok := range map[uint16]bool{
		tls.TLS_AES_128_GCM_SHA256: true, tls.TLS_AES_256_GCM_SHA384: true, tls.TLS_CHACHA20_POLY1305_SHA256: true,
		tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256: false,
	} {
		record := append([]byte{recordApplication, 3, 3, 0, sealedAlert}, make([]byte, sealedAlert)...)
		if err := seal(record, 46, suite, secret); (err == nil) != ok {
			t.Errorf("suite %#x: %v", suite, err)
		}
	}
}

func TestRealServerIsBelievedByAll(t *testing.T) {
	for _, trust := range []Trust{TrustUser, TrustSystem, TrustPinned, TrustNone} {
		t.Run(string(trust), func(t *testing.T) {
			w := newWorld(t)
			got, err := get(t, w.app(func(o *AppOptions) { o.Trust, o.Pins = trust, [][]byte{w.root.pin()} }).HTTP(), "https://site.test/a")
			if err != nil || got != "HTTP/1.1 /a 0" {
				t.Fatalf("got %q, %v", got, err)
			}
		})
	}
	t.Run("wrong pin", func(t *testing.T) {
		w := newWorld(t)
		_, err := get(t, w.app(func(o *AppOptions) { o.Trust, o.Pins = TrustPinned, [][]byte{make([]byte, 32)} }).HTTP(), "https://site.test/a")
		if !errors.Is(err, errPin) {
			t.Fatalf("got %v, want %v", err, errPin)
		}
	})
	t.Run("phone's clock is a day ahead", func(t *testing.T) {
		w := newWorld(t)
		w.options.Now = func() time.Time { return time.Now().Add(24 * time.Hour) }
		if _, err := get(t, w.app(nil).HTTP(), "https://site.test/a"); err == nil {
			t.Fatal("an expired certificate was believed")
		}
	})
}

// wait polls for what another goroutine does; the test's own timeout is the limit.
func (w *world) wait(done func() bool) {
	w.t.Helper()
	deadline := time.Now().Add(time.Minute)
	for {
		w.mu.Lock()
		ok := done()
		w.mu.Unlock()
		if ok {
			return
		}
		if time.Now().After(deadline) {
			w.t.Fatal("what the test waits for did not come")
		}
		time.Sleep(time.Millisecond)
	}
}
