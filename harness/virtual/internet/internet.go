// Package internet is a stand-in for the internet: search engines, sites and collectors under their real names, on
// loopback, with a root certificate of its own.
//
// It serves every name from one listener, refuses any name it does not have, and never dials anything but itself. Its
// collectors only count what they get; they hold no truth about what an app leaked.
package internet

import (
	"context"
	"fmt"
	"io"
	"log"
	"maps"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"
)

// Options make an internet. Zero values have the defaults given.
type Options struct {
	Hosts   []Host        // default World()
	Silence time.Duration // how long a connection at the front door may say nothing before the host that speaks first greets it; default 5s
	Limits  Limits
}

// Host is one name, or every name one label below when it starts with "*.".
type Host struct {
	Name    string
	Handler http.Handler                             // HTTP, under TLS and without
	Raw     func(ctx context.Context, conn net.Conn) // inside TLS, instead of HTTP: a protocol of its own; conn is closed afterwards
	Magic   []byte                                   // first bytes that lead to Raw without TLS, where no name is given; not upper-case letters
	Greets  func(ctx context.Context, conn net.Conn) // without TLS, the server speaks first; at most one host
}

// Limits bound what a client may do.
type Limits struct {
	Header    int           // bytes; default 64 KiB
	Body      int64         // bytes; default 64 MiB
	Time      time.Duration // for a request, headers and body; default 60s
	Idle      time.Duration // between requests, and in raw protocols; default 90s
	Conns     int           // open at once; default 8192
	Handshake time.Duration // for TLS, and for the first byte; default 10s
}

func (l *Limits) defaults() {
	l.Header = or(l.Header, 64<<10)
	l.Body = or(l.Body, 64<<20)
	l.Time = or(l.Time, time.Minute)
	l.Idle = or(l.Idle, 90*time.Second)
	l.Conns = or(l.Conns, 8192)
	l.Handshake = or(l.Handshake, 10*time.Second)
}

func or[T comparable](v, otherwise T) T {
	var zero T
	if v == zero {
		return otherwise
	}
	return v
}

// Internet is a running stand-in. Its methods may be called from any goroutine.
type Internet struct {
	options Options
	ca      *authority
	names   names
	ledger  ledger

	ctx    context.Context // ends with Close
	cancel context.CancelFunc
	front  net.Listener // the front door
	greet  net.Listener // connections of Dial to the host that speaks first
	udp    *net.UDPConn
	inner  *handoff // from the front door to the HTTP server
	server *http.Server
	work   sync.WaitGroup

	mu    sync.Mutex
	conns map[net.Conn]struct{}
}

// Start listens on 127.0.0.1 and serves until Close.
func Start(o Options) (*Internet, error) {
	if o.Hosts == nil {
		o.Hosts = World()
	}
	o.Silence = or(o.Silence, 5*time.Second)
	o.Limits.defaults()
	ca, err := newAuthority(time.Now())
	if err != nil {
		return nil, fmt.Errorf("starting stand-in internet: %w", err)
	}
	i := &Internet{options: o, ca: ca, inner: newHandoff(), conns: map[net.Conn]struct{}{}}
	if err := i.Add(o.Hosts...); err != nil {
		return nil, fmt.Errorf("starting stand-in internet: %w", err)
	}
	if err := i.listen(); err != nil {
		return nil, fmt.Errorf("starting stand-in internet: %w", err)
	}
	i.ctx, i.cancel = context.WithCancel(context.Background())
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetHTTP2(true)
	i.server = &http.Server{
		Handler: http.HandlerFunc(i.serveHTTP), Protocols: protocols, MaxHeaderBytes: o.Limits.Header,
		ReadTimeout: o.Limits.Time, WriteTimeout: o.Limits.Time, IdleTimeout: o.Limits.Idle,
		ErrorLog: log.New(io.Discard, "", 0),
	}
	i.work.Go(func() { _ = i.server.Serve(i.inner) })
	i.work.Go(func() { i.accept(i.front, i.door) })
	i.work.Go(func() { i.accept(i.greet, i.greeting) })
	i.work.Go(i.datagrams)
	return i, nil
}

func (i *Internet) listen() (err error) {
	defer func() {
		if err != nil {
			i.closeListeners()
		}
	}()
	if i.front, err = net.Listen("tcp4", "127.0.0.1:0"); err != nil {
		return err
	}
	if i.greet, err = net.Listen("tcp4", "127.0.0.1:0"); err != nil {
		return err
	}
	i.udp, err = net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	return err
}

func (i *Internet) closeListeners() {
	for _, l := range []net.Listener{i.front, i.greet} {
		if l != nil {
			_ = l.Close()
		}
	}
	if i.udp != nil {
		_ = i.udp.Close()
	}
}

// Addr returns host:port of the front door.
func (i *Internet) Addr() string { return i.front.Addr().String() }

// RootPEM returns the root certificate that all servers are signed by.
func (i *Internet) RootPEM() []byte { return i.ca.rootPEM() }

// Close stops serving, closes every connection and waits for their ends.
func (i *Internet) Close() error {
	i.cancel()
	i.closeListeners()
	_ = i.server.Close()
	i.mu.Lock()
	conns := slices.Collect(maps.Keys(i.conns)) // closing one takes the lock
	i.mu.Unlock()
	for _, c := range conns {
		_ = c.Close()
	}
	i.work.Wait()
	return nil
}
