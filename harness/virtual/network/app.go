package network

import (
	"crypto/x509"
	"time"
)

// AppOptions say how one app uses the network.
type AppOptions struct {
	UID         int
	Package     string
	Stack       Stack
	Trust       Trust                 // default TrustSystem
	SystemRoots func() *x509.CertPool // asked at each handshake
	UserRoots   func() *x509.CertPool // asked at each handshake; nil: none
	Pins        [][]byte              // sha256 of a SubjectPublicKeyInfo in the chain; with none, only the system's roots are believed

	// Alert is what the app says when it refuses a certificate: 46 (certificate_unknown, Conscrypt and Chromium; the
	// default), 48 (unknown_ca) or 42 (bad_certificate).
	Alert uint8
	// PinsAfterHandshake lets a pinned app believe user roots during the handshake, check its pins after it, and close
	// without a request, as OkHttp's CertificatePinner does.
	PinsAfterHandshake bool

	IgnoreProxy bool          // dials directly, whatever the phone says
	KeepsOpen   bool          // reuses its open connections even when the proxy has changed since, as OkHttp's pool does
	HTTP2       bool          // offers h2
	IdleTimeout time.Duration // of pooled connections; default 30s
	UserAgent   string        // of CONNECT requests; empty: none
}
