package capture

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/netip"
	"net/textproto"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/net/http2"
)

// upstream speaks to servers, in the protocol that the phone chose: HTTP/1.1 for HTTP/1.1, HTTP/2 for HTTP/2 where the
// server has it.
type upstream struct {
	p    *Proxy
	pool h1Pool
	tls1 offers
	h2   *http2.Transport
	h2c  *http2.Transport // without TLS, for phones that speak it so

	mu   sync.Mutex
	only map[string]struct{} // routes whose server has no HTTP/2
}

// Idle connections kept to servers, for each and in all.
const (
	idlePerHost = 128
	idleInAll   = 512 // or a twentieth of the open-file limit
	idleTime    = 60 * time.Second
	maxRoutes   = 1 << 12
)

func newUpstream(p *Proxy) *upstream {
	u := &upstream{p: p, pool: h1Pool{idle: map[string][]*h1Conn{}, limit: min(idleInAll, openFiles()/20)}, only: map[string]struct{}{}}
	u.tls1 = u.offers("http/1.1")
	h2 := u.offers("h2", "http/1.1")
	u.h2 = &http2.Transport{
		DialTLSContext: func(ctx context.Context, _, addr string, _ *tls.Config) (net.Conn, error) {
			c, err := u.dialTLS(ctx, addr, h2.as(ctx))
			if err == nil && c.ConnectionState().NegotiatedProtocol != "h2" {
				_ = c.Close()
				return nil, errNoH2
			}
			return c, err
		},
		DisableCompression: true,
		IdleConnTimeout:    idleTime,
		MaxHeaderListSize:  uint32(p.limits.HeaderBytes),
		MaxReadFrameSize:   1 << 20,
	}
	u.h2c = &http2.Transport{
		DialTLSContext: func(ctx context.Context, network, addr string, _ *tls.Config) (net.Conn, error) {
			return u.dialTCP(ctx, network, addr)
		},
		AllowHTTP:          true,
		DisableCompression: true,
		IdleConnTimeout:    idleTime,
		MaxHeaderListSize:  uint32(p.limits.HeaderBytes),
	}
	return u
}

var errNoH2 = errors.New("the server does not speak HTTP/2")

func (u *upstream) tlsConfig(protos ...string) *tls.Config {
	return &tls.Config{
		RootCAs:                     u.p.opts.Upstream.Roots,
		NextProtos:                  protos,
		MinVersion:                  tls.VersionTLS10, // as lenient as the oldest app: its traffic must be seen
		ClientSessionCache:          tls.NewLRUClientSessionCache(256),
		DynamicRecordSizingDisabled: true,
	}
}

// offers is what servers are offered: a post-quantum key exchange when the phone offered one to us, for it makes a
// handshake dearer and its first packet three times as long.
type offers struct{ all, classic *tls.Config }

func (u *upstream) offers(protos ...string) offers {
	o := offers{u.tlsConfig(protos...), u.tlsConfig(protos...)}
	o.classic.CurvePreferences = []tls.CurveID{tls.X25519, tls.CurveP256, tls.CurveP384, tls.CurveP521}
	return o
}

// as gives what is offered on behalf of the exchange that ctx belongs to.
func (o offers) as(ctx context.Context) *tls.Config {
	if x, ok := ctx.Value(exchangeKey{}).(*exchange); ok && x.s.tunnel != nil && x.s.tunnel.classic {
		return o.classic
	}
	return o.all
}

func (u *upstream) close() {
	u.pool.close()
	u.h2.CloseIdleConnections()
	u.h2c.CloseIdleConnections()
}

// send forwards a request whose URL.Host is a route.
func (u *upstream) send(x *exchange, req *http.Request) (*http.Response, error) {
	if req.ProtoMajor == 2 && req.URL.Scheme == "https" && !u.noH2(req.URL.Host) {
		resp, err := u.roundTrip(u.h2, x, req)
		if !errors.Is(err, errNoH2) {
			return resp, err
		}
		u.mu.Lock()
		if len(u.only) >= maxRoutes {
			clear(u.only)
		}
		u.only[req.URL.Host] = struct{}{}
		u.mu.Unlock()
	}
	if req.ProtoMajor == 2 && req.URL.Scheme == "http" {
		return u.roundTrip(u.h2c, x, req)
	}
	return u.sendH1(x, req)
}

// roundTrip uses a transport that is not ours, and asks it which connection it took.
func (u *upstream) roundTrip(rt http.RoundTripper, x *exchange, req *http.Request) (*http.Response, error) {
	var server net.Conn
	passed := true
	var mu sync.Mutex // the transport may still call when it has returned
	trace := &httptrace.ClientTrace{
		GotConn: func(info httptrace.GotConnInfo) { server = info.Conn },
		Got1xxResponse: func(status int, h textproto.MIMEHeader) error {
			mu.Lock()
			defer mu.Unlock()
			if passed {
				x.interim(status, appendHeaders(nil, http.Header(h), true))
			}
			return nil
		},
	}
	defer func() {
		mu.Lock()
		defer mu.Unlock()
		passed = false
	}()
	resp, err := rt.RoundTrip(req.WithContext(httptrace.WithClientTrace(req.Context(), trace)))
	if err != nil {
		return nil, err
	}
	if server != nil {
		x.f.Server = server.RemoteAddr().String()
	}
	if resp.TLS != nil {
		x.f.ServerCert, x.f.ServerTLS = u.p.rec.Cert(resp.TLS.PeerCertificates), agreed(*resp.TLS)
	}
	return resp, nil
}

func (u *upstream) noH2(route string) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	_, ok := u.only[route]
	return ok
}

// route names where a request goes, as the URL.Host that the transports pool connections by: host:port, or
// name!host:port when the phone sent another name in SNI than it asked the tunnel for.
func route(host string, port int, sni string) string {
	if sni != "" && sni != host {
		host = sni + "!" + host
	}
	return net.JoinHostPort(host, strconv.Itoa(port))
}

// splitRoute undoes route; name is what the server must prove to be.
func splitRoute(addr string) (name, host string, port int, err error) {
	host, portText, err := net.SplitHostPort(addr)
	if err != nil {
		return "", "", 0, err
	}
	if port, err = strconv.Atoi(portText); err != nil {
		return "", "", 0, err
	}
	name, rest, ok := strings.Cut(host, "!")
	if ok {
		return name, rest, port, nil
	}
	return host, host, port, nil
}

func (u *upstream) dialTCP(ctx context.Context, _, addr string) (net.Conn, error) {
	_, host, port, err := splitRoute(addr)
	if err != nil {
		return nil, err
	}
	return u.dial(ctx, host, port)
}

func (u *upstream) dialTLS(ctx context.Context, addr string, config *tls.Config) (*tls.Conn, error) {
	name, host, port, err := splitRoute(addr)
	if err != nil {
		return nil, err
	}
	c, err := u.dial(ctx, host, port)
	if err != nil {
		return nil, err
	}
	return u.handshake(ctx, c, name, config)
}

func (u *upstream) handshake(ctx context.Context, c net.Conn, name string, config *tls.Config) (*tls.Conn, error) {
	config = config.Clone()
	config.ServerName = name
	tc := tls.Client(&gather{Conn: c}, config)
	ctx, cancel := context.WithTimeout(ctx, u.p.limits.Handshake)
	defer cancel()
	if err := tc.HandshakeContext(ctx); err != nil {
		_ = c.Close()
		return nil, err
	}
	return tc, nil
}

// dial connects to a server, unless that is refused.
func (u *upstream) dial(ctx context.Context, host string, port int) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, u.p.limits.Dial)
	defer cancel()
	addr := net.JoinHostPort(host, strconv.Itoa(port))
	refuse := u.p.opts.Refuse
	if custom := u.p.opts.Upstream.Dial; custom != nil {
		if ip, err := netip.ParseAddr(host); err == nil && refuse != nil {
			if err := refuse(host, port, ip); err != nil {
				return nil, err
			}
		}
		return custom(ctx, "tcp", addr)
	}
	d := net.Dialer{KeepAlive: 30 * time.Second}
	if refuse != nil {
		// Asked here, every address that a name resolves to is checked, and none can change afterwards.
		d.ControlContext = func(_ context.Context, _, address string, _ syscall.RawConn) error {
			ap, err := netip.ParseAddrPort(address)
			if err != nil {
				return fmt.Errorf("checking %s: %w", address, err)
			}
			return refuse(host, port, ap.Addr().Unmap())
		}
	}
	return d.DialContext(ctx, "tcp", addr)
}
