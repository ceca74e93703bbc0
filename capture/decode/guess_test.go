package decode

import (
	"bytes"
	"encoding/base64"
	"math/rand/v2"
	"testing"
	"unicode/utf8"

	"github.com/klauspost/compress/s2"
)

// Each look that spares a trial is held here to the trial it spares.

func randomBytes(r *rand.Rand, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

func TestSnappyFits(t *testing.T) {
	r := rand.New(rand.NewPCG(41, 42))
	refused, gave := 0, 0
	for i := range 20_000 {
		b := randomBytes(r, 1+r.IntN(40))
		if i%4 == 0 {
			if b = s2.EncodeSnappy(nil, runny(r)); r.IntN(2) == 0 {
				b[r.IntN(min(4, len(b)))] ^= 1 << r.IntN(8)
			}
		}
		n, err := s2.DecodedLen(b)
		if err != nil || n == 0 || n > 1<<20 {
			continue
		}
		_, err = s2.Decode(nil, b)
		switch fits := snappyFits(b); {
		case !fits && err == nil:
			t.Fatalf("%x does not fit, and decodes", b)
		case !fits:
			refused++
		case err == nil:
			gave++
		}
	}
	if refused < 2000 || gave < 1000 {
		t.Errorf("%d refused and %d that decode: the inputs test little", refused, gave)
	}
}

func TestHopeless(t *testing.T) {
	r := rand.New(rand.NewPCG(43, 44))
	letters := []rune("az09 кукушка好😀é")
	said := map[bool]int{}
	for range 20_000 {
		var b []byte
		for len(b) < 64 {
			b = utf8.AppendRune(b, letters[r.IntN(len(letters))])
		}
		for range r.IntN(3) {
			b[r.IntN(len(b))] ^= 1 << r.IntN(8)
		}
		head := b[:hopelessHead/4*3]
		text := false
		for cut := range 4 {
			text = text || utf8.Valid(head[:len(head)-cut])
		}
		want := !text && magicOf(head) == magicNone
		if got := hopeless([]byte(base64.StdEncoding.EncodeToString(b))); got != want {
			t.Fatalf("base64 of %q is hopeless: %v, want %v", b, got, want)
		}
		said[want]++
	}
	if said[true] < 2000 || said[false] < 2000 {
		t.Errorf("%v: the inputs test little", said)
	}
}

func TestCommonest(t *testing.T) {
	r := rand.New(rand.NewPCG(45, 46))
	for i := range 2000 {
		b := runny(r)
		if i%2 == 0 {
			b = randomBytes(r, r.IntN(100))
		}
		if len(b) > xorHead {
			b = b[:xorHead]
		}
		var want commonest
		want.of = len(b)
		for c := range 256 {
			n := bytes.Count(b, []byte{byte(c)})
			if n > 0 {
				want.kinds++
			}
			if n > want.count {
				want.byte, want.count = byte(c), n
			}
		}
		got := commonestOf(b)
		if len(b) == 0 {
			got.byte = 0 // of none there is none
		}
		if got != want {
			t.Fatalf("%+v, want %+v: %x", got, want, b)
		}
	}
}

// TestLZLetters: a stream that ends before its text does is one only if letters follow.
func TestLZLetters(t *testing.T) {
	const packed = "N4IgbgpgNhDGIC5QBcYEsDGBbCA7EAvkA"
	for _, c := range []struct {
		behind string
		ok     bool
	}{{"", true}, {"AAAA", true}, {"+-$", true}, {"_", false}, {"A.A", false}, {"A=A", false}} {
		if got := lzLetters([]byte(packed + c.behind)); got != c.ok {
			t.Errorf("%q behind: %v", c.behind, got)
		}
	}
}
