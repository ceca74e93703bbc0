package network

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/tls"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash"
	"net"
	"sync"

	"golang.org/x/crypto/chacha20poly1305"
)

// Types and sizes of TLS records (RFC 8446, section 5).
const (
	recordAlert       = 21
	recordApplication = 23
	recordHeader      = 5
	sealedAlert       = 2 + 1 + 16 // level and code, the true type, the tag
)

// alerting lets an app refuse a certificate with the alert its kind of phone sends. crypto/tls always says
// bad_certificate (42); Android's stacks say certificate_unknown (46) or unknown_ca (48). The alert is the last record
// that leaves, so it is replaced on its way out: in the clear for TLS 1.2, sealed again for TLS 1.3 with the handshake
// key, whose secret crypto/tls hands to the key log.
type alerting struct {
	net.Conn
	mu     sync.Mutex
	secret []byte // client handshake traffic secret
	code   uint8  // 0: nothing to replace
	suite  uint16
}

// NetConn returns the connection under TLS.
func (a *alerting) NetConn() net.Conn { return a.Conn }

// refuse names the alert that has to leave next.
func (a *alerting) refuse(code uint8, suite uint16) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.code, a.suite = code, suite
}

// Write passes records on, except the alert to be replaced.
func (a *alerting) Write(b []byte) (int, error) {
	a.mu.Lock()
	code, suite, secret := a.code, a.suite, a.secret
	a.mu.Unlock()
	if code == 0 {
		return a.Conn.Write(b)
	}
	out := bytes.Clone(b)
	for rest := out; len(rest) >= recordHeader; {
		size := recordHeader + int(binary.BigEndian.Uint16(rest[3:]))
		if size > len(rest) {
			break
		}
		switch record := rest[:size]; {
		case record[0] == recordAlert && size == recordHeader+2:
			record[recordHeader+1] = code
		case record[0] == recordApplication && size == recordHeader+sealedAlert:
			if err := seal(record, code, suite, secret); err != nil {
				return 0, err
			}
		}
		rest = rest[size:]
	}
	if _, err := a.Conn.Write(out); err != nil {
		return 0, err
	}
	return len(b), nil
}

// seal writes a fatal alert over a sealed one: the first record under the client's handshake key, so number 0.
func seal(record []byte, code uint8, suite uint16, secret []byte) error {
	var newHash func() hash.Hash = sha256.New
	size, aead := 16, gcm
	switch suite {
	case tls.TLS_AES_128_GCM_SHA256:
	case tls.TLS_AES_256_GCM_SHA384:
		newHash, size = sha512.New384, 32
	case tls.TLS_CHACHA20_POLY1305_SHA256:
		size, aead = 32, chacha20poly1305.New
	default:
		return fmt.Errorf("refusing a certificate: cipher suite %#x is not one of TLS 1.3", suite)
	}
	key, err := expand(newHash, secret, "key", size)
	if err != nil {
		return err
	}
	nonce, err := expand(newHash, secret, "iv", 12)
	if err != nil {
		return err
	}
	c, err := aead(key)
	if err != nil {
		return err
	}
	const fatal = 2
	c.Seal(record[:recordHeader], nonce, []byte{fatal, code, recordAlert}, bytes.Clone(record[:recordHeader]))
	return nil
}

func gcm(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// expand is HKDF-Expand-Label with an empty context (RFC 8446, section 7.1).
func expand(newHash func() hash.Hash, secret []byte, label string, size int) ([]byte, error) {
	label = "tls13 " + label
	info := append([]byte{byte(size >> 8), byte(size), byte(len(label))}, label...)
	return hkdf.Expand(newHash, secret, string(append(info, 0)), size)
}

// keyLog takes the one secret that an alert needs from crypto/tls, and forgets it with the handshake.
type keyLog struct{ to *alerting }

// Write gets one line of an NSS key log.
func (k keyLog) Write(line []byte) (int, error) {
	fields := bytes.Fields(line)
	if len(fields) == 3 && string(fields[0]) == "CLIENT_HANDSHAKE_TRAFFIC_SECRET" {
		secret, err := hex.DecodeString(string(fields[2]))
		if err != nil {
			return 0, err
		}
		k.to.mu.Lock()
		k.to.secret = secret
		k.to.mu.Unlock()
	}
	return len(line), nil
}

func (a *alerting) forget() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.secret = nil
}
