package capture

import (
	"encoding/binary"
	"errors"

	"golang.org/x/crypto/cryptobyte"
)

// hello is what a ClientHello says (RFC 8446, section 4.1.2).
type hello struct {
	version    uint16 // legacy_version
	ciphers    []uint16
	extensions []uint16 // in the order sent
	sni        string
	alpn       []string
	versions   []uint16 // supported_versions
	signatures []uint16
	groups     []uint16 // supported_groups
}

var errHello = errors.New("not a whole ClientHello")

// Bounds of a ClientHello: key shares of post-quantum groups and a long session ticket fit many times.
const (
	maxHello   = 1 << 16
	maxRecord  = 5 + 1<<14 + 256
	maxHelloEx = 256
)

// helloBytes says how the first bytes of a connection stand as a ClientHello: the handshake message if it is whole, and
// how many bytes are needed at least to know more. It gives need 0 when these bytes never become one.
func helloBytes(b []byte) (message []byte, need int) {
	var msg []byte
	for off := 0; ; {
		if len(b) < off+5 {
			return nil, off + 5
		}
		if b[off] != recordHandshake || b[off+1] != 3 {
			return nil, 0
		}
		n := int(binary.BigEndian.Uint16(b[off+3:]))
		if n == 0 || n > 1<<14 {
			return nil, 0
		}
		if len(b) < off+5+n {
			return nil, off + 5 + n
		}
		msg = append(msg, b[off+5:off+5+n]...)
		off += 5 + n
		if msg[0] != 1 { // client_hello
			return nil, 0
		}
		if len(msg) >= 4 {
			size := 4 + (int(msg[1])<<16 | int(msg[2])<<8 | int(msg[3]))
			if size > maxHello {
				return nil, 0
			}
			if len(msg) >= size {
				return msg[:size], off
			}
		}
	}
}

// recordHandshake is the first byte of TLS (RFC 8446, section 5.1).
const recordHandshake = 22

// parseHello reads the ClientHello message that helloBytes gave.
func parseHello(msg []byte) (*hello, error) {
	h := &hello{}
	s := cryptobyte.String(msg)
	var body, session, ciphers, compression, exts cryptobyte.String
	var kind uint8
	if !s.ReadUint8(&kind) || kind != 1 || !s.ReadUint24LengthPrefixed(&body) ||
		!body.ReadUint16(&h.version) || !body.Skip(32) || !body.ReadUint8LengthPrefixed(&session) ||
		!body.ReadUint16LengthPrefixed(&ciphers) || !body.ReadUint8LengthPrefixed(&compression) {
		return nil, errHello
	}
	var ok bool
	if h.ciphers, ok = uint16s(ciphers); !ok {
		return nil, errHello
	}
	if body.Empty() {
		return h, nil // TLS 1.2 and older may have no extensions
	}
	if !body.ReadUint16LengthPrefixed(&exts) {
		return nil, errHello
	}
	for !exts.Empty() {
		var typ uint16
		var data cryptobyte.String
		if len(h.extensions) >= maxHelloEx || !exts.ReadUint16(&typ) || !exts.ReadUint16LengthPrefixed(&data) {
			return nil, errHello
		}
		h.extensions = append(h.extensions, typ)
		if !h.extension(typ, data) {
			return nil, errHello
		}
	}
	return h, nil
}

// Extensions that are read (IANA, TLS ExtensionType Values).
const (
	extServerName        = 0
	extGroups            = 10
	extSignatures        = 13
	extALPN              = 16
	extSupportedVersions = 43
)

func (h *hello) extension(typ uint16, data cryptobyte.String) (ok bool) {
	var list cryptobyte.String
	switch typ {
	case extServerName:
		if !data.ReadUint16LengthPrefixed(&list) {
			return false
		}
		for !list.Empty() {
			var kind uint8
			var name cryptobyte.String
			if !list.ReadUint8(&kind) || !list.ReadUint16LengthPrefixed(&name) {
				return false
			}
			if kind == 0 && h.sni == "" {
				h.sni = string(name)
			}
		}
	case extALPN:
		if !data.ReadUint16LengthPrefixed(&list) {
			return false
		}
		for !list.Empty() {
			var name cryptobyte.String
			if !list.ReadUint8LengthPrefixed(&name) || name.Empty() {
				return false
			}
			h.alpn = append(h.alpn, string(name))
		}
	case extSupportedVersions:
		if !data.ReadUint8LengthPrefixed(&list) {
			return false
		}
		h.versions, ok = uint16s(list)
		return ok
	case extGroups:
		_ = data.ReadUint16LengthPrefixed(&list)
		h.groups, _ = uint16s(list) // crypto/tls refuses a list that is none
	case extSignatures:
		if !data.ReadUint16LengthPrefixed(&list) {
			return false
		}
		h.signatures, ok = uint16s(list)
		return ok
	}
	return true
}

// postQuantum says whether a group is a hybrid with ML-KEM (IANA, TLS Supported Groups) or its draft in older browsers.
func postQuantum(group uint16) bool { return group >= 0x11eb && group <= 0x11ed || group == 0x6399 }

func uint16s(s cryptobyte.String) ([]uint16, bool) {
	out := make([]uint16, 0, len(s)/2)
	for !s.Empty() {
		var v uint16
		if !s.ReadUint16(&v) {
			return nil, false
		}
		out = append(out, v)
	}
	return out, true
}
