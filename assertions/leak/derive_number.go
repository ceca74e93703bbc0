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
	d.phone(v, digits)
	if len(digits) == 15 { // IMEI, as phones show it
		for _, sep := range []string{"-", " ", "/"} {
			d.add(digits[:2]+sep+digits[2:8]+sep+digits[8:14]+sep+digits[14:], ClassNormalised, edgeNumber, "separators")
			d.add(digits[:8]+sep+digits[8:14]+sep+digits[14:], ClassNormalised, edgeNumber, "separators")
		}
	}
	n, ok := wholeOf(digits)
	if !ok {
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

// wholeOf reads digits of which none is in front for nothing, as a number writes them.
func wholeOf(digits string) (uint64, bool) {
	n, err := strconv.ParseUint(digits, 10, 64)
	return n, err == nil && len(digits) >= 6 && digits[0] != '0'
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
