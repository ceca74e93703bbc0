package capture

import (
	"net"
	"net/netip"
)

// Local says whether an address is this computer or its link alone: loopback, link-local, unspecified, multicast, or an
// address of one of its interfaces. A phone that reached it through the proxy would do so with this computer's rights.
func Local(ip netip.Addr) bool {
	ip = ip.Unmap().WithZone("")
	if !ip.IsValid() || ip.IsLoopback() || ip.IsLinkLocalUnicast() || ip.IsMulticast() || ip.IsUnspecified() ||
		ip.Is4() && (ip.As4()[0] == 0 || ip == netip.AddrFrom4([4]byte{255, 255, 255, 255})) {
		return true
	}
	own, err := net.InterfaceAddrs()
	if err != nil {
		return true // who cannot tell must not dial
	}
	for _, a := range own {
		if p, err := netip.ParsePrefix(a.String()); err == nil && p.Addr().Unmap() == ip {
			return true
		}
	}
	return false
}
