package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"time"
)

// Android has no resolv.conf: its C library asks netd over a socket (AOSP bionic, libc/dns/net/getaddrinfo.c,
// android_getaddrinfo_proxy; system/netd, DnsProxyListener.cpp; Android 6 to 14; unverified on a phone).
const netdSocket = "/dev/socket/dnsproxyd"

// maxAnswer bounds what netd may say: more addresses than any name has.
const maxAnswer = 64 << 10

// resolve asks netd for the addresses of a name, and where there is no netd the resolver of Go.
func resolve(ctx context.Context, host string) ([]netip.Addr, error) {
	ips, err := askNetd(ctx, netdSocket, host)
	if err == nil {
		return ips, nil
	}
	found, other := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if other != nil {
		return nil, errors.Join(err, other)
	}
	return found, nil
}

func askNetd(ctx context.Context, socket, host string) ([]netip.Addr, error) {
	if host == "" || strings.ContainsAny(host, " \x00\"\\") || len(host) > 255 {
		return nil, fmt.Errorf("resolving %q: not a name", host)
	}
	ctx, cancel := context.WithTimeout(ctx, dialTime)
	defer cancel()
	var d net.Dialer
	c, err := d.DialContext(ctx, "unix", socket)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(dialTime))
	// Name, service, flags, family, socket type (SOCK_STREAM), protocol, network; "^" stands for none.
	if _, err := fmt.Fprintf(c, "getaddrinfo %s ^ 0 0 1 0 0\x00", host); err != nil {
		return nil, err
	}
	answer, err := io.ReadAll(io.LimitReader(c, maxAnswer))
	if err != nil && len(answer) == 0 {
		return nil, err
	}
	return netdAnswer(answer)
}

// netdAnswer reads "222\0" and a list: a number that is not 0, then flags, family, type, protocol, sockaddr and name.
func netdAnswer(b []byte) ([]netip.Addr, error) {
	bad := errors.New("resolving: netd gives no address")
	b, ok := bytes.CutPrefix(b, []byte("222\x00"))
	if !ok {
		return nil, bad
	}
	number := func() (n uint32) {
		if len(b) < 4 {
			b, ok = nil, false
			return 0
		}
		n, b = binary.BigEndian.Uint32(b), b[4:]
		return n
	}
	text := func() (t []byte) {
		n := number()
		if !ok || uint64(n) > uint64(len(b)) {
			b, ok = nil, false
			return nil
		}
		t, b = b[:n], b[n:]
		return t
	}
	var out []netip.Addr
	for number() != 0 && ok {
		for range 4 {
			number()
		}
		sockaddr := text()
		text()
		if !ok {
			break
		}
		if ip, fits := addressOf(sockaddr); fits {
			out = append(out, ip)
		}
	}
	if len(out) == 0 {
		return nil, bad
	}
	return out, nil
}

// addressOf reads struct sockaddr_in or sockaddr_in6 of Linux, whose family is a number of the machine: little-endian.
func addressOf(b []byte) (netip.Addr, bool) {
	switch {
	case len(b) >= 8 && b[0] == 2 && b[1] == 0:
		return netip.AddrFrom4([4]byte(b[4:8])), true
	case len(b) >= 24 && b[0] == 10 && b[1] == 0:
		return netip.AddrFrom16([16]byte(b[8:24])), true
	}
	return netip.Addr{}, false
}
