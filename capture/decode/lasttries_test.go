package decode

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/s2"
)

// TestSnappyAdds holds what the lengths of raw snappy say to what a decoder says: what it makes sense of, adds up.
func TestSnappyAdds(t *testing.T) {
	r := rand.New(rand.NewPCG(51, 52))
	refused, gave := 0, 0
	for i := range 8000 {
		plain := runny(r)
		b, key := s2.EncodeSnappy(nil, plain), byte(r.Uint32())
		if i%2 == 0 {
			b[r.IntN(min(6, len(b)))] ^= 1 << r.IntN(8)
		}
		if n, err := s2.DecodedLen(b); err == nil && n > 1<<20 {
			continue // memory for a length that the flipped bit made
		}
		out, err := s2.Decode(nil, b)
		fits := snappyAdds(b, 0)
		for k := range b {
			b[k] ^= key
		}
		if fits != snappyAdds(b, key) {
			t.Fatalf("%x: a key changes the answer", b)
		}
		switch usual := len(out)*4 >= len(b)*3 && len(out) <= len(b)*32; {
		case err == nil && usual && !fits:
			t.Fatalf("%x decodes to %q, and does not add up", b, out)
		case err != nil && fits:
			t.Fatalf("%x adds up, and does not decode", b)
		case fits:
			gave++
		default:
			refused++
		}
	}
	if refused < 1000 || gave < 1000 {
		t.Errorf("%d refused and %d that decode: the inputs test little", refused, gave)
	}
}

// TestBeginsFixed holds it to an encoder, and to text that begins with other letters than those of ASCII.
func TestBeginsFixed(t *testing.T) {
	for text, want := range map[string]bool{`{"q":1,"w":2}`: true, "kukushka": true, "\tq\n12": true, "кукушка": false, "\x01\x02\x03\x04\x05": false} {
		var out bytes.Buffer
		w, err := flate.NewWriter(&out, 9)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = w.Write([]byte(text))
		_ = w.Close()
		b := append(out.Bytes(), make([]byte, 16)...)
		if b[0]>>1&3 != 1 {
			t.Fatalf("%q: the block has type %d", text, b[0]>>1&3)
		}
		if got := beginsFixed(b); got != want {
			t.Errorf("%q: got %v, want %v", text, got, want)
		}
	}
}

// TestNothingWhereNothingIs: random bytes, tokens and sentences are no base64 of another kind, no deflate behind a header
// and nothing that was combined with a byte.
func TestNothingWhereNothingIs(t *testing.T) {
	r := rand.New(rand.NewPCG(53, 54))
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/*-!"
	for range 800 {
		b := randomBytes(r, 24+r.IntN(600))
		token := make([]byte, len(b))
		for i := range b {
			token[i] = letters[int(b[i])%(62+r.IntN(5))]
		}
		for _, data := range [][]byte{b, token} {
			rep := Peel(Sent{Body: data}, Limits{}, func(v *Value) bool {
				for _, tr := range v.Transforms() {
					if tr == "alphabet" || tr == "xor" || tr == "deflate" || tr == "offset" || tr == "nibbles" {
						t.Fatalf("%q: %s says %q", data, v.Location(), v.Data)
					}
				}
				return true
			})
			if len(rep.Limits) > 0 {
				t.Fatalf("%q: %v", data, rep.Limits)
			}
		}
	}
}
