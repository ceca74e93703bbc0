package leak

import (
	"net"
	"net/netip"
	"slices"
	"strings"

	"github.com/telltale-farm/telltale/capture/flow"
)

// parties are the names of whom a flow went to: what the request says, what TLS said, what the tunnel was asked for. An
// app can put any name in a Host header.
func (p *phone) parties(f *flow.Flow) []string {
	var names []string
	add := func(name string) {
		name = cleanHost(name)
		if name == "" {
			return
		}
		for _, n := range names {
			if n == name {
				return
			}
		}
		names = append(names, name)
	}
	for depth := range 4 {
		if depth == 0 || !vouched(f, f.Host) {
			add(f.Host)
		}
		if host := hostHeader(f); !vouched(f, host) {
			add(host)
		}
		if f.TLS != nil {
			add(f.TLS.SNI)
		}
		if asked := connectHost(f); !vouched(f, asked) {
			add(asked)
		}
		i, ok := p.bySeq[f.Parent]
		if f.Parent == 0 || !ok {
			break
		}
		f = &p.flows[i]
	}
	return names
}

// vouched says whether a host is a mere address under a name in TLS. That says nothing against the name, which the server
// had to prove: the phone resolved it itself. Without TLS, or without a name in it, the address is all that is known.
func vouched(f *flow.Flow, host string) bool {
	_, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil && f.TLS != nil && f.TLS.SNI != ""
}

// hostHeader is the host that the Host header of a request says, which goes out as the app wrote it even where the
// request's own address says another.
func hostHeader(f *flow.Flow) string {
	if f.Kind != flow.KindExchange {
		return ""
	}
	value, _ := f.Request.Get("Host")
	if host, _, err := net.SplitHostPort(value); err == nil {
		return host
	}
	return strings.Trim(value, "[]")
}

// ports are those that a flow names, and what it rode in: the first is the app's word, as a host is.
func (p *phone) ports(f *flow.Flow) (ports []int) {
	for range 4 {
		if !slices.Contains(ports, f.Port) {
			ports = append(ports, f.Port)
		}
		i, ok := p.bySeq[f.Parent]
		if f.Parent == 0 || !ok {
			break
		}
		f = &p.flows[i]
	}
	return ports
}

// connectHost is the host that a tunnel was asked for, where the record says it beside the name in TLS.
func connectHost(f *flow.Flow) string {
	if f.Kind != flow.KindTunnel || f.Request == nil || f.Request.Target == "" {
		return ""
	}
	host, _, err := net.SplitHostPort(f.Request.Target)
	if err != nil {
		return f.Request.Target
	}
	return host
}

// ours says whether our own proxy answered a flow for the control host, so that it left no computer. An app that puts the
// control host's name into a request for somebody else is not believed.
func (p *phone) ours(f *flow.Flow) bool {
	if !f.Control {
		return false
	}
	host := cleanHost(p.run.ControlHost)
	for _, name := range p.parties(f) {
		if name != host {
			return false
		}
	}
	return true
}

// stranger gives the first party of a flow that is not among the declared hosts, and whether there is one.
func (p *phone) stranger(f *flow.Flow, declared []string) (string, bool) {
	parties := p.parties(f)
	for _, name := range parties {
		if !RecipientMatch(name, declared) {
			return name, true
		}
	}
	return f.Host, len(parties) == 0
}

// declared lists the hosts of a canary's recipient.
func (p *phone) declared(s *Secret) []string {
	if s.Recipient == "" {
		return nil
	}
	hosts := []string{s.Recipient}
	for _, r := range p.run.Recipients {
		if r.ID == s.Recipient || containsHost(r.Hosts, s.Recipient) {
			hosts = append(hosts, r.Hosts...)
		}
	}
	return hosts
}

func containsHost(hosts []string, host string) bool {
	host = cleanHost(host)
	for _, h := range hosts {
		if cleanHost(h) == host {
			return true
		}
	}
	return false
}
