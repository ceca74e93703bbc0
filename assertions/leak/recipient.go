package leak

import (
	"net/netip"
	"strings"

	"golang.org/x/net/publicsuffix"
)

// RecipientMatch says whether a host belongs to a recipient: it is one of the declared hosts, or has the registrable
// domain of one. A look-alike (duckduckgo.com.evil.test, notduckduckgo.com) does not belong. Addresses match only themselves.
func RecipientMatch(host string, declared []string) bool {
	host = cleanHost(host)
	if host == "" {
		return false
	}
	domain := registrable(host)
	for _, d := range declared {
		d = cleanHost(d)
		if d == "" {
			continue
		}
		if d == host || domain != "" && registrable(d) == domain {
			return true
		}
	}
	return false
}

func cleanHost(h string) string {
	return strings.TrimSuffix(lowerASCII(strings.Trim(h, " \t")), ".") // other letters that look like these are other names
}

// registrable is the domain that somebody registered; empty for addresses, public suffixes and names without a dot.
func registrable(host string) string {
	if _, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil {
		return ""
	}
	d, err := publicsuffix.EffectiveTLDPlusOne(host)
	if err != nil {
		return ""
	}
	return d
}
