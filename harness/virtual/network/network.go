// Package network is a virtual phone's network stack, inside the process of the phone.
//
// Apps get an HTTP client or raw connections from it. It honours the phone's effective proxy as Android's own stacks do,
// keeps the socket tables (/proc/net) and the byte counters per app (dumpsys netstats) true while connections live, and
// reaches two places only: the phone's own loopback, where adb's reverse listener is, and the stand-in internet. It dials
// nothing itself and never falls back from a proxy that refuses to a direct connection.
package network

import (
	"context"
	"net"
	"net/netip"
	"time"
)

// Dialer is the internet as the phone sees it. A host may also be one of the addresses that Resolve returned.
type Dialer interface {
	// Resolve returns the address of a name, false if there is none.
	Resolve(host string) (netip.Addr, bool)
	// Dial connects to a port of a host. The network is tcp or udp. A name that Resolve does not know is an error.
	Dial(ctx context.Context, network, host string, port int) (net.Conn, error)
}

// Options make a network. Zero values have the defaults given.
type Options struct {
	Proxy    func() (host string, port int, ok bool) // Android's effective proxy, asked at each new connection; nil: none
	Loopback Loopback                                // nil: refused
	Internet Dialer                                  // nil: no network
	Now      func() time.Time                        // the phone's clock; default time.Now
	Address  netip.Addr                              // of wlan0; default 192.168.43.57
	SSID     string                                  // default AndroidWifi
	TimeWait time.Duration                           // how long a closed socket stays in the tables; default 60s, as Linux does
}

// Loopback makes a connection to the phone's own 127.0.0.1:port. Before anything can be seen of the connection it calls
// bound, once, with its local port: a kernel chooses that before it says SYN, and the row in the tables keeps it to its
// end. 0 leaves the choice to the table, for what is no real connection of this computer.
type Loopback func(ctx context.Context, port int, bound func(local uint16)) (net.Conn, error)

// Stack is the network stack an app uses. It decides in which table its sockets stand.
type Stack string

// The stacks.
const (
	Java     Stack = ""         // java.net, OkHttp: AF_INET6 sockets, IPv4 as ::ffff:a.b.c.d in /proc/net/tcp6
	Chromium Stack = "chromium" // Chromium's own stack and native code: AF_INET sockets in /proc/net/tcp
)

// Trust says whose certificates an app believes.
type Trust string

// The kinds of trust.
const (
	TrustUser   Trust = "user"   // the system's roots and those the user installed
	TrustSystem Trust = "system" // the system's roots only; the default of apps since Android 7
	TrustPinned Trust = "pinned" // the system's roots, and the chain must hold one of the pins
	TrustNone   Trust = "none"   // checks nothing, as apps with a permissive trust manager do
)

// Formats of Netstats.
const (
	FormatLegacy  = "android8"          // Android 8 to 11: dumpsys netstats --uid --full (also: detail); as of the last Poll
	FormatModern  = "android12"         // Android 12: the same, as of the last Poll
	FormatBPF     = "android13"         // Android 13 to 16: FormatModern followed by the BPF map, which is always live
	FormatTraffic = "android13-traffic" // early 13, dumpsys connectivity trafficcontroller: the live map, its heading with two colons
)

// FormatFor returns the format of dumpsys netstats on an Android version, by its API level.
func FormatFor(sdk int) string {
	switch {
	case sdk >= 33:
		return FormatBPF
	case sdk >= 31:
		return FormatModern
	}
	return FormatLegacy
}
