package network

import (
	"crypto/x509"
	"net/http"
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
	UserAgent   string        // of requests that bring none, and of CONNECT; empty: none
	maxTLS      uint16        // highest version offered; 0: TLS 1.3
	Tag         uint32        // of its sockets (TrafficStats.setThreadStatsTag); its bytes are then listed twice, once under the tag
}

// App is the network as one app uses it. Its methods may be called from any goroutine.
type App struct {
	network   *Network
	options   AppOptions
	transport *transport
}

// App returns an app's view of the network. Make one per app and keep it: it holds the pool of open connections.
func (n *Network) App(o AppOptions) *App {
	if o.Trust == "" {
		o.Trust = TrustSystem
	}
	if o.Alert == 0 {
		o.Alert = alertCertificateUnknown
	}
	if o.IdleTimeout == 0 {
		o.IdleTimeout = 30 * time.Second
	}
	a := &App{network: n, options: o}
	a.transport = newTransport(a)
	return a
}

// Pinned says whether nobody on the way can read what the app sends: it believes only the certificates it knows.
func (a *App) Pinned() bool { return a.options.Trust == TrustPinned }

// Client is App(o).HTTP().
func (n *Network) Client(o AppOptions) *http.Client { return n.App(o).HTTP() }

// HTTP returns the app's HTTP client: https through CONNECT, http in absolute form, both through the effective proxy.
func (a *App) HTTP() *http.Client { return &http.Client{Transport: a.transport} }
