package decode

import (
	"bytes"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/klauspost/compress/flate"
)

// TestDeflateFits holds what is said by the head of a block to what a decoder does: one that fits nothing gives nothing.
func TestDeflateFits(t *testing.T) {
	r := rand.New(rand.NewPCG(15, 16))
	var writers []*flate.Writer
	for _, level := range []int{0, 1, 6, 9, flate.HuffmanOnly} {
		w, err := flate.NewWriter(io.Discard, level)
		if err != nil {
			t.Fatal(err)
		}
		writers = append(writers, w)
	}
	decoder := flate.NewReader(bytes.NewReader(nil))
	refused, gave := 0, 0
	for i := range 12_000 {
		b := make([]byte, 16+r.IntN(60))
		for k := range b {
			b[k] = byte(r.Uint32())
		}
		if i%4 == 0 { // what an encoder wrote, a bit of it changed or not
			var out bytes.Buffer
			w := writers[r.IntN(len(writers))]
			w.Reset(&out)
			_, _ = w.Write(runny(r))
			_ = w.Close()
			if b = out.Bytes(); r.IntN(2) == 0 {
				b[r.IntN(min(12, len(b)))] ^= 1 << r.IntN(8)
			}
		}
		if err := decoder.(flate.Resetter).Reset(bytes.NewReader(b), nil); err != nil {
			t.Fatal(err)
		}
		out, err := io.ReadAll(io.LimitReader(decoder, 1<<16))
		switch fits := deflateFits(b); {
		case !fits && (len(out) > 0 || err == nil):
			t.Fatalf("%x does not fit, and gives %q, %v", b, out, err)
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

// TestNextStretch holds the stretches of text that are found from their ends to those that are found byte by byte.
func TestNextStretch(t *testing.T) {
	r := rand.New(rand.NewPCG(17, 18))
	letters := []string{"a", "Z", " ", "{", "é", "я", "好", "😀", "\x00", "\x7f", "\x80", "\xc3", "\xe5\xa5", "\xff", "\xc0\x80", "\xed\xa0\x80", "\u0085", "\ufffd", "\x1e"}
	type stretch struct{ start, end int }
	found := 0
	for range 20_000 {
		b := runny(r)
		for range r.IntN(40) {
			n := 1
			if r.IntN(3) == 0 {
				n += r.IntN(14)
			}
			for range n {
				b = append(b, letters[r.IntN(len(letters))]...)
			}
		}
		if len(b) > 300 && r.IntN(8) > 0 {
			b = b[len(b)-300:]
		}
		var each, ends []stretch
		for i := 0; i < len(b); {
			end := i + textRun(b[i:])
			if end-i >= minStretch {
				each = append(each, stretch{i, end})
			}
			i = max(end, i+1)
		}
		m := maskOf(b)
		for i := nextStretch(b, 0, m); i < len(b); i = nextStretch(b, i, m) {
			end := i + max(1, textRun(b[i:]))
			if end-i >= minStretch {
				ends = append(ends, stretch{i, end})
			}
			i = end
		}
		if len(each) != len(ends) {
			t.Fatalf("stretches %v, byte by byte %v, in %q", ends, each, b)
		}
		for i := range each {
			if each[i] != ends[i] {
				t.Fatalf("stretches %v, byte by byte %v, in %q", ends, each, b)
			}
		}
		found += len(each)
	}
	if found < 5000 {
		t.Errorf("%d stretches: the inputs test little", found)
	}
}
