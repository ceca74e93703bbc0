package screen

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"math/bits"
)

// encode writes a PNG file (RFC 2083) of a picture most of whose rows are as the one above: such a row is a few copies of
// what is there already (RFC 1951), and none of its pixels is looked at. A general encoder hashes two million of them,
// which is most of what a virtual phone's processor time went into.
func encode(img *image.Paletted) []byte {
	w, h := img.Rect.Dx(), img.Rect.Dy()
	var out bytes.Buffer
	out.WriteString("\x89PNG\r\n\x1a\n")
	head := binary.BigEndian.AppendUint32(nil, uint32(w))
	head = binary.BigEndian.AppendUint32(head, uint32(h))
	chunk(&out, "IHDR", append(head, 8, 3, 0, 0, 0)) // eight bits a pixel, each the number of a colour
	var colours []byte
	for _, c := range img.Palette {
		c := color.RGBAModel.Convert(c).(color.RGBA)
		colours = append(colours, c.R, c.G, c.B)
	}
	chunk(&out, "PLTE", colours)
	chunk(&out, "IDAT", pixels(img, w, h))
	chunk(&out, "IEND", nil)
	return out.Bytes()
}

func chunk(out *bytes.Buffer, kind string, data []byte) {
	at := out.Len() + 4
	_ = binary.Write(out, binary.BigEndian, uint32(len(data)))
	out.WriteString(kind)
	out.Write(data)
	_ = binary.Write(out, binary.BigEndian, crc32.ChecksumIEEE(out.Bytes()[at:]))
}

// pixels is a zlib stream (RFC 1950) of the rows, each with a 0 before it: no filter.
func pixels(img *image.Paletted, w, h int) []byte {
	z := deflater{out: []byte{0x78, 0x01}}
	z.bits(0b011, 3) // the last block, with the fixed codes
	var before []byte
	same := 0 // rows that were as the one before them, and are not written yet
	again := func() {
		z.copies(same*(w+1), w+1)
		same = 0
	}
	var sum, weighed uint64 // of the last row
	a, b := uint64(1), uint64(0)
	for y := range h {
		row := img.Pix[y*img.Stride:][:w]
		if w < window && w >= 2 && bytes.Equal(row, before) {
			same++
		} else {
			again()
			z.literal(0)
			sum, weighed = z.runs(row)
		}
		before = row
		b = (b + uint64(w+1)*a + weighed) % adlerMod
		a = (a + sum) % adlerMod
	}
	again()
	z.literal(256) // the end of the block
	z.bits(0, 7)   // to the end of its byte
	return binary.BigEndian.AppendUint32(z.out, uint32(b<<16|a))
}

const (
	adlerMod = 65521
	window   = 1 << 15 // how far back a copy may begin
	longest  = 258
)

// deflater writes codes, the lowest bit first.
type deflater struct {
	out []byte
	acc uint64
	n   int
}

func (z *deflater) bits(v uint64, n int) {
	z.acc |= v << z.n
	for z.n += n; z.n >= 8; z.n -= 8 {
		z.out = append(z.out, byte(z.acc))
		z.acc >>= 8
	}
}

// code writes a Huffman code, the highest bit first.
func (z *deflater) code(v uint16, n int) { z.bits(uint64(bits.Reverse16(v)>>(16-n)), n) }

// literal writes a byte, or with 256 and more what is not one.
func (z *deflater) literal(v int) {
	switch {
	case v < 144:
		z.code(uint16(0x30+v), 8)
	case v < 256:
		z.code(uint16(0x190+v-144), 9)
	case v < 280:
		z.code(uint16(v-256), 7)
	default:
		z.code(uint16(0xc0+v-280), 8)
	}
}

// runs writes a row by how often each pixel is repeated, and gives its part in Adler-32: the sum of its bytes, and that of
// each byte times its place from the end.
func (z *deflater) runs(row []byte) (sum, weighed uint64) {
	for i := 0; i < len(row); {
		j := i + 1
		for j < len(row) && row[j] == row[i] {
			j++
		}
		z.literal(int(row[i]))
		if n := j - i - 1; n >= 3 {
			z.copies(n, 1)
		} else {
			for range n {
				z.literal(int(row[i]))
			}
		}
		v, n := uint64(row[i]), uint64(j-i)
		sum += v * n
		weighed += v * n * uint64(2*len(row)-i-j+1) / 2
		i = j
	}
	return sum, weighed
}

// copies repeats what was written: n bytes, none or 3 and more, that begin so far back.
func (z *deflater) copies(n, back int) {
	if n >= longest+3 { // nearly all of a picture
		whole, wide := copied(longest, back)
		for ; n >= longest+3; n -= longest { // the last one must not be shorter than 3
			z.bits(whole, wide)
		}
	}
	if n > longest {
		part, wide := copied(n-3, back)
		z.bits(part, wide)
		n = 3
	}
	if n > 0 {
		part, wide := copied(n, back)
		z.bits(part, wide)
	}
}

// copied gives the bits of one copy, and how many they are: 31 at most.
func copied(n, back int) (v uint64, wide int) {
	var z deflater
	x := n - 3
	switch {
	case n == longest:
		z.literal(285)
	case x < 8:
		z.literal(257 + x)
	default:
		extra := bits.Len(uint(x)) - 3
		z.literal(257 + 4*extra + x>>extra)
		z.bits(uint64(x)&(1<<extra-1), extra)
	}
	if x = back - 1; x < 4 {
		z.code(uint16(x), 5)
	} else {
		extra := bits.Len(uint(x)) - 2
		z.code(uint16(2*extra+x>>extra), 5)
		z.bits(uint64(x)&(1<<extra-1), extra)
	}
	for i, b := range z.out {
		v |= uint64(b) << (8 * i)
	}
	return v | z.acc<<(8*len(z.out)), 8*len(z.out) + z.n
}
