package internet

import (
	"errors"
	"net"
	"net/netip"

	"golang.org/x/net/dns/dnsmessage"
)

// maxDatagram is the most that is read of one datagram.
const maxDatagram = 2048

// datagrams serves UDP: names are resolved, anything else (QUIC, say) is counted and never answered.
func (i *Internet) datagrams() {
	b := make([]byte, maxDatagram)
	for {
		n, from, err := i.udp.ReadFromUDPAddrPort(b)
		if err != nil {
			if errors.Is(err, net.ErrClosed) || i.ctx.Err() != nil {
				return
			}
			continue
		}
		i.ledger.count("udp", 1, int64(n))
		if answer, ok := i.answerDNS(b[:n]); ok {
			_, _ = i.udp.WriteToUDPAddrPort(answer, from)
		}
	}
}

// answerDNS answers a query with one question: made-up addresses for mapped names, no such name for others.
func (i *Internet) answerDNS(query []byte) ([]byte, bool) {
	var p dnsmessage.Parser
	header, err := p.Start(query)
	if err != nil || header.Response || header.OpCode != 0 {
		return nil, false
	}
	q, err := p.Question()
	if err != nil {
		return nil, false
	}
	if _, err := p.Question(); !errors.Is(err, dnsmessage.ErrSectionDone) {
		return nil, false
	}
	address, found := i.Resolve(q.Name.String())
	reply := dnsmessage.Header{ID: header.ID, Response: true, RecursionDesired: header.RecursionDesired, RecursionAvailable: true}
	if !found {
		reply.RCode = dnsmessage.RCodeNameError
	}
	return buildDNS(reply, q, address, found && q.Type == dnsmessage.TypeA && q.Class == dnsmessage.ClassINET)
}

func buildDNS(header dnsmessage.Header, q dnsmessage.Question, address netip.Addr, answer bool) ([]byte, bool) {
	b := dnsmessage.NewBuilder(nil, header)
	if b.StartQuestions() != nil || b.Question(q) != nil || b.StartAnswers() != nil {
		return nil, false
	}
	if answer {
		resource := dnsmessage.ResourceHeader{Name: q.Name, Class: dnsmessage.ClassINET, TTL: 60}
		if b.AResource(resource, dnsmessage.AResource{A: address.As4()}) != nil {
			return nil, false
		}
	}
	out, err := b.Finish()
	return out, err == nil
}
