package evidence

import (
	"crypto/rand"
	"encoding/hex"
	"time"
)

// NewRunID names a run by the time it began, so that folders sort by it, and four random digits, so that two that begin
// in the same second do not meet: 20261121T124500Z-3f9c.
func NewRunID(began time.Time) string {
	b := make([]byte, 2)
	_, _ = rand.Read(b) // it never fails (crypto/rand)
	return began.UTC().Format("20060102T150405Z") + "-" + hex.EncodeToString(b)
}
