package network

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
)

// Network is one phone's network stack. Its methods may be called from any goroutine.
type Network struct{ options Options }

// New returns a network with empty tables and counters.
func New(o Options) *Network { return &Network{options: o} }

var errSeam = errors.New("network is not built")

// App is the network as one app uses it.
type App struct{ options AppOptions }

// App returns an app's view of the network.
func (n *Network) App(o AppOptions) *App { return &App{options: o} }

// Client is App(o).HTTP().
func (n *Network) Client(o AppOptions) *http.Client { return n.App(o).HTTP() }

// HTTP returns the app's HTTP client: https through CONNECT, http in absolute form, both through the effective proxy.
func (a *App) HTTP() *http.Client { return &http.Client{} }

// Dial opens a raw socket to host:port. The network is tcp or udp. Raw sockets know no proxy, on Android as here.
func (a *App) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	return nil, errSeam
}

// DialTunnel connects to host:port by CONNECT through the effective proxy, directly if there is none or the app ignores it.
func (a *App) DialTunnel(ctx context.Context, address string) (net.Conn, error) { return nil, errSeam }

// DialTLS is DialTunnel followed by a handshake under the app's trust.
func (a *App) DialTLS(ctx context.Context, address string, alpn ...string) (*tls.Conn, error) {
	return nil, errSeam
}

// Listen puts a listening socket of an app into the tables, such as adbd's for a reverse (uid 2000), until release is called.
func (n *Network) Listen(uid, port int) (release func()) { return func() {} }

// ProcNet returns the text of /proc/net/tcp, tcp6, udp or udp6; empty for any other name.
func (n *Network) ProcNet(proto string) string { return "" }

// Netstats returns the text of dumpsys netstats in one of the Formats.
func (n *Network) Netstats(format string) string { return "" }

// Poll is dumpsys netstats --poll: the history that FormatLegacy and FormatModern show catches up. It returns what the command prints.
func (n *Network) Poll() string { return "Forced poll\n" }

// CloseApp closes every socket of an app, as a force-stop does, and forgets its pooled connections. Its clients stay usable.
func (n *Network) CloseApp(uid int) {}

// CloseAll closes every socket.
func (n *Network) CloseAll() {}

// Reboot closes every socket and empties tables and counters.
func (n *Network) Reboot() {}
