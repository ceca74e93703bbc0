package leak

import (
	"encoding/binary"
	"encoding/hex"
	"math/big"
	"strconv"
	"strings"
)

// id derives from an identifier: separators dropped or exchanged, reversed, as raw bytes when it is hex.
func (d *derivation) id(v string) {
	bare := strings.Map(func(r rune) rune {
		if strings.ContainsRune("-:._ {}", r) {
			return -1
		}
		return r
	}, v)
	raw, err := hex.DecodeString(bare)
	e := edgeText
	if err == nil || strings.Trim(bare, "0123456789abcdefABCDEF") == "" {
		e = edgeHex
	}
	if isDigits(v) {
		d.number(v)
		return
	}
	d.add(v, ClassExact, e)
	if bare != v {
		d.add(bare, ClassNormalised, e, "no-separators")
		d.digest(bare, "no-separators")
		d.digest(strings.ToLower(bare), "no-separators", "lower")
		d.digest(strings.ToUpper(bare), "no-separators", "upper")
	}
	d.add(reverse(v), ClassNormalised, e, "reversed")
	if err != nil {
		return
	}
	d.grouped(v, bare, e)
	if len(raw) >= 6 {
		d.bytes(raw, "bytes")
	}
	switch len(raw) {
	case 16:
		g := append([]byte(nil), raw...)
		g[0], g[1], g[2], g[3], g[4], g[5], g[6], g[7] = g[3], g[2], g[1], g[0], g[5], g[4], g[7], g[6]
		d.bytes(g, "guid")
		d.half(binary.BigEndian.Uint64(raw[8:]))
		d.wholeNumber(raw)
	case 6:
		n := binary.BigEndian.Uint64(append([]byte{0, 0}, raw...))
		d.integer(n, "integer")
		d.add(strconv.FormatUint(n, 10), ClassNormalised, edgeNumber, "decimal")
	case 8:
		n := binary.BigEndian.Uint64(raw)
		d.integer(n, "integer")
		d.add(strconv.FormatUint(n, 10), ClassNormalised, edgeNumber, "decimal")
		if int64(n) < 0 {
			d.add(strconv.FormatInt(int64(n), 10), ClassNormalised, edgeNumber, "decimal")
		}
	}
}

// half adds the second of the two 64-bit numbers that Java keeps a UUID in, the one that is random in all of its kinds.
func (d *derivation) half(n uint64) {
	if n < 1<<40 {
		return
	}
	names := []string{"half"}
	d.numbers[n] = append(d.numbers[n], number{d.needle, names, ClassNormalised})
	d.add(strconv.FormatUint(n, 10), ClassNormalised, edgeNumber, names...)
	if int64(n) < 0 {
		d.add(strconv.FormatInt(int64(n), 10), ClassNormalised, edgeNumber, names...)
	}
}

// wholeNumber adds an identifier of 128 bits as the number that it is.
func (d *derivation) wholeNumber(raw []byte) {
	n := new(big.Int).SetBytes(raw)
	if n.BitLen() < 96 {
		return
	}
	d.add(n.String(), ClassNormalised, edgeNumber, "decimal")
	d.add(n.Text(36), ClassNormalised, edgeText, "base36")
}

// grouped adds the usual groupings of hex identifiers: UUIDs with dashes, hardware addresses with colons or dashes.
func (d *derivation) grouped(v, bare string, e edge) {
	var forms []string
	switch len(bare) {
	case 32:
		for _, sep := range []string{"-", "_"} {
			forms = append(forms, strings.Join([]string{bare[:8], bare[8:12], bare[12:16], bare[16:20], bare[20:]}, sep))
		}
	case 12:
		for _, sep := range []string{":", "-", "."} {
			var pairs []string
			for i := 0; i < len(bare); i += 2 {
				pairs = append(pairs, bare[i:i+2])
			}
			forms = append(forms, strings.Join(pairs, sep))
		}
	}
	for _, f := range forms {
		d.digest(strings.ToUpper(f), "separators", "upper")
		d.digest(strings.ToLower(f), "separators", "lower")
		if f != v {
			d.add(f, ClassNormalised, e, "separators")
		}
	}
}

func reverse(s string) string {
	r := []rune(s)
	for i, j := 0, len(r)-1; i < j; i, j = i+1, j-1 {
		r[i], r[j] = r[j], r[i]
	}
	return string(r)
}

func isDigits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }
