package decode

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"
	"unicode/utf8"

	"github.com/pierrec/lz4/v4"
)

// runny makes bytes of which long stretches are one byte, with something else at edges that fall everywhere.
func runny(r *rand.Rand) []byte {
	var b []byte
	for range r.IntN(6) {
		switch n := 1 + r.IntN(3*runBlock); r.IntN(5) {
		case 0, 1:
			b = append(b, bytes.Repeat([]byte{byte(r.Uint32())}, n)...)
		case 2:
			b = append(b, make([]byte, n)...)
		case 3:
			b = append(b, "velvet okapi 7f3a91 кукушка\x1f\x8b\x08"[:1+r.IntN(35)]...)
		case 4:
			for range n {
				b = append(b, byte(r.Uint32()))
			}
		}
	}
	return b
}

// TestRuns holds what is said of stretches of one byte to what is said byte by byte.
func TestRuns(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 12))
	wanted := kinds(func(c byte) bool { return c == 'v' || c == 0x1f || c > 0xf0 })
	for i := range 3000 {
		b := runny(r)
		var m mask
		var count [256]uint32
		next, text := len(b), 0
		for at := len(b) - 1; at >= 0; at-- {
			m |= classes[b[at]]
			count[b[at]]++
			if wanted[b[at]] {
				next = at
			}
		}
		for text < len(b) {
			c, n := utf8.DecodeRune(b[text:])
			if c == utf8.RuneError && n < 2 || c >= 0x7f && c < 0xa0 || c == 0xfffd || c < ' ' && !textByte(byte(c)) {
				break
			}
			text += n
		}
		var sum uint64
		for _, n := range count {
			if n > 0 {
				sum += uint64(n) * (log2(uint64(len(b))) - log2(uint64(n)))
			}
		}
		bits := int(sum * 1000 / uint64(max(1, len(b))) >> 16)
		if len(b) == 0 {
			bits = 0
		}
		got := fmt.Sprint(maskOf(b), nextOf(b, 0, &wanted), textRun(b), entropy(b))
		if want := fmt.Sprint(m, next, text, bits); got != want {
			t.Fatalf("%d: classes, place, text and entropy are %s, byte by byte %s: %q", i, got, want, b)
		}
	}
}

// TestUniform tells runs of one byte from what nearly is one.
func TestUniform(t *testing.T) {
	for n := 1; n < 70; n++ {
		b := bytes.Repeat([]byte{7}, n)
		if !uniform(b) {
			t.Errorf("%d times the same byte are no run", n)
		}
		for i := 0; i < n && n > 1; i++ {
			b[i] = 8
			if uniform(b) {
				t.Errorf("a run of %d with another byte at %d", n, i)
			}
			b[i] = 7
		}
	}
	if uniform(nil) {
		t.Error("nothing is a run")
	}
}

// TestLZ4Size holds the size that is found out beforehand to what the decoder does, on blocks of an encoder, cut and changed.
func TestLZ4Size(t *testing.T) {
	r := rand.New(rand.NewPCG(13, 14))
	var c lz4.Compressor
	blocks, refused := 0, 0
	for range 20_000 {
		plain := runny(r)
		if r.IntN(2) == 0 {
			plain = plain[:min(len(plain), 40)]
		}
		b := make([]byte, lz4.CompressBlockBound(len(plain)))
		n, err := c.CompressBlock(plain, b)
		if err != nil {
			t.Fatal(err)
		}
		if b = b[:n]; n == 0 || r.IntN(8) == 0 { // not to be compressed
			b = bytes.Clone(plain)
		}
		for range r.IntN(3) {
			switch {
			case len(b) == 0:
			case r.IntN(2) == 0:
				b[r.IntN(len(b))] = byte(r.Uint32())
			default:
				b = b[:r.IntN(len(b)+1)]
			}
		}
		const most = 1 << 14
		n, err = lz4.UncompressBlock(b, make([]byte, most))
		size, ok := lz4Size(b, most)
		if ok != (err == nil) || ok && size != n {
			t.Fatalf("%x: found out %d, %v; decoded %d, %v", b, size, ok, n, err)
		}
		if !ok {
			refused++
			continue
		}
		blocks++
		if n, err = lz4.UncompressBlock(b, make([]byte, size)); err != nil || n != size {
			t.Fatalf("%x: decoded %d, %v into the %d bytes that were found out", b, n, err, size)
		}
	}
	if blocks < 1000 || refused < 1000 {
		t.Errorf("%d blocks and %d that are none: the inputs test little", blocks, refused)
	}
}
