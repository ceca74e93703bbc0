package leak

import (
	"bytes"
	"net/url"
	"strings"
)

// disguised adds the value backwards and with its letters moved by half the alphabet.
func (d *derivation) disguised(v string) {
	d.once(reverse(v), "reversed")
	d.once(strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z':
			return 'a' + (r-'a'+13)%26
		case r >= 'A' && r <= 'Z':
			return 'A' + (r-'A'+13)%26
		}
		return r
	}, v), rot13)
}

// rot13 is the name of a disguise that is found and reported as one.
const rot13 = "rot13"

// once adds a derived spelling unless it is there already.
func (d *derivation) once(text string, names ...string) {
	for _, p := range d.patterns {
		if string(p.exact) == text {
			return
		}
	}
	d.add(text, ClassNormalised, edgeText, names...)
}

// marked adds text of which the last letter has its highest bit set, which is how some binary formats end a text in ASCII.
func (d *derivation) marked(v string) {
	if !isASCII(v) {
		return
	}
	b := []byte(v)
	b[len(b)-1] |= 0x80
	for _, p := range d.patterns {
		if bytes.Equal(p.exact, b) {
			return
		}
	}
	d.bytes(b, "last-letter-marked")
}

// escaped is a text as a browser escapes a part of a URL.
func escaped(v string) string { return strings.ReplaceAll(url.QueryEscape(v), "+", "%20") }
