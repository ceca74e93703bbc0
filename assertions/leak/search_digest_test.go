package leak

import (
	"bytes"
	"crypto/md5"
	"crypto/sha256"
	"math/rand/v2"
	"testing"

	"github.com/telltale-farm/telltale/capture/decode"
)

// TestRawDigestAnywhere puts whole digests at every place of a value, side by side too, and holds what is found to that.
func TestRawDigestAnywhere(t *testing.T) {
	const value = "velvet okapi 7f3a91"
	s, err := NewSearcher([]Needle{{"n", ValueText, value}}, decode.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	m, h := md5.Sum([]byte(value)), sha256.Sum256([]byte(value))
	r := rand.New(rand.NewPCG(31, 32))
	for before := range 40 {
		for after := range 9 {
			v := make([]byte, before, 200)
			for i := range v {
				v[i] = byte(r.Uint32())
			}
			v = append(append(v, m[:]...), h[:]...)
			for range after {
				v = append(v, byte(r.Uint32()))
			}
			var got [][]byte
			s.digests.inBytes(v, true, nil, func(_ *digest, start, end int) { got = append(got, v[start:end]) })
			if len(got) != 2 || !bytes.Equal(got[0], m[:]) || !bytes.Equal(got[1], h[:]) {
				t.Fatalf("%d bytes before and %d behind: found %x", before, after, got)
			}
			s.digests.inBytes(v[:before+len(m)-1], true, nil, func(_ *digest, start, end int) {
				if before > 0 {
					t.Fatalf("a digest that is cut off is found in the middle of a value, from %d to %d", start, end)
				}
			})
		}
	}
}
