// Package internet is a stand-in for the internet: search engines, sites and collectors under their real names, on
// loopback, with a root certificate of its own.
//
// It serves every name from one listener, refuses any name it does not have, and never dials anything but itself. Its
// collectors only count what they get; they hold no truth about what an app leaked.
package internet

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"time"
)

// Options make an internet. Zero values have the defaults given.
type Options struct {
	Hosts   []Host        // default World()
	Silence time.Duration // how long a connection may say nothing before the server-speaks-first host greets it; default 300ms
	Limits  Limits
}

// Host is one name, or every name below one when it starts with "*.".
type Host struct {
	Name    string
	Handler http.Handler                             // HTTP, under TLS and without
	Raw     func(ctx context.Context, conn net.Conn) // instead of HTTP inside TLS: a protocol of its own; conn is closed afterwards
	Greets  func(ctx context.Context, conn net.Conn) // without TLS, the server speaks first; at most one host
}

// Limits bound what a client may do.
type Limits struct {
	Header    int           // bytes; default 64 KiB
	Body      int64         // bytes; default 64 MiB
	Time      time.Duration // for a request, headers and body; default 60s
	Idle      time.Duration // between requests; default 90s
	Conns     int           // open at once; default 2048
	Handshake time.Duration // TLS; default 10s
}

// Internet is a running stand-in. Its methods may be called from any goroutine.
type Internet struct{}

// Refusal is a name that was asked for and is not there.
type Refusal struct {
	Host  string // empty if none was given
	How   string // dial, sni, host, datagram
	Count int64
}

// Count is what a host got.
type Count struct {
	Requests int64
	Bytes    int64 // of bodies, or of raw protocols
}

var errSeam = errors.New("internet is not built")

// Start listens on 127.0.0.1 and serves until Close.
func Start(o Options) (*Internet, error) { return &Internet{}, errSeam }

// Addr returns host:port of the front door.
func (i *Internet) Addr() string { return "" }

// RootPEM returns the root certificate that all servers are signed by.
func (i *Internet) RootPEM() []byte { return nil }

// Resolve returns the made-up address of a name (198.18.0.0/15, RFC 2544). It is the same in every process.
func (i *Internet) Resolve(host string) (netip.Addr, bool) { return netip.Addr{}, false }

// Dial connects to a port of a mapped name, or of its made-up address. The network is tcp or udp.
func (i *Internet) Dial(ctx context.Context, network, host string, port int) (net.Conn, error) {
	return nil, errSeam
}

// Add registers more hosts. A name that is taken is an error.
func (i *Internet) Add(hosts ...Host) error { return errSeam }

// Refused lists what was asked for and is not there, sorted.
func (i *Internet) Refused() []Refusal { return nil }

// Counts returns what each host got, by registered name.
func (i *Internet) Counts() map[string]Count { return nil }

// Close stops serving and waits for every connection to end.
func (i *Internet) Close() error { return nil }
