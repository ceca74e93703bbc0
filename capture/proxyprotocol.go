package capture

import (
	"bytes"
	"crypto/subtle"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"
)

// Peer is what the relay on the phone says of one connection, in a PROXY protocol header of version 2 (HAProxy,
// proxy-protocol.txt, section 2.2).
type Peer struct {
	UID     int    // -1 when the relay did not find the socket in the phone's tables
	Package string // empty when the relay was told no names
}

// Types of the values that the relay adds, in the range that the protocol leaves to applications (PP2_TYPE_MIN_CUSTOM).
const (
	tlvUID     = 0xE0 // 4 bytes, big-endian
	tlvPackage = 0xE1 // text
	tlvToken   = 0xE2 // what the relay was started with
)

// Bounds of a header: its addresses are 36 bytes at most, and a package name is a file name of Android's.
const (
	maxProxyHeader = 1024
	maxPackage     = 255
)

var proxySignature = []byte("\r\n\r\n\x00\r\nQUIT\n")

// proxyHeader is one header: local is a connection of the relay itself, which carries no app's bytes.
type proxyHeader struct {
	local bool
	peer  Peer
	token []byte
}

// readProxyHeader reads exactly one header. Anything that is not one is an error: without a header nobody can say whose
// bytes follow.
func readProxyHeader(r io.Reader) (h proxyHeader, err error) {
	var fixed [16]byte
	if _, err := io.ReadFull(r, fixed[:]); err != nil {
		return h, fmt.Errorf("reading a PROXY header: %w", err)
	}
	if !bytes.Equal(fixed[:12], proxySignature) {
		return h, errors.New("reading a PROXY header: no signature")
	}
	n := int(binary.BigEndian.Uint16(fixed[14:]))
	if n > maxProxyHeader {
		return h, fmt.Errorf("reading a PROXY header: %d bytes, more than %d", n, maxProxyHeader)
	}
	rest := make([]byte, n)
	if _, err := io.ReadFull(r, rest); err != nil {
		return h, fmt.Errorf("reading a PROXY header: %w", err)
	}
	switch fixed[12] {
	case 0x20:
		h.local = true
	case 0x21:
	default:
		return h, fmt.Errorf("reading a PROXY header: version and command 0x%02x", fixed[12])
	}
	addresses, ok := map[byte]int{0x00: 0, 0x11: 12, 0x21: 36}[fixed[13]]
	if !ok || addresses > n {
		return h, fmt.Errorf("reading a PROXY header: family 0x%02x in %d bytes", fixed[13], n)
	}
	return h, h.values(rest[addresses:])
}

// values reads what follows the addresses. Types that we do not know are skipped, as the protocol wants.
func (h *proxyHeader) values(b []byte) error {
	h.peer.UID = -1
	seen := map[byte]bool{}
	for len(b) > 0 {
		if len(b) < 3 || len(b)-3 < int(binary.BigEndian.Uint16(b[1:])) {
			return errors.New("reading a PROXY header: a value is cut off")
		}
		kind, value := b[0], b[3:3+int(binary.BigEndian.Uint16(b[1:]))]
		b = b[3+len(value):]
		if seen[kind] && kind >= tlvUID && kind <= tlvToken {
			return fmt.Errorf("reading a PROXY header: value 0x%02x twice", kind)
		}
		seen[kind] = true
		switch kind {
		case tlvUID:
			if len(value) != 4 || value[0] >= 0x80 {
				return errors.New("reading a PROXY header: not a uid")
			}
			h.peer.UID = int(binary.BigEndian.Uint32(value))
		case tlvPackage:
			if len(value) > maxPackage || !utf8.Valid(value) {
				return errors.New("reading a PROXY header: not a package")
			}
			h.peer.Package = string(value)
		case tlvToken:
			h.token = value
		}
	}
	return nil
}

// from says whether a header comes from the relay that we started: other apps of the phone may dial its way to us too.
func (h *proxyHeader) from(token []byte) bool {
	return len(token) > 0 && subtle.ConstantTimeCompare(h.token, token) == 1
}
