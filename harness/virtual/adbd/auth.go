package adbd

import (
	"crypto"
	"crypto/md5"
	"crypto/rsa"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
)

// AuthPolicy says how a phone treats the key of an adb server.
type AuthPolicy int

const (
	// NoAuth never asks: ro.adb.secure=0, as on userdebug builds.
	NoAuth AuthPolicy = iota
	// AcceptAll asks for a key and remembers every one, as if somebody tapped "Always allow" at once. Measured: the
	// first `adb connect` may still say "failed to authenticate", and the phone is a device a moment later.
	AcceptAll
	// Prompt asks for a key and waits for [Server.Accept] if it is not known. The adb server says "unauthorized".
	Prompt
	// Refuse knows no key and never will.
	Refuse
)

const (
	authToken     = 1 // D>H: random bytes to sign
	authSignature = 2 // H>D: PKCS#1 v1.5, the token taken as the SHA-1 digest
	authPublicKey = 3 // H>D: the server's public key, when none of its signatures was known

	tokenSize     = 20
	maxSignatures = 256 // tries per link; Android slows down after as many

	keyWords   = 64 // 2048 bits
	keyBlob    = 4 + 4 + 4*keyWords + 4*keyWords + 4
	keyModulus = 8
	keyExp     = keyBlob - 4
)

// Key is an adb server's public key.
type Key struct {
	Name        string // "user@host", as the server says; hostile text
	Fingerprint string // as Android's dialog shows it: md5 of the key, "AB:CD:..."
	pub         *rsa.PublicKey
}

var errBadKey = errors.New("bad public key")

// parseKey reads the form of adbkey.pub: base64 of Android's little-endian RSA structure, a space, a name, maybe NUL.
func parseKey(text string) (Key, error) {
	text = strings.TrimRight(text, "\x00\r\n")
	b64, name, _ := strings.Cut(text, " ")
	blob, err := base64.StdEncoding.DecodeString(b64)
	if err != nil {
		return Key{}, fmt.Errorf("%w: %w", errBadKey, err)
	}
	if len(blob) != keyBlob || binary.LittleEndian.Uint32(blob) != keyWords {
		return Key{}, fmt.Errorf("%w: not a 2048-bit key", errBadKey)
	}
	modulus := slices.Clone(blob[keyModulus : keyModulus+4*keyWords])
	slices.Reverse(modulus)
	exp := binary.LittleEndian.Uint32(blob[keyExp:])
	if modulus[0]&0x80 == 0 || exp < 3 || exp > 1<<24 || exp&1 == 0 {
		return Key{}, fmt.Errorf("%w: modulus or exponent", errBadKey)
	}
	return Key{
		Name:        name,
		Fingerprint: fingerprint(blob),
		pub:         &rsa.PublicKey{N: new(big.Int).SetBytes(modulus), E: int(exp)},
	}, nil
}

func fingerprint(blob []byte) string {
	sum := md5.Sum(blob)
	parts := make([]string, len(sum))
	for i, b := range sum {
		parts[i] = fmt.Sprintf("%02X", b)
	}
	return strings.Join(parts, ":")
}

func (k Key) signed(token, signature []byte) bool {
	return rsa.VerifyPKCS1v15(k.pub, crypto.SHA1, token, signature) == nil
}

// remember adds a key to those that are allowed. The caller holds s.mu.
func (s *Server) remember(k Key) {
	if !slices.ContainsFunc(s.keys, func(o Key) bool { return o.Fingerprint == k.Fingerprint }) {
		s.keys = append(s.keys, k)
	}
}

// Pending returns the keys that wait for a tap on "Allow".
func (s *Server) Pending() []Key {
	s.mu.Lock()
	defer s.mu.Unlock()
	var keys []Key
	for _, l := range s.links {
		if k := l.pendingKey(); k != nil {
			keys = append(keys, *k)
		}
	}
	return keys
}

// Accept is the tap on "Allow" for every waiting key, and says how many there were. always is the box "Always allow
// from this computer": without it the same key is asked for again after a reconnect.
func (s *Server) Accept(always bool) int {
	type wait struct {
		l *link
		k Key
	}
	var waiting []wait
	s.mu.Lock()
	for _, l := range s.links {
		if k := l.takePending(); k != nil {
			if always {
				s.remember(*k)
			}
			waiting = append(waiting, wait{l, *k})
		}
	}
	s.mu.Unlock()
	for _, w := range waiting {
		w.l.welcome()
	}
	return len(waiting)
}

// Unauthorise forgets all keys and drops all links, as "Revoke USB debugging authorisations" does.
func (s *Server) Unauthorise() {
	s.mu.Lock()
	s.keys = nil
	s.mu.Unlock()
	s.DropLinks()
}
