package decode

import (
	"encoding/binary"
	"unicode/utf8"
)

// mqttPacket is one control packet (MQTT 3.1 to 5).
type mqttPacket struct {
	kind, flags byte
	body        []byte
}

// mqttPackets splits a stream into packets, if it is packets from end to end and begins as a client would.
func mqttPackets(b []byte) []mqttPacket {
	var out []mqttPacket
	for len(b) > 0 {
		if len(b) < 2 || len(out) > 1<<16 {
			return nil
		}
		kind, flags := b[0]>>4, b[0]&15
		n, k := binary.Uvarint(b[1:])
		if k <= 0 || k > 4 || n > uint64(len(b)-1-k) || kind == 0 {
			return nil
		}
		packet := mqttPacket{kind, flags, b[1+k : 1+k+int(n)]}
		if len(out) == 0 && !mqttPlausible(packet) {
			return nil
		}
		out = append(out, packet)
		b = b[1+k+int(n):]
	}
	return out
}

// mqtt peels what an MQTT client sends: connect with its names, publish with its payload, subscriptions.
func (p *peeler) mqtt(at *step, data []byte) bool {
	packets := mqttPackets(data)
	if len(packets) == 0 || !p.enter() {
		return false
	}
	defer p.leave()
	version := byte(4)
	for _, k := range packets {
		if p.stop {
			break
		}
		switch k.kind {
		case 1:
			version = p.mqttConnect(p.mk(step{up: at, op: "mqtt", place: "connect"}), k.body)
		case 3:
			p.mqttPublish(at, k, version)
		default:
			p.leaf(p.mk(step{up: at, op: "mqtt", place: "packet"}), k.body)
		}
	}
	return true
}

func mqttPlausible(k mqttPacket) bool {
	switch k.kind {
	case 1:
		name, _, ok := mqttText(k.body)
		return ok && (string(name) == "MQTT" || string(name) == "MQIsdp")
	case 3:
		topic, _, ok := mqttText(k.body)
		return ok && k.flags&6 != 6 && len(topic) >= 3 && utf8.Valid(topic) && looksText(topic)
	}
	return false
}

// mqttText reads two bytes of length and what they measure.
func mqttText(b []byte) (text, rest []byte, ok bool) {
	if len(b) < 2 {
		return nil, nil, false
	}
	n := int(binary.BigEndian.Uint16(b))
	if n > len(b)-2 {
		return nil, nil, false
	}
	return b[2 : 2+n], b[2+n:], true
}

func (p *peeler) mqttConnect(at *step, b []byte) (version byte) {
	_, rest, _ := mqttText(b)
	if len(rest) < 4 {
		return 4
	}
	version, flags := rest[0], rest[1]
	rest = rest[4:]
	if version == 5 {
		rest = p.mqttProperties(at, rest)
	}
	names := []string{"client"}
	if flags&4 != 0 {
		names = append(names, "will-topic", "will")
	}
	if flags&0x80 != 0 {
		names = append(names, "user")
	}
	if flags&0x40 != 0 {
		names = append(names, "password")
	}
	for _, n := range names {
		if n == "will-topic" && version == 5 {
			rest = p.mqttProperties(at, rest)
		}
		text, r, ok := mqttText(rest)
		if !ok {
			break
		}
		p.leaf(p.mk(step{up: at, place: n}), text)
		rest = r
	}
	return version
}

func (p *peeler) mqttPublish(up *step, k mqttPacket, version byte) {
	topic, rest, ok := mqttText(k.body)
	if !ok {
		return
	}
	at := p.mk(step{up: up, op: "mqtt", detail: string(topic)})
	p.leaf(p.mk(step{up: up, op: "mqtt", place: "topic"}), topic)
	if k.flags&6 != 0 && len(rest) >= 2 {
		rest = rest[2:] // packet identifier
	}
	if version == 5 {
		rest = p.mqttProperties(at, rest)
	}
	p.leaf(at, rest)
}

// mqttProperties shows the properties of version 5, of which text is read as it lies there, and gives what follows.
func (p *peeler) mqttProperties(at *step, b []byte) []byte {
	n, k := binary.Uvarint(b)
	if k <= 0 || n > uint64(len(b)-k) {
		return b
	}
	p.leaf(p.mk(step{up: at, place: "properties"}), b[k:k+int(n)])
	return b[k+int(n):]
}
