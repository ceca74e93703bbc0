package capture

import (
	"crypto/tls"
	"encoding/binary"
	"fmt"
	"slices"

	"golang.org/x/crypto/cryptobyte"

	"github.com/telltale-farm/telltale/capture/flow"
)

// agreed is what both ends of a handshake settled on, as far as they got; nil for nothing.
func agreed(state tls.ConnectionState) *flow.TLS {
	if state.Version == 0 {
		return nil
	}
	t := &flow.TLS{ALPN: state.NegotiatedProtocol, Version: tls.VersionName(state.Version)}
	if state.CipherSuite != 0 {
		t.Cipher = tls.CipherSuiteName(state.CipherSuite)
	}
	return t
}

// agree adds to what the phone offered what came of it. Others may hold what was there: it is copied.
func (t *tunnel) agree(got *flow.TLS) {
	if got == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	done := *t.tls
	done.ALPN, done.Version, done.Cipher = got.ALPN, got.Version, got.Cipher
	t.tls, t.f.TLS = &done, &done
}

// answered records what the phone and the server settled on in a handshake that passed by.
func (t *tunnel) answered(got *flow.TLS) {
	t.agree(got)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.p.rec.Update(&t.f)
}

// maxOffered bounds how many versions of a ClientHello are recorded: TLS has had five.
const maxOffered = 16

// offered lists the versions that a client offers, in its order; without a list of them, the highest, as older clients say it.
func (h *hello) offered() []string {
	versions := slices.DeleteFunc(slices.Clone(h.versions), grease)
	if len(versions) == 0 {
		versions = []uint16{h.version}
	}
	var out []string
	for _, v := range versions[:min(len(versions), maxOffered)] {
		out = append(out, tls.VersionName(v))
	}
	return out
}

// answerWatch reads the ServerHello of a handshake that passes by unread (RFC 8446, section 4.1.3): it is the last that is
// not encrypted.
type answerWatch struct {
	buf  []byte
	done func(*flow.TLS) // told once; nil when nothing is awaited any more
}

// feed takes what the server sends.
func (w *answerWatch) feed(p []byte) {
	if w.done == nil {
		return
	}
	w.buf = append(w.buf, p[:min(len(p), maxRecord-len(w.buf))]...)
	got, more := parseAnswer(w.buf)
	if more && len(w.buf) < maxRecord {
		return
	}
	if got != nil {
		w.done(got)
	}
	w.done, w.buf = nil, nil
}

// parseAnswer reads the first bytes of a server as a ServerHello; more says that they may still become one.
func parseAnswer(b []byte) (got *flow.TLS, more bool) {
	var msg []byte
	for off := 0; len(msg) < 4 || len(msg) < answerSize(msg); {
		switch {
		case len(b) < off+5:
			return nil, len(b) <= off || b[off] == recordHandshake
		case b[off] != recordHandshake || b[off+1] != 3:
			return nil, false
		}
		n := int(binary.BigEndian.Uint16(b[off+3:]))
		if n == 0 || n > 1<<14 {
			return nil, false
		}
		if len(b) < off+5+n {
			return nil, true
		}
		msg = append(msg, b[off+5:off+5+n]...)
		off += 5 + n
	}
	s := cryptobyte.String(msg)
	var body, session, exts cryptobyte.String
	var kind, compression uint8
	var version, cipher uint16
	if !s.ReadUint8(&kind) || kind != 2 || !s.ReadUint24LengthPrefixed(&body) || !body.ReadUint16(&version) || version>>8 != 3 || !body.Skip(32) ||
		!body.ReadUint8LengthPrefixed(&session) || !body.ReadUint16(&cipher) || !body.ReadUint8(&compression) {
		return nil, false
	}
	got = &flow.TLS{}
	if !body.Empty() && body.ReadUint16LengthPrefixed(&exts) {
		version = answerExtensions(exts, version, got)
	}
	got.Version, got.Cipher = tls.VersionName(version), tls.CipherSuiteName(cipher)
	return got, false
}

// answerSize is the length of a handshake message with its head.
func answerSize(msg []byte) int { return 4 + (int(msg[1])<<16 | int(msg[2])<<8 | int(msg[3])) }

// answerExtensions gives the version that the extensions settle, and notes the protocol, which TLS 1.2 still says openly.
func answerExtensions(exts cryptobyte.String, version uint16, got *flow.TLS) uint16 {
	for !exts.Empty() {
		var typ, v uint16
		var data, list, name cryptobyte.String
		if !exts.ReadUint16(&typ) || !exts.ReadUint16LengthPrefixed(&data) {
			return version
		}
		switch {
		case typ == extSupportedVersions && data.ReadUint16(&v):
			version = v
		case typ == extALPN && data.ReadUint16LengthPrefixed(&list) && list.ReadUint8LengthPrefixed(&name):
			got.ALPN = fmt.Sprintf("%.255s", string(name))
		}
	}
	return version
}
