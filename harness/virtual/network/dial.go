package network

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"syscall"
)

var loopback = netip.AddrFrom4([4]byte{127, 0, 0, 1})

// Dial opens a raw socket to host:port. The network is tcp or udp. Raw sockets know no proxy, on Android as here.
func (a *App) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	c, err := a.dial(ctx, network, address, false)
	if err != nil {
		return nil, err
	}
	return c, nil
}

func (a *App) dial(ctx context.Context, network, address string, proxied bool) (*Conn, error) {
	if network != "tcp" && network != "udp" {
		return nil, fmt.Errorf("dialling %s: network %q is neither tcp nor udp", address, network)
	}
	host, port, err := split(address)
	if err != nil {
		return nil, fmt.Errorf("dialling %s: %w", address, err)
	}
	ctx, d := a.network.begin(ctx, a.options.UID)
	defer a.network.end(d)
	c, err := a.connect(ctx, network, host, port)
	if err != nil {
		return nil, fmt.Errorf("dialling %s: %w", address, err)
	}
	c.proxied = proxied
	if err := a.network.adopt(ctx, c); err != nil {
		return nil, fmt.Errorf("dialling %s: %w", address, err)
	}
	return c, nil
}

// connect makes the row first (SYN_SENT), then the connection.
func (a *App) connect(ctx context.Context, network, host string, port int) (*Conn, error) {
	n := a.network
	if isLoopback(host) {
		if network != "tcp" || n.options.Loopback == nil {
			return nil, syscall.ECONNREFUSED
		}
		var row *socket
		inner, err := n.options.Loopback(ctx, port, func(local uint16) {
			s := a.socket(network, loopback, loopback, port, synSent)
			s.local = netip.AddrPortFrom(s.local.Addr(), local)
			row = n.table.open(s)
		})
		if err != nil {
			if row != nil {
				n.table.close(row, false)
			}
			return nil, err
		}
		n.table.set(row, established)
		peer := n.table.open(socket{
			table: "tcp", state: established, uid: n.table.listener(port),
			local: netip.AddrPortFrom(loopback, uint16(port)), remote: netip.AddrPortFrom(loopback, row.local.Port()),
		})
		return &Conn{Conn: inner, network: n, app: a, row: row, peer: peer}, nil
	}
	if n.options.Internet == nil {
		return nil, syscall.ENETUNREACH
	}
	remote, err := netip.ParseAddr(host)
	if err != nil {
		found := false
		if remote, found = n.options.Internet.Resolve(host); !found {
			return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
		}
	}
	state := byte(synSent)
	if network == "udp" {
		state = established
	}
	row := n.table.open(a.socket(network, n.options.Address, remote, port, state))
	inner, err := n.options.Internet.Dial(ctx, network, host, port)
	if err != nil {
		n.table.close(row, false)
		return nil, err
	}
	if network == "tcp" {
		n.table.set(row, established)
		n.counters.count(a.options.UID, a.options.Tag, handshakeTraffic)
	}
	return &Conn{Conn: inner, network: n, app: a, row: row, counted: true, packet: network == "udp"}, nil
}

// socket makes the app's row: IPv4 in an IPv6 socket for Java, an IPv4 socket otherwise.
func (a *App) socket(network string, local, remote netip.Addr, port int, state byte) socket {
	table := network
	if a.options.Stack == Java {
		table += "6"
		local, remote = mapped(local), mapped(remote)
	}
	return socket{
		table: table, state: state, uid: a.options.UID,
		local: netip.AddrPortFrom(local, 0), remote: netip.AddrPortFrom(remote, uint16(port)),
	}
}

func mapped(a netip.Addr) netip.Addr { return netip.AddrFrom16(a.As16()) }

func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	a, err := netip.ParseAddr(host)
	return err == nil && a.Unmap().IsLoopback()
}

func split(address string) (string, int, error) {
	host, text, err := net.SplitHostPort(address)
	if err != nil {
		return "", 0, err
	}
	port, err := strconv.Atoi(text)
	if err != nil || port < 1 || port > 65535 {
		return "", 0, fmt.Errorf("port %q is not a number from 1 to 65535", text)
	}
	if host == "" {
		return "", 0, errors.New("no host")
	}
	return host, port, nil
}
