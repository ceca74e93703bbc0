package capture

import (
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"
)

// packets writes what passes between the phone and the proxy as a pcapng file that Wireshark can read and, by the TLS
// secrets in it, decrypt: an account of the same bytes by someone else. The bytes are those of the connection; the TCP
// segments around them are made here.
type packets struct {
	mu  sync.Mutex
	ng  *pcapgo.NgWriter
	buf gopacket.SerializeBuffer
	err error
}

// maxSegment keeps a packet below what an IPv4 header can say.
const maxSegment = 32 << 10

func newPackets(w io.Writer) (*packets, error) {
	ng, err := pcapgo.NewNgWriterInterface(w, pcapgo.NgInterface{Name: "phone", LinkType: layers.LinkTypeRaw, SnapLength: 0},
		pcapgo.NgWriterOptions{SectionInfo: pcapgo.NgSectionInfo{Application: "telltale"}})
	if err != nil {
		return nil, fmt.Errorf("beginning the packet file: %w", err)
	}
	return &packets{ng: ng, buf: gopacket.NewSerializeBuffer()}, nil
}

// tlsKeyLog is the type of a Decryption Secrets Block that holds NSS key log lines (pcapng, section 4.7).
const tlsKeyLog = 0x544c534b

// Write takes a line of a TLS key log. crypto/tls gives it before it sends what it protects.
func (p *packets) Write(line []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.keep(p.ng.WriteDecryptionSecretsBlock(tlsKeyLog, line))
	return len(line), nil
}

func (p *packets) keep(err error) {
	if p.err == nil {
		p.err = err
	}
}

// flush brings all to the file, and gives the first error.
func (p *packets) flush() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.keep(p.ng.Flush())
	return p.err
}

// stream is one connection in the file.
type stream struct {
	p             *packets
	phone, proxy  *net.TCPAddr
	sent, replied uint32 // next sequence numbers
}

// begin writes the handshake of a connection; nil when its addresses are not TCP's.
func (p *packets) begin(c net.Conn) *stream {
	phone, ok1 := c.RemoteAddr().(*net.TCPAddr)
	proxy, ok2 := c.LocalAddr().(*net.TCPAddr)
	if p == nil || !ok1 || !ok2 {
		return nil
	}
	s := &stream{p: p, phone: phone, proxy: proxy}
	p.mu.Lock()
	defer p.mu.Unlock()
	s.segment(true, layers.TCP{SYN: true}, nil)
	s.sent++
	s.segment(false, layers.TCP{SYN: true, ACK: true}, nil)
	s.replied++
	s.segment(true, layers.TCP{ACK: true}, nil)
	return s
}

// data writes bytes that passed.
func (s *stream) data(fromPhone bool, b []byte) {
	if s == nil || len(b) == 0 {
		return
	}
	s.p.mu.Lock()
	defer s.p.mu.Unlock()
	for len(b) > 0 {
		n := min(len(b), maxSegment)
		s.segment(fromPhone, layers.TCP{ACK: true, PSH: true}, b[:n])
		if fromPhone {
			s.sent += uint32(n)
		} else {
			s.replied += uint32(n)
		}
		b = b[n:]
	}
}

// end writes the connection's end.
func (s *stream) end() {
	if s == nil {
		return
	}
	s.p.mu.Lock()
	defer s.p.mu.Unlock()
	s.segment(true, layers.TCP{ACK: true, FIN: true}, nil)
	s.sent++
	s.segment(false, layers.TCP{ACK: true, FIN: true}, nil)
}

func (s *stream) segment(fromPhone bool, tcp layers.TCP, payload []byte) {
	from, to, seq, ack := s.phone, s.proxy, s.sent, s.replied
	if !fromPhone {
		from, to, seq, ack = to, from, ack, seq
	}
	tcp.SrcPort, tcp.DstPort, tcp.Seq, tcp.Window = layers.TCPPort(from.Port), layers.TCPPort(to.Port), seq, 65535
	if tcp.ACK {
		tcp.Ack = ack
	}
	var ip gopacket.SerializableLayer
	if src, dst := from.IP.To4(), to.IP.To4(); src != nil && dst != nil {
		v4 := &layers.IPv4{Version: 4, TTL: 64, Protocol: layers.IPProtocolTCP, SrcIP: src, DstIP: dst}
		_ = tcp.SetNetworkLayerForChecksum(v4)
		ip = v4
	} else {
		v6 := &layers.IPv6{Version: 6, HopLimit: 64, NextHeader: layers.IPProtocolTCP, SrcIP: from.IP.To16(), DstIP: to.IP.To16()}
		_ = tcp.SetNetworkLayerForChecksum(v6)
		ip = v6
	}
	p := s.p
	err := gopacket.SerializeLayers(p.buf, gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}, ip, &tcp, gopacket.Payload(payload))
	if err == nil {
		b := p.buf.Bytes()
		err = p.ng.WritePacket(gopacket.CaptureInfo{Timestamp: time.Now(), CaptureLength: len(b), Length: len(b)}, b)
	}
	p.keep(err)
}
