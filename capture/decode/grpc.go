package decode

import (
	"bytes"
	"encoding/binary"
)

// grpc peels the body of a gRPC call: frames of a flag, a length and a message, or all of that in base64 (grpc-web-text).
func (p *peeler) grpc(at *step, data []byte, h hints) bool {
	if bytes.Contains([]byte(h.contentType), []byte("grpc-web-text")) {
		out := p.alloc(len(data))
		if out == nil {
			return false
		}
		n := 0
		for t := data; len(t) > 0; {
			k, read := unbase64(out[n:], t)
			n += k
			t = t[read:]
			for len(t) > 0 && base64Values[t[0]] > 63 {
				t = t[1:]
			}
		}
		at, data = p.mk(step{up: at, op: "base64"}), out[:n]
	}
	return p.grpcFrames(at, data, h.grpc)
}

// grpcFrames peels frames, if the bytes are frames to the last one.
func (p *peeler) grpcFrames(at *step, data []byte, encoding string) bool {
	empty, count := 0, 0
	for rest := data; len(rest) > 0; count++ {
		if len(rest) < 5 || rest[0]&^0x81 != 0 || empty > 4 {
			return false
		}
		n := binary.BigEndian.Uint32(rest[1:])
		if uint64(n) > uint64(len(rest)-5) {
			return false
		}
		if n == 0 {
			empty++
		}
		rest = rest[5+n:]
	}
	if empty == count {
		return false
	}
	if len(data) < 6 || !p.enter() {
		return false
	}
	defer p.leave()
	for i := 0; len(data) > 0 && !p.stop; i++ {
		flag, n := data[0], binary.BigEndian.Uint32(data[1:])
		frame := data[5 : 5+n]
		data = data[5+n:]
		s := p.mk(step{up: at, op: "grpc", place: "#", n: i + 1})
		if flag&1 != 0 {
			name := encoding
			if name == "" || name == "identity" {
				name = string(magicOf(frame))
			}
			if out, op, ok := p.contentDecoding(name, frame); ok {
				s, frame = p.mk(step{up: s, op: op}), out
			}
		}
		if len(frame) == 0 {
			continue
		}
		p.leaf(s, frame)
	}
	return true
}
