package decode

import (
	"bytes"
	"encoding/binary"
)

// upgraded peels the raw client side of a WebSocket connection: the request that upgrades, then masked frames, inflated
// with the context that permessage-deflate carries from one message to the next (RFC 6455, RFC 7692).
func (p *peeler) upgraded(at *step, data []byte) bool {
	if !bytes.HasPrefix(data, []byte("GET ")) {
		return false
	}
	end := bytes.Index(data[:min(len(data), 64<<10)], []byte("\r\n\r\n"))
	if end < 0 || !bytes.Contains(bytes.ToLower(data[:end]), []byte("upgrade: websocket")) || !p.enter() {
		return false
	}
	defer p.leave()
	for i, line := range bytes.Split(data[:end], []byte("\r\n")) {
		if i == 0 {
			p.leaf(p.mk(step{up: at, op: "websocket", place: "request"}), line)
			continue
		}
		name, value, _ := bytes.Cut(line, []byte{':'})
		p.leaf(p.mk(step{up: at, op: "websocket", detail: string(name)}), trimSpace(value))
	}
	var message, window []byte
	compressed := false
	n := 0
	for b := data[end+4:]; len(b) > 0 && !p.stop; {
		f, size := wsFrame(b)
		if size == 0 {
			p.leaf(p.mk(step{up: at, op: "websocket", place: "rest"}), b)
			break
		}
		b = b[size:]
		if f.opcode >= 8 {
			p.leaf(p.mk(step{up: at, op: "websocket", place: "control"}), f.payload)
			continue
		}
		if f.opcode != 0 {
			message, compressed = nil, f.rsv1
		}
		if !p.spend(len(f.payload)) {
			break
		}
		message = append(message, f.payload...)
		if !f.fin {
			continue
		}
		n++
		s := p.mk(step{up: at, op: "websocket", place: "#", n: n})
		if compressed {
			out, ok := p.wsInflate(message, window)
			if !ok {
				p.leaf(s, message)
				continue
			}
			window = append(window, out...)
			window = window[max(0, len(window)-32<<10):]
			s, message = p.mk(step{up: s, op: "deflate"}), out
		}
		p.leaf(s, message)
		message = nil
	}
	return true
}

type wsMessage struct {
	fin, rsv1 bool
	opcode    byte
	payload   []byte
}

// wsFrame reads one frame and removes its mask. Size is 0 when there is no whole frame.
func wsFrame(b []byte) (f wsMessage, size int) {
	if len(b) < 2 {
		return f, 0
	}
	f.fin, f.rsv1, f.opcode = b[0]&0x80 != 0, b[0]&0x40 != 0, b[0]&15
	n, at := uint64(b[1]&0x7f), 2
	switch {
	case n == 126 && len(b) >= 4:
		n, at = uint64(binary.BigEndian.Uint16(b[2:])), 4
	case n == 127 && len(b) >= 10:
		n, at = binary.BigEndian.Uint64(b[2:]), 10
	case n > 125:
		return f, 0
	}
	var key []byte
	if b[1]&0x80 != 0 {
		if len(b) < at+4 {
			return f, 0
		}
		key, at = b[at:at+4], at+4
	}
	if n > uint64(len(b)-at) {
		return f, 0
	}
	f.payload = bytes.Clone(b[at : at+int(n)])
	for i := range f.payload {
		if key != nil {
			f.payload[i] ^= key[i&3]
		}
	}
	return f, at + int(n)
}
