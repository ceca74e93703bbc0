package leak

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/telltale-farm/telltale/capture/flow/safe"
)

// masker keeps raw identifiers out of everything that is shown. In their place stand their name, a keyed hash and their
// last four characters. The key comes from all of the phone's secrets, so that nobody who has the verdicts alone can try
// out the few million values that a serial number may have.
type masker struct {
	key   [sha256.Size]byte
	known []maskedValue
}

type maskedValue struct {
	forms []string // lower case, longest first
	shown string
}

// minMasked is the shortest form that is masked: less is no identifier, and would be found in ordinary words.
const minMasked = 6

func newMasker(secrets []Secret) masker {
	var m masker
	h := sha256.New()
	for i := range secrets {
		s := &secrets[i]
		fmt.Fprintf(h, "%d:%s%d:%s", len(s.ID), s.ID, len(s.Value), s.Value)
	}
	h.Sum(m.key[:0])
	for i := range secrets {
		s := &secrets[i]
		if s.Role != SecretIdentifier || s.Value == "" {
			continue
		}
		v := maskedValue{shown: m.show(s.ID, s.Value)}
		lower := lowerASCII(s.Value)
		for _, form := range []string{lower, strings.Map(alnum, lower)} {
			if len(form) >= minMasked && (len(v.forms) == 0 || v.forms[0] != form) {
				v.forms = append(v.forms, form)
			}
		}
		m.known = append(m.known, v)
	}
	return m
}

func alnum(r rune) rune {
	if r >= '0' && r <= '9' || r >= 'a' && r <= 'z' {
		return r
	}
	return -1
}

// show is how an identifier is shown: android_id#5f2c09d1..9e4f. Of a value of less than eight characters no character is shown.
func (m *masker) show(name, value string) string {
	tail := ""
	if len(value) >= 8 {
		tail = ".." + safe.Text(value[len(value)-4:])
	}
	return safe.Text(name) + "#" + m.hash(value)[:8] + tail
}

// hash is the keyed hash of a value, in hex.
func (m *masker) hash(value string) string {
	mac := hmac.New(sha256.New, m.key[:])
	mac.Write([]byte(value))
	return hex.EncodeToString(mac.Sum(nil))
}

// text makes text from a phone safe to show and masks the identifiers in it, also one that its ends cut in two.
func (m *masker) text(s string) string {
	for i := range m.known {
		for _, form := range m.known[i].forms {
			s = replaceFold(s, form, m.known[i].shown)
		}
	}
	return safe.Text(s)
}

// replaceFold replaces form, which is in lower case, wherever it stands in s in any case, and at least minMasked
// characters of its end at the start of s, or of its start at the end.
func replaceFold(s, form, by string) string {
	lower := lowerASCII(s)
	var b strings.Builder
	pos := 0
	for k := len(form) - 1; k >= minMasked; k-- {
		if strings.HasPrefix(lower, form[len(form)-k:]) {
			b.WriteString(by)
			pos = k
			break
		}
	}
	for {
		i := strings.Index(lower[pos:], form)
		if i < 0 {
			break
		}
		b.WriteString(s[pos : pos+i])
		b.WriteString(by)
		pos += i + len(form)
	}
	for k := min(len(form)-1, len(s)-pos); k >= minMasked; k-- {
		if strings.HasSuffix(lower, form[:k]) {
			b.WriteString(s[pos : len(s)-k])
			b.WriteString(by)
			return b.String()
		}
	}
	b.WriteString(s[pos:])
	return b.String()
}

// lowerASCII keeps every byte at its place, which strings.ToLower does not.
func lowerASCII(s string) string {
	b := []byte(s)
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}
