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
	form  string // lower case, without separators
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
		if s.Role != SecretIdentifier {
			continue
		}
		if form, _ := project(s.Value); len(form) >= minMasked {
			m.known = append(m.known, maskedValue{form, m.show(s.ID, s.Value)})
		}
	}
	return m
}

// show is how an identifier is shown: android_id#5f2c09d1..9e4f. Of a value of less than eight characters none is shown.
func (m *masker) show(name, value string) string {
	tail := ""
	if form, _ := project(value); len(form) >= 8 {
		tail = ".." + safe.Text(form[len(form)-4:])
	}
	return safe.Text(name) + "#" + m.hash(value)[:8] + tail
}

// hash is the keyed hash of a value, in hex.
func (m *masker) hash(value string) string {
	mac := hmac.New(sha256.New, m.key[:])
	mac.Write([]byte(value))
	return hex.EncodeToString(mac.Sum(nil))
}

// text makes text from a phone safe to show and masks the identifiers in it: in any case, with any separators, also one
// that the ends of the text cut in two.
func (m *masker) text(s string) string {
	for _, v := range m.known {
		s = v.replace(s)
	}
	return safe.Text(s)
}

// replace puts what is shown in the place of the value, and of at least minMasked characters of its end at the start of s,
// or of its start at the end, behind and before the marks of a preview that was cut there.
func (v maskedValue) replace(s string) string {
	if !strings.Contains(v.form, cutMark) {
		if rest, cut := strings.CutPrefix(s, cutMark); cut {
			return cutMark + v.replace(rest)
		}
		if rest, cut := strings.CutSuffix(s, cutMark); cut {
			return v.replace(rest) + cutMark
		}
	}
	form, at := project(s)
	var b strings.Builder
	pos, done := 0, 0 // in form, in s
	put := func(from, to int) {
		b.WriteString(s[done:at[from]])
		b.WriteString(v.shown)
		pos, done = to, at[to-1]+1
	}
	for k := min(len(v.form)-1, len(form)); k >= minMasked; k-- {
		if strings.HasPrefix(form, v.form[len(v.form)-k:]) {
			put(0, k)
			break
		}
	}
	for {
		i := strings.Index(form[pos:], v.form)
		if i < 0 {
			break
		}
		put(pos+i, pos+i+len(v.form))
	}
	for k := min(len(v.form)-1, len(form)-pos); k >= minMasked; k-- {
		if strings.HasSuffix(form, v.form[:k]) {
			put(len(form)-k, len(form))
			break
		}
	}
	b.WriteString(s[done:])
	return b.String()
}

// project takes a text without what people put between the digits of an identifier, in lower case, and says where in the
// text each byte stood.
func project(s string) (form string, at []int) {
	out := make([]byte, 0, len(s))
	at = make([]int, 0, len(s))
	for i := range len(s) {
		c := s[i]
		switch c {
		case '-', ':', '.', '_', ' ':
			continue
		}
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		out = append(out, c)
		at = append(at, i)
	}
	return string(out), at
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
