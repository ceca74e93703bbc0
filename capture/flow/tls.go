package flow

import "strings"

// String says a handshake in one line: what was agreed on, then what the phone had offered. It may hold what a phone or a
// server chose, and is for people, after flow/safe.
func (t *TLS) String() string {
	var parts []string
	agreed := strings.TrimSpace(t.Version + " " + t.Cipher)
	if t.ALPN != "" && agreed != "" {
		agreed += ", " + t.ALPN
	}
	if agreed == "" {
		agreed = "nothing agreed on"
	}
	parts = append(parts, agreed)
	if len(t.Versions) > 0 {
		parts = append(parts, "offered "+strings.Join(t.Versions, ", "))
	}
	if t.JA4 != "" {
		parts = append(parts, "JA4 "+t.JA4)
	}
	return strings.Join(parts, "; ")
}
