package leak

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"math"
	"slices"
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

// grouped adds the usual groupings of hex identifiers: UUIDs with dashes, hardware addresses with colons or dashes.
func (d *derivation) grouped(v, bare string, e edge) {
	var forms []string
	switch len(bare) {
	case 32:
		forms = []string{bare[:8] + "-" + bare[8:12] + "-" + bare[12:16] + "-" + bare[16:20] + "-" + bare[20:]}
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

// number derives from decimal digits: IMEI, phone number, account number.
func (d *derivation) number(v string) {
	d.add(v, ClassExact, edgeNumber)
	digits := strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, v)
	if digits != v {
		d.add(digits, ClassNormalised, edgeNumber, "no-separators")
		d.digest(digits, "no-separators")
	}
	d.add(reverse(digits), ClassNormalised, edgeNumber, "reversed")
	if len(digits) == 15 { // IMEI, as phones show it
		for _, sep := range []string{"-", " ", "/"} {
			d.add(digits[:2]+sep+digits[2:8]+sep+digits[8:14]+sep+digits[14:], ClassNormalised, edgeNumber, "separators")
			d.add(digits[:8]+sep+digits[8:14]+sep+digits[14:], ClassNormalised, edgeNumber, "separators")
		}
	}
	n, err := strconv.ParseUint(digits, 10, 64)
	if err != nil || len(digits) < 6 || digits[0] == '0' {
		return
	}
	d.integer(n)
	if len(digits) < 12 {
		return
	}
	d.add(strconv.FormatUint(n, 16), ClassNormalised, edgeHex, "hex-number")
	d.add(strconv.FormatUint(n, 36), ClassNormalised, edgeText, "base36")
	if bcd, err := hex.DecodeString(digits + strings.Repeat("f", len(digits)%2)); err == nil {
		d.bytes(bcd, "bcd")
		d.bytes(swapNibbles(bcd), "bcd-swapped")
	}
	if bcd, err := hex.DecodeString(strings.Repeat("0", len(digits)%2) + digits); err == nil {
		d.bytes(bcd, "bcd")
	}
}

// integer adds a number as binary formats hold it. In a parsed format it is compared as a number; in unknown bytes only
// forms of at least 40 significant bits count.
func (d *derivation) integer(n uint64, names ...string) {
	class := ClassExact
	if len(names) > 0 {
		class = ClassNormalised
	}
	d.numbers[n] = append(d.numbers[n], number{d.needle, names, class})
	if n < 1<<40 {
		return
	}
	var b [10]byte
	// Without the zeros that fill it up: some formats leave them out.
	short := bytes.TrimLeft(binary.BigEndian.AppendUint64(nil, n), "\x00")
	d.integerBytes(short, append(names, "int64-be")...)
	short = bytes.Clone(short)
	slices.Reverse(short)
	d.integerBytes(short, append(names, "int64-le")...)
	d.bytes(smile(n<<1), append(names, "zigzag-be")...)
	d.bytes(append([]byte(nil), b[:binary.PutUvarint(b[:], n)]...), append(names, "varint")...)
	d.bytes(append([]byte(nil), b[:binary.PutUvarint(b[:], n<<1)]...), append(names, "zigzag")...)
	if n < 1<<53 {
		f := math.Float64bits(float64(n))
		d.bytes(binary.BigEndian.AppendUint64(nil, f), append(names, "float64-be")...)
		d.bytes(binary.LittleEndian.AppendUint64(nil, f), append(names, "float64-le")...)
	}
}

// smile writes a number as Smile does: in groups of seven bits, highest first, and a last one of six, which alone is marked.
func smile(n uint64) []byte {
	out := []byte{byte(n&0x3f | 0x80)}
	for n >>= 6; n > 0; n >>= 7 {
		out = append(out, byte(n&0x7f))
	}
	slices.Reverse(out)
	return out
}

func swapNibbles(b []byte) []byte {
	out := make([]byte, len(b))
	for i, c := range b {
		out[i] = c<<4 | c>>4
	}
	return out
}

func reverse(s string) string {
	r := []rune(s)
	for i, j := 0, len(r)-1; i < j; i, j = i+1, j-1 {
		r[i], r[j] = r[j], r[i]
	}
	return string(r)
}

func isDigits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }
