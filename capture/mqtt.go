package capture

import (
	"encoding/binary"
	"errors"

	"github.com/telltale-farm/telltale/capture/flow"
)

// mqttPackets splits what a client sends into MQTT control packets (MQTT 3.1.1 and 5.0, section 2), however the bytes
// come. A packet longer than limit is an error: it is not kept in memory.
type mqttPackets struct {
	limit int
	buf   []byte
	seen  bool // a CONNECT came
	v5    bool
}

// Control packet types (section 2.1.2).
const (
	mqttConnect = 1
	mqttPublish = 3
)

var errMQTT = errors.New("not MQTT")

// mqttPacket is one control packet, its PUBLISH parts taken apart.
type mqttPacket struct {
	kind       int
	topic      string
	properties []byte // of a PUBLISH, MQTT 5
	body       []byte // the payload of a PUBLISH, else all after the fixed header
}

// feed takes the next bytes and gives each packet that they complete.
func (m *mqttPackets) feed(p []byte, each func(mqttPacket)) error {
	m.buf = append(m.buf, p...)
	for {
		n, head, err := m.size()
		if err != nil {
			return err
		}
		if head == 0 || len(m.buf) < head+n {
			return nil
		}
		pkt, err := m.packet(m.buf[0], m.buf[head:head+n])
		if err != nil {
			return err
		}
		each(pkt)
		m.buf = append(m.buf[:0], m.buf[head+n:]...)
	}
}

// size reads the fixed header: the length of what follows it, and its own, 0 when it is not whole.
func (m *mqttPackets) size() (n, head int, err error) {
	if len(m.buf) > 0 && !m.seen && m.buf[0] != mqttConnect<<4 {
		return 0, 0, errMQTT
	}
	for i := 1; i < len(m.buf); i++ {
		if i > 4 {
			return 0, 0, errMQTT
		}
		n |= int(m.buf[i]&0x7f) << (7 * (i - 1))
		if m.buf[i]&0x80 != 0 {
			continue
		}
		if n > m.limit {
			return 0, 0, errors.New("an MQTT packet that is too long to be read")
		}
		return n, i + 1, nil
	}
	if len(m.buf) > 5 {
		return 0, 0, errMQTT
	}
	return 0, 0, nil
}

func (m *mqttPackets) packet(first byte, body []byte) (mqttPacket, error) {
	pkt := mqttPacket{kind: int(first >> 4), body: body}
	switch pkt.kind {
	case 0:
		return pkt, errMQTT
	case mqttConnect:
		name, rest, ok := mqttString(body)
		if m.seen || !ok || len(rest) == 0 || name != "MQTT" && name != "MQIsdp" {
			return pkt, errMQTT
		}
		m.seen, m.v5 = true, rest[0] == 5
	case mqttPublish:
		var ok bool
		if pkt.topic, body, ok = mqttString(body); !ok {
			return pkt, errMQTT
		}
		if first&0x06 != 0 { // QoS above 0: a packet identifier
			if len(body) < 2 {
				return pkt, errMQTT
			}
			body = body[2:]
		}
		if m.v5 {
			n, k := binary.Uvarint(body)
			if k <= 0 || uint64(len(body)-k) < n {
				return pkt, errMQTT
			}
			pkt.properties, body = body[k:k+int(n)], body[k+int(n):]
		}
		pkt.body = body
	}
	return pkt, nil
}

func mqttString(b []byte) (s string, rest []byte, ok bool) {
	if len(b) < 2 {
		return "", nil, false
	}
	n := int(binary.BigEndian.Uint16(b))
	if len(b) < 2+n {
		return "", nil, false
	}
	return string(b[2 : 2+n]), b[2+n:], true
}

// mqttWatch reads a relayed tunnel as MQTT, if that is what it is: its packets are messages then, and the tunnel is
// readable for as long as every byte is one of a packet.
type mqttWatch struct {
	t       *tunnel
	class   flow.Class // when it is not MQTT
	packets mqttPackets
	over    bool
}

func (t *tunnel) watchMQTT(class flow.Class) *mqttWatch {
	return &mqttWatch{t: t, class: class, packets: mqttPackets{limit: int(t.p.limits.RelayLog)}}
}

// feed takes the next bytes that the phone sent.
func (w *mqttWatch) feed(p []byte) {
	if w.over {
		return
	}
	was := w.packets.seen
	err := w.packets.feed(p, w.message)
	switch {
	case err != nil:
		w.over, w.packets.buf = true, nil
		if was || w.packets.seen {
			w.say(w.class, "mqtt", "after its first packets it is not MQTT")
		}
	case !was && w.packets.seen:
		w.say(flow.ClassReadable, "mqtt", "")
	}
}

// end is called when the phone's side is over: a packet that is not whole was not read.
func (w *mqttWatch) end() {
	if w.packets.seen && !w.over && len(w.packets.buf) > 0 {
		w.say(w.class, "mqtt", "its last packet is not whole")
	}
}

func (w *mqttWatch) say(class flow.Class, proto, why string) {
	t := w.t
	t.mu.Lock()
	defer t.mu.Unlock()
	t.f.Class, t.f.Proto, t.f.Error = class, proto, why
	t.p.rec.Update(&t.f)
}

// message records a packet that carries something. Opcode is its type.
func (w *mqttWatch) message(p mqttPacket) {
	t := w.t
	rec := t.p.rec
	m := &flow.Message{Opcode: p.kind, FromApp: true}
	if p.kind == mqttPublish {
		m.Target = target8("mqtt://" + t.name + "/" + p.topic)
		if len(p.properties) > 0 {
			m.Headers = []flow.Header{{Name: "properties", Value: string(p.properties)}}
		}
	}
	log := rec.NewBody()
	_, _ = log.Write(p.body)
	m.Body = log.Finish(false)
	t.mu.Lock()
	t.requests++
	now := rec.Now()
	f := flow.Flow{Kind: flow.KindMessage, Conn: t.f.Conn, Parent: t.f.Seq, Start: now, Sent: now, Host: t.f.Host, Port: t.f.Port,
		TLS: t.tls, ServerCert: t.f.ServerCert, ServerTLS: t.f.ServerTLS, Proto: "mqtt", Intercepted: t.f.Intercepted, Request: m, BytesUp: int64(len(p.body) + len(p.topic))}
	t.mu.Unlock()
	rec.Begin(&f)
	rec.End(&f)
}
