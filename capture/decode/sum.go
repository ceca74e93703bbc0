package decode

import (
	"encoding/binary"
	"math/bits"
)

// sum recognises bytes that were peeled before. It need not resist anybody: two messages that collide would have to be made so.
type sum [2]uint64

func sumOf(b []byte, seed uint64) sum {
	const k0, k1, k2 = 0x9e3779b97f4a7c15, 0xd6e8feb86659fd93, 0xa0761d6478bd642f
	x, y := seed^k0^uint64(len(b)), seed^k1
	for len(b) >= 16 {
		a, c := binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[8:])
		h, l := bits.Mul64(a^x^k2, c^k1)
		x = bits.RotateLeft64(x, 29) ^ l + h
		h, l = bits.Mul64(c^y^k0, a^k2)
		y = bits.RotateLeft64(y, 31)*k0 ^ h + l
		b = b[16:]
	}
	var tail [16]byte
	copy(tail[:], b)
	a, c := binary.LittleEndian.Uint64(tail[:]), binary.LittleEndian.Uint64(tail[8:])
	h, l := bits.Mul64(a^x^k1, c^k0)
	g, k := bits.Mul64(c^y^k2, a^k1)
	return sum{h ^ l ^ y, g ^ k ^ x}
}
