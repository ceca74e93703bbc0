package network

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"strings"
	"time"
)

// Headings and widths are those of the kernel (net/ipv4/tcp_ipv4.c, net/ipv6/tcp_ipv6.c, net/ipv4/udp.c, net/ipv6/udp.c):
// the IPv4 tables are padded with spaces, the IPv6 tables are not.
var headings = map[string]string{
	"tcp":  "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode",
	"tcp6": "  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode",
	"udp":  "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops",
	"udp6": "  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops",
}

var widths = map[string]int{"tcp": 149, "udp": 127}

// ticks is the kernel's USER_HZ.
const ticks = 100

// ProcNet returns the text of /proc/net/tcp, tcp6, udp or udp6; empty for any other name.
func (n *Network) ProcNet(proto string) string {
	heading, ok := headings[proto]
	if !ok {
		return ""
	}
	rows, now := n.table.snapshot(proto)
	var b strings.Builder
	fmt.Fprintf(&b, "%-*s\n", widths[proto], heading)
	for i, s := range rows {
		fmt.Fprintf(&b, "%-*s\n", widths[proto], s.row(i, now))
	}
	return b.String()
}

func (s socket) row(slot int, now time.Time) string {
	head := fmt.Sprintf("%4d: %s %s %02X 00000000:00000000", slot, s.hex(s.local), s.hex(s.remote), s.state)
	switch {
	case strings.HasPrefix(s.table, "udp"):
		return fmt.Sprintf("%5d: %s %s %02X 00000000:00000000 00:00000000 00000000 %5d        0 %d 2 0000000000000000 0",
			slot, s.hex(s.local), s.hex(s.remote), s.state, s.uid, s.inode)
	case s.state == timeWait:
		left := s.expires.Sub(now) * ticks / time.Second
		return fmt.Sprintf("%s 03:%08X 00000000     0        0 0 3 0000000000000000", head, max(int64(left), 0))
	case s.state == listen:
		return fmt.Sprintf("%s 00:00000000 00000000 %5d        0 %d 1 0000000000000000 100 0 0 10 0", head, s.uid, s.inode)
	}
	return fmt.Sprintf("%s 00:00000000 00000000 %5d        0 %d 1 0000000000000000 20 4 30 10 -1", head, s.uid, s.inode)
}

// hex writes an address as the kernel does: groups of four bytes as little-endian numbers, the port as a big-endian one.
func (s socket) hex(a netip.AddrPort) string {
	if strings.HasSuffix(s.table, "6") {
		ip := a.Addr().As16()
		if !a.Addr().IsValid() || a.Addr() == netip.IPv4Unspecified() {
			ip = [16]byte{}
		}
		var b strings.Builder
		for g := 0; g < 16; g += 4 {
			fmt.Fprintf(&b, "%08X", binary.LittleEndian.Uint32(ip[g:]))
		}
		return fmt.Sprintf("%s:%04X", b.String(), a.Port())
	}
	ip := a.Addr().As4()
	return fmt.Sprintf("%08X:%04X", binary.LittleEndian.Uint32(ip[:]), a.Port())
}
