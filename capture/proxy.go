package capture

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"sync/atomic"

	"github.com/elazarl/goproxy"
	"golang.org/x/net/http2"

	"github.com/telltale-farm/telltale/capture/record"
)

// Options says what a proxy needs. CA and Record must be set; the rest may be zero.
type Options struct {
	CA          *CA
	Record      *record.Writer
	Upstream    Upstream
	ControlHost string // answered by the proxy itself, over HTTP and HTTPS; lower case, no port

	// Attribute is told of every accepted connection, with both its addresses, and may call Record.App later. It must
	// not block: nothing is accepted meanwhile.
	Attribute func(conn int64, local, remote net.Addr)

	// Refuse is asked before a server is dialled; an error answers the phone 502 and is recorded. With Upstream.Dial set
	// it is asked for literal addresses only, since names are resolved behind Dial.
	Refuse func(host string, port int, ip netip.Addr) error

	// PassAfter is how many times in a row apps may refuse our certificate for a host before its connections are relayed
	// unread, so that the app works; they stay opaque. 0 is never.
	PassAfter int

	// Pcap takes all that passes between phone and proxy as a pcapng file with the TLS secrets, so that Wireshark reads
	// what we read. Whoever has it can read everything. Nil for none.
	Pcap io.Writer

	Limits Limits
	Log    *slog.Logger // nothing a phone sent is logged above debug
}

// Upstream says how servers are reached. Proxies named in the environment are not used.
type Upstream struct {
	Dial  func(ctx context.Context, network, addr string) (net.Conn, error) // nil: dial what is asked for
	Roots *x509.CertPool                                                    // nil: the system's
}

// Proxy is the capturing proxy of one phone. All it accepts is recorded as that phone's.
type Proxy struct {
	opts   Options
	limits Limits
	rec    *record.Writer
	log    *slog.Logger
	mint   *minter
	gp     *goproxy.ProxyHttpServer
	up     *upstream
	pass   refusals
	pcap   *packets

	outer *http.Server
	inner *http.Server // serves decrypted HTTP/1
	queue *queue
	h2    *http2.Server
	ahead slots

	mu        sync.Mutex
	conns     map[*phoneConn]struct{}
	draining  bool
	exchanges int
	idle      *sync.Cond // exchanges became 0
	tunnels   sync.WaitGroup
	start     sync.Once
	endRelay  chan struct{} // closed to end the relays that are connected; nil if none was
	beats     atomic.Int64  // relays that are connected
}

// New makes a proxy. It listens nowhere until Serve.
func New(o Options) (*Proxy, error) {
	if o.CA == nil || o.Record == nil {
		return nil, errors.New("a proxy needs a CA and a recording")
	}
	var err error
	var pcap *packets
	var secrets io.Writer
	if o.Pcap != nil {
		if pcap, err = newPackets(o.Pcap); err != nil {
			return nil, err
		}
		secrets = pcap
	}
	mint, err := newMinter(o.CA, secrets)
	if err != nil {
		return nil, fmt.Errorf("making the proxy's leaf key: %w", err)
	}
	p := &Proxy{opts: o, limits: o.Limits.withDefaults(), rec: o.Record, log: o.Log, mint: mint, pcap: pcap,
		queue: newQueue(), ahead: make(slots, maxReadAhead), conns: make(map[*phoneConn]struct{})}
	p.pass.limit = o.PassAfter
	if p.log == nil {
		p.log = slog.New(slog.DiscardHandler)
	}
	p.idle = sync.NewCond(&p.mu)
	p.up = newUpstream(p)
	p.gp = newGoproxy(p)
	p.outer, p.inner = p.server(), p.server()
	allowExtendedConnect()
	p.h2 = &http2.Server{PermitProhibitedCipherSuites: true, IdleTimeout: p.limits.Idle, MaxUploadBufferPerConnection: 4 << 20, MaxUploadBufferPerStream: 1 << 20}
	if err := http2.ConfigureServer(p.inner, p.h2); err != nil {
		return nil, fmt.Errorf("setting up HTTP/2: %w", err)
	}
	return p, nil
}

func (p *Proxy) server() *http.Server {
	return &http.Server{
		Handler:           http.HandlerFunc(p.serveHTTP),
		ReadHeaderTimeout: p.limits.HeaderTime,
		IdleTimeout:       p.limits.Idle,
		MaxHeaderBytes:    p.limits.HeaderBytes,
		ErrorLog:          log.New(debugWriter{p.log}, "", 0),
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			if s, ok := c.(*served); ok {
				return context.WithValue(ctx, servedKey{}, s)
			}
			return ctx
		},
	}
}

type servedKey struct{}

// newGoproxy sets goproxy up: CONNECT goes to our own hands, requests go out through our own transports.
func newGoproxy(p *Proxy) *goproxy.ProxyHttpServer {
	g := goproxy.NewProxyHttpServer()
	g.Logger = goproxyLog{p.log}
	g.Tr = &http.Transport{} // never used: every request has our RoundTripper
	g.ConnectDial, g.ConnectDialWithReq = nil, nil
	g.KeepHeader, g.KeepAcceptEncoding = true, true
	g.NonproxyHandler = http.HandlerFunc(p.notForAProxy)
	hijack := &goproxy.ConnectAction{Action: goproxy.ConnectHijack, Hijack: p.hijack}
	g.OnRequest().HandleConnectFunc(func(host string, _ *goproxy.ProxyCtx) (*goproxy.ConnectAction, string) {
		return hijack, host
	})
	g.OnRequest().DoFunc(func(r *http.Request, ctx *goproxy.ProxyCtx) (*http.Request, *http.Response) {
		ctx.RoundTripper = p.up
		return r, nil
	})
	return g
}

type goproxyLog struct{ log *slog.Logger }

func (l goproxyLog) Printf(format string, args ...any) { l.log.Debug(fmt.Sprintf(format, args...)) }

type debugWriter struct{ log *slog.Logger }

func (w debugWriter) Write(b []byte) (int, error) {
	w.log.Debug(string(b))
	return len(b), nil
}

// Serve accepts the phone's connections until l fails or Shutdown is called, when it returns http.ErrServerClosed.
// It may be called for several listeners.
func (p *Proxy) Serve(l net.Listener) error {
	p.start.Do(func() { go func() { _ = p.inner.Serve(p.queue) }() })
	return p.outer.Serve(&listener{Listener: l, p: p})
}

// listener makes accepted connections ours.
type listener struct {
	net.Listener
	p *Proxy
}

func (l *listener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		p := l.p
		pc := &phoneConn{Conn: c, p: p, id: p.rec.NextConn(), start: p.rec.Now()}
		pc.active.Store(pc.start)
		pc.pcap = p.pcap.begin(c)
		if !p.track(pc) {
			_ = c.Close()
			continue
		}
		if !p.makeRoom(pc) {
			continue
		}
		if r, ok := c.(*attributed); ok {
			r.tell(pc.id, r.peer)
		} else if p.opts.Attribute != nil {
			p.opts.Attribute(pc.id, c.LocalAddr(), c.RemoteAddr())
		}
		return p.newServed(pc, pc, nil, "http"), nil
	}
}

func (p *Proxy) track(c *phoneConn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.draining {
		return false
	}
	p.conns[c] = struct{}{}
	return true
}

func (p *Proxy) gone(c *phoneConn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.conns, c)
}

// enter counts an exchange that is under way; leave takes it off.
func (p *Proxy) enter() {
	p.mu.Lock()
	p.exchanges++
	p.mu.Unlock()
}

func (p *Proxy) leave() {
	p.mu.Lock()
	if p.exchanges--; p.exchanges == 0 {
		p.idle.Broadcast()
	}
	p.mu.Unlock()
}

// Shutdown stops accepting, lets requests that are under way be answered until ctx ends, then closes every connection
// and returns when every flow has its end in the record, and the record is synced. The record stays open.
func (p *Proxy) Shutdown(ctx context.Context) error {
	p.mu.Lock()
	p.draining = true
	p.mu.Unlock()
	var servers sync.WaitGroup
	var errs [2]error
	for i, s := range []*http.Server{p.outer, p.inner} {
		servers.Go(func() { errs[i] = s.Shutdown(ctx) })
	}
	servers.Wait()
	p.waitExchanges(ctx)
	_ = p.queue.Close()
	p.mu.Lock()
	conns := make([]*phoneConn, 0, len(p.conns))
	for c := range p.conns {
		conns = append(conns, c)
	}
	p.mu.Unlock()
	for _, c := range conns {
		_ = c.Close()
	}
	p.up.close()
	_, _ = p.outer.Close(), p.inner.Close()
	p.waitExchanges(context.Background())
	p.tunnels.Wait()
	if err := p.rec.Sync(); err != nil {
		return fmt.Errorf("stopping the proxy: %w", err)
	}
	if p.pcap != nil {
		if err := p.pcap.flush(); err != nil {
			return fmt.Errorf("writing packets: %w", err)
		}
	}
	if err := errors.Join(errs[:]...); err != nil && !errors.Is(err, ctx.Err()) {
		return fmt.Errorf("stopping the proxy: %w", err)
	}
	return nil
}

// waitExchanges returns when no request is under way, or ctx ends.
func (p *Proxy) waitExchanges(ctx context.Context) {
	stop := context.AfterFunc(ctx, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.idle.Broadcast()
	})
	defer stop()
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.exchanges > 0 && ctx.Err() == nil {
		p.idle.Wait()
	}
}

// stopping says whether Shutdown was called.
func (p *Proxy) stopping() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.draining
}
