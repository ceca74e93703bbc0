package ask

import (
	"fmt"
	"net/netip"

	"github.com/telltale-farm/telltale/capture"
)

// notPublic are the blocks of the IANA special-purpose address registries that no public destination has (RFC 6890 and
// its updates), beside loopback, link-local, multicast and the private ones, which package netip knows.
var notPublic = []string{
	"0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4",
	"::/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20", "5f00::/16", "fec0::/10",
}

// Private refuses an address that is this computer, its network, or no one's: to ask there would be to ask a stranger, or
// something that only this computer may reach.
func Private(ip netip.Addr) error {
	ip = ip.Unmap().WithZone("")
	bad := !ip.IsValid() || ip.IsPrivate() || !ip.IsGlobalUnicast() || capture.Local(ip)
	for _, block := range notPublic {
		bad = bad || netip.MustParsePrefix(block).Contains(ip)
	}
	if bad {
		return fmt.Errorf("%s is no public address: not asked (a name server that blocks the name answers so, too)", ip)
	}
	return nil
}
