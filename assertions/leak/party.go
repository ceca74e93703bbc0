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

// vouched says whether a host is a mere address under a name in TLS. That says nothing against the name: the phone resolved
// it itself. Without TLS, or without a name in it, the address is all that is known.
func vouched(f *flow.Flow, host string) bool {
	_, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil && namedInTLS(f)
}

// namedInTLS says whether a ClientHello asked for a name that our proxy holds the server to. What is no host name it leaves
// aside, and the server need be no more than what the tunnel was asked for.
func namedInTLS(f *flow.Flow) bool {
	if f.TLS == nil {
		return false
	}
	name := strings.TrimSuffix(f.TLS.SNI, ".")
	for i := range len(name) {
		if c := name[i]; !alnumByte(c) && c != '-' && c != '.' && c != '_' {
			return false
		}
	}
	return name != "" && len(name) <= 253
}

// findUnproved notes where flows went to an address in a name that only their ClientHello says, in which anybody can write
// any, while no server on that connection proved the name, to this request or another.
func (p *phone) findUnproved() {
	proven := map[int64]bool{} // what had a server that proved its name, and what that rode in
	for i := range p.flows {
		if f := &p.flows[i]; f.ServerCert != "" || f.ServerTLS != nil {
			for _, g := range p.chain(f) {
				proven[g.Seq] = true
			}
		}
	}
	p.unprovenAt = map[int64]string{}
	for i := range p.flows {
		address := ""
		for _, g := range p.chain(&p.flows[i]) {
			if proven[g.Seq] {
				address = ""
				break
			}
			for _, asked := range [...]string{connectHost(g), g.Host} {
				if address == "" && g.Kind == flow.KindTunnel && vouched(g, asked) {
					address = cleanHost(asked)
				}
			}
		}
		if address != "" {
			p.unprovenAt[p.flows[i].Seq] = address
		}
	}
}

// unproved gives that address; empty if the name was proved, or if our own computer found the address.
func (p *phone) unproved(f *flow.Flow) (address string) { return p.unprovenAt[f.Seq] }

// chain is a flow, and what it rode in.
func (p *phone) chain(f *flow.Flow) (out []*flow.Flow) {
	for range 4 { // message in exchange in tunnel
		out = append(out, f)
		i, ok := p.bySeq[f.Parent]
		if f.Parent == 0 || !ok {
			break
		}
		f = &p.flows[i]
	}
	return out
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
// control host's name into a request for somebody else, or for an address that no name server gave it, is not believed.
func (p *phone) ours(f *flow.Flow) bool {
	if !f.Control || p.unproved(f) != "" {
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

// surely says whether a flow went to one of the declared hosts, and its name rests on more than the phone's word.
func (p *phone) surely(f *flow.Flow, declared []string) bool {
	_, strange := p.stranger(f, declared)
	return !strange && p.unproved(f) == ""
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
