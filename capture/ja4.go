package capture

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
)

// ja4 gives the JA4 fingerprint of a ClientHello over TCP, as FoxIO's specification of 2023 defines it:
// t<version><d|i><ciphers><extensions><alpn>_<hash of sorted ciphers>_<hash of sorted extensions and signatures>.
func (h *hello) ja4() string {
	ciphers := slices.DeleteFunc(slices.Clone(h.ciphers), grease)
	exts := slices.DeleteFunc(slices.Clone(h.extensions), grease)
	sni := "i"
	if slices.Contains(exts, extServerName) {
		sni = "d"
	}
	a := fmt.Sprintf("t%s%s%02d%02d%s", h.ja4Version(), sni, min(len(ciphers), 99), min(len(exts), 99), h.ja4ALPN())

	slices.Sort(ciphers)
	hashed := slices.DeleteFunc(exts, func(e uint16) bool { return e == extServerName || e == extALPN })
	slices.Sort(hashed)
	third := hexList(hashed)
	if sigs := slices.DeleteFunc(slices.Clone(h.signatures), grease); len(sigs) > 0 {
		third += "_" + hexList(sigs)
	}
	if len(hashed) == 0 {
		third = ""
	}
	return a + "_" + hash12(hexList(ciphers)) + "_" + hash12(third)
}

func (h *hello) ja4Version() string {
	v := h.version
	if vs := slices.DeleteFunc(slices.Clone(h.versions), grease); len(vs) > 0 {
		v = slices.MaxFunc(vs, cmp.Compare)
	}
	switch v {
	case 0x0304:
		return "13"
	case 0x0303:
		return "12"
	case 0x0302:
		return "11"
	case 0x0301:
		return "10"
	case 0x0300:
		return "s3"
	case 0x0002:
		return "s2"
	}
	return "00"
}

// ja4ALPN is the first and last character of the first protocol offered, of its hex form if either is not alphanumeric.
func (h *hello) ja4ALPN() string {
	if len(h.alpn) == 0 {
		return "00"
	}
	p := h.alpn[0]
	first, last := p[0], p[len(p)-1]
	if !alphanumeric(first) || !alphanumeric(last) {
		x := hex.EncodeToString([]byte(p))
		first, last = x[0], x[len(x)-1]
	}
	return string([]byte{first, last})
}

func alphanumeric(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// grease says whether v is one of the values that clients throw in to keep servers honest (RFC 8701).
func grease(v uint16) bool { return v&0x0f0f == 0x0a0a && v>>8 == v&0xff }

func hexList(vs []uint16) string {
	b := make([]byte, 0, 5*len(vs))
	for i, v := range vs {
		if i > 0 {
			b = append(b, ',')
		}
		b = fmt.Appendf(b, "%04x", v)
	}
	return string(b)
}

// hash12 is the first 12 hex digits of the sha256, zeros for nothing.
func hash12(s string) string {
	if s == "" {
		return "000000000000"
	}
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:6])
}
