package internet

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"sync"
)

// maxLearned bounds the addresses kept for names that only a wildcard maps.
const maxLearned = 1 << 16

// names are the mapped names and their made-up addresses.
type names struct {
	mu        sync.RWMutex
	hosts     map[string]*Host // by registered name
	greeter   *Host
	addresses map[string]netip.Addr
	reverse   map[netip.Addr]string
}

// Add registers more hosts. A name that is taken is an error, and then none is added.
func (i *Internet) Add(hosts ...Host) error {
	n := &i.names
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.hosts == nil {
		n.hosts, n.addresses, n.reverse = map[string]*Host{}, map[string]netip.Addr{}, map[netip.Addr]string{}
	}
	added, greeter := map[string]*Host{}, n.greeter
	for _, h := range hosts {
		name := canonical(h.Name)
		switch _, taken := n.hosts[name]; {
		case !validName(strings.TrimPrefix(name, "*.")):
			return fmt.Errorf("adding host %q: not a name", h.Name)
		case taken || added[name] != nil:
			return fmt.Errorf("adding host %s: the name is taken", name)
		case h.Handler == nil && h.Raw == nil && h.Greets == nil:
			return fmt.Errorf("adding host %s: it answers nothing; give it a handler", name)
		case h.Greets != nil && greeter != nil:
			return fmt.Errorf("adding host %s: %s speaks first already, and a silent connection names nobody", name, greeter.Name)
		case len(h.Magic) > 0 && (h.Raw == nil || sniff(h.Magic[0]) != protocolOther):
			return fmt.Errorf("adding host %s: its first bytes lead to TLS, HTTP or nowhere", name)
		}
		h.Name = name
		added[name] = &h
		if h.Greets != nil {
			greeter = &h
		}
	}
	n.greeter = greeter
	for _, h := range hosts { // in the order given, so that equal worlds have equal addresses
		name := canonical(h.Name)
		n.hosts[name] = added[name]
		if !strings.HasPrefix(name, "*.") {
			n.assign(name, true)
		}
	}
	return nil
}

// assign gives a name the address that its hash says, or the next free one if it has to be its own.
func (n *names) assign(name string, own bool) netip.Addr {
	a := made(name)
	for own && n.reverse[a] != "" {
		if a = a.Next(); !benchmarking.Contains(a) {
			a = benchmarking.Addr().Next()
		}
	}
	n.addresses[name] = a
	if n.reverse[a] == "" {
		n.reverse[a] = name
	}
	return a
}

// benchmarking is reserved for tests of networks (RFC 2544) and never routed.
var benchmarking = netip.MustParsePrefix("198.18.0.0/15")

// made is the address a name has unless another has it.
func made(name string) netip.Addr {
	sum := sha256.Sum256([]byte(name))
	low := binary.BigEndian.Uint32(sum[:4])%(1<<17-2) + 1 // neither the first nor the last
	base := benchmarking.Addr().As4()
	var b [4]byte
	binary.BigEndian.PutUint32(b[:], binary.BigEndian.Uint32(base[:])+low)
	return netip.AddrFrom4(b)
}

// lookup finds the host that answers for a name.
func (n *names) lookup(name string) *Host {
	name = canonical(name)
	if !validName(name) {
		return nil
	}
	n.mu.RLock()
	defer n.mu.RUnlock()
	if h := n.hosts[name]; h != nil {
		return h
	}
	if _, parent, ok := strings.Cut(name, "."); ok {
		return n.hosts["*."+parent]
	}
	return nil
}

// Resolve returns the made-up address of a name (198.18.0.0/15, RFC 2544). It is the same in every process.
func (i *Internet) Resolve(host string) (netip.Addr, bool) {
	host = canonical(host)
	if i.names.lookup(host) == nil {
		i.ledger.refuse(host, "resolve")
		return netip.Addr{}, false
	}
	n := &i.names
	n.mu.Lock()
	defer n.mu.Unlock()
	if a, ok := n.addresses[host]; ok {
		return a, true
	}
	if len(n.addresses) >= maxLearned {
		return made(host), true
	}
	return n.assign(host, false), true
}

// Names returns the registered names by their made-up addresses.
func (i *Internet) Names() map[string]string {
	n := &i.names
	n.mu.RLock()
	defer n.mu.RUnlock()
	out := make(map[string]string, len(n.reverse))
	for a, name := range n.reverse {
		out[a.String()] = name
	}
	return out
}

// Dial connects to a port of a mapped name, or of its made-up address. The network is tcp or udp.
func (i *Internet) Dial(ctx context.Context, network, host string, port int) (net.Conn, error) {
	name := canonical(host)
	if a, err := netip.ParseAddr(host); err == nil {
		i.names.mu.RLock()
		name = i.names.reverse[a.Unmap()]
		i.names.mu.RUnlock()
	}
	h := i.names.lookup(name)
	if h == nil {
		i.ledger.refuse(host, "dial")
		return nil, fmt.Errorf("dialling %s: not in the stand-in internet", net.JoinHostPort(host, strconv.Itoa(port)))
	}
	var d net.Dialer
	switch {
	case network == "udp":
		return d.DialContext(ctx, "udp4", i.udp.LocalAddr().String())
	case network != "tcp":
		return nil, errors.New("dialling " + host + ": network is neither tcp nor udp")
	case h.Greets != nil && h.Handler == nil && h.Raw == nil:
		return d.DialContext(ctx, "tcp4", i.greet.Addr().String())
	}
	return d.DialContext(ctx, "tcp4", i.front.Addr().String())
}

func canonical(name string) string { return strings.ToLower(strings.TrimSuffix(name, ".")) }

// validName bounds names to what DNS allows (RFC 1035), with the underscores seen in practice.
func validName(name string) bool {
	if len(name) == 0 || len(name) > 253 {
		return false
	}
	for label := range strings.SplitSeq(name, ".") {
		if len(label) == 0 || len(label) > 63 {
			return false
		}
		for _, c := range label {
			if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' && c != '_' {
				return false
			}
		}
	}
	return true
}
