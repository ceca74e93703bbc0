package phone

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
)

// Identity is what tells one phone from another. All of it is derived from a seed, so that a run can be repeated.
type Identity struct {
	Seed      string
	Serial    string // 8 hex digits, as Xiaomi prints them
	AndroidID string // 16 hex digits, the shell's view
	WifiMAC   string // locally administered
	Account   string // a Mi account number, 10 digits
}

// NewIdentity derives a phone's identifiers from a seed.
func NewIdentity(seed string) Identity {
	mac := derive(seed, "wifi mac")
	return Identity{
		Seed:      seed,
		Serial:    hex.EncodeToString(derive(seed, "serial")[:4]),
		AndroidID: hex.EncodeToString(derive(seed, "android_id")[:8]),
		WifiMAC:   fmt.Sprintf("02:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4]),
		Account:   fmt.Sprintf("%010d", 1_000_000_000+binary.BigEndian.Uint64(derive(seed, "account"))%8_999_999_999),
	}
}

// UUID returns a random-looking version 4 UUID that belongs to this phone and a purpose, such as an app's install id.
func (id Identity) UUID(purpose string) string {
	b := derive(id.Seed, "uuid "+purpose)
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[0:4], b[4:6], b[6:8], b[8:10], b[10:16])
}

// Hex returns n hex digits (at most 64) that belong to this phone and a purpose.
func (id Identity) Hex(purpose string, n int) string {
	return hex.EncodeToString(derive(id.Seed, "hex "+purpose))[:min(n, 64)]
}

func derive(seed, purpose string) []byte {
	sum := sha256.Sum256([]byte(seed + "\x00" + purpose))
	return sum[:]
}
