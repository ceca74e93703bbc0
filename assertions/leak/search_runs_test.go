package leak

import (
	"bytes"
	"compress/gzip"
	"crypto/md5"
	"encoding/hex"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/telltale-farm/telltale/capture/decode"
)

// longRuns makes bytes with long runs of one byte, or of a period that may be a needle, and needles beside and inside.
func longRuns(r *rand.Rand, needles []Needle) []byte {
	var b []byte
	for range 1 + r.IntN(5) {
		n := 1 + r.IntN(4*minRun)
		value := needles[r.IntN(len(needles))].Value
		switch r.IntN(8) {
		case 0, 1:
			b = append(b, make([]byte, n)...)
		case 2:
			b = append(b, bytes.Repeat([]byte{byte(r.Uint32())}, n)...)
		case 3:
			b = append(b, bytes.Repeat([]byte("0a f,"[r.IntN(5):][:1]), n)...)
		case 4:
			b = append(b, strings.Repeat(value, 1+r.IntN(3))...)
		case 5:
			sum := md5.Sum([]byte(value))
			b = append(b, sum[:]...)
		case 6:
			sum := md5.Sum([]byte(value))
			b = append(b, hex.EncodeToString(sum[:4+r.IntN(13)])...)
		case 7:
			b = append(b, value[:r.IntN(len(value))]...)
		}
	}
	return b
}

// TestRunsHideNothing holds a search that steps over runs of one byte to one that looks at every place.
func TestRunsHideNothing(t *testing.T) {
	needles := append(vectorNeedles(), Needle{"zeros", ValueText, "0000000000"}, Needle{"letters", ValueText, "aaaaaaaaaaaa"}, Needle{"blanks", ValueText, "x      "})
	s, err := NewSearcher(needles, decode.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(21, 22))
	rounds := 300
	if raceDetector || testing.Short() {
		rounds = 60
	}
	type place struct {
		filter, at, end int
		what            int32
	}
	found, stepped := 0, 0
	for i := range rounds {
		v := longRuns(r, needles)
		search := func(runs []run) (out []place) {
			for k, f := range []*sieve{&s.texts, &s.short, &s.words} {
				f.candidates(v, runs, func(p int32, at int) { out = append(out, place{k, at, at, p}) })
			}
			digest := func(d *digest, start, end int) { out = append(out, place{-1, start, end, d.needle}) }
			s.digests.inText(v, runs, digest)
			s.digests.inBytes(v, true, runs, digest)
			s.digests.inBytes(v, false, runs, digest)
			return out
		}
		runs := runsOf(nil, v)
		each, over := search(nil), search(runs)
		if !slices.Equal(each, over) {
			n := 0
			for n < min(len(each), len(over)) && each[n] == over[n] {
				n++
			}
			t.Fatalf("%d: with runs %v found %d, without them %d; from the %dth on\n%v\nand\n%v\nin %.200q", i, runs, len(over), len(each), n, over[n:min(n+9, len(over))], each[n:min(n+9, len(each))], v)
		}
		found += len(each)
		stepped += len(runs)
	}
	if res := s.Search(decode.Sent{Body: bytes.Repeat([]byte("velvet okapi 7f3a91, "), 1<<15)}); len(res.Hits) == 0 {
		t.Error("a canary that is all there is, over and over, is not found")
	}
	if found < rounds || stepped*2 < rounds {
		t.Errorf("%d places found and %d runs: the inputs test little", found, stepped)
	}
}

// TestRunsOf holds the runs to what they are byte by byte.
func TestRunsOf(t *testing.T) {
	r := rand.New(rand.NewPCG(23, 24))
	for i := range 2000 {
		v := longRuns(r, manyNeedles(20))
		var want []run
		for at := 0; at < len(v); {
			end := at
			for end < len(v) && v[end] == v[at] {
				end++
			}
			if end-at >= 2*minRun {
				want = append(want, run{at, end})
			}
			at = end
		}
		got, last := runsOf(nil, v), 0
		for _, x := range got {
			if x.start < last || x.end-x.start < minRun || len(bytes.Trim(v[x.start:x.end], string(v[x.start:x.start+1]))) > 0 ||
				x.start > 0 && v[x.start-1] == v[x.start] || x.end < len(v) && v[x.end] == v[x.start] {
				t.Fatalf("%d: %v of %v is no run, or not all of one", i, x, got)
			}
			last = x.end
		}
		for _, x := range want {
			if !slices.Contains(got, x) {
				t.Fatalf("%d: run %v is not among %v", i, x, got)
			}
		}
	}
}

// TestCanaryInBomb hides a canary where what is made to grow is one byte: it is found wherever it stands within the
// limit, a near miss is not, and what lies behind the limit is said to be cut.
func TestCanaryInBomb(t *testing.T) {
	s, err := NewSearcher(vectorNeedles(), decode.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	const size = 2 << 20
	fillers, places := []string{"\x00", "\x00\x01\x02\x03\x04", "a", "\xff", "velvet "}, []int{600_001, decode.RatioFloor - 64, 0}
	if raceDetector || testing.Short() {
		fillers, places = fillers[:1], places[:2]
	}
	for _, filler := range fillers {
		for _, at := range places {
			plain := []byte(strings.Repeat(filler, size/len(filler)))
			canary := " velvet okapi 7f3a91 "
			if at == 0 {
				canary = canary[1:]
			}
			copy(plain[at:], canary)
			res := s.Search(decode.Sent{Body: packed(t, plain)})
			if len(res.Truncated) == 0 || len(res.Hits) != 1 || res.Hits[0].Class != ClassExact || res.Hits[0].Needle != "text" {
				t.Errorf("canary at %d in gzip of %q: %v, %+v", at, filler, res.Truncated, res.Hits)
			}
			copy(plain[at:], strings.Replace(canary, "okapi", "okapo", 1))
			if res = s.Search(decode.Sent{Body: packed(t, plain)}); len(res.Hits) > 0 || len(res.Truncated) == 0 {
				t.Errorf("near miss at %d in gzip of %q: %v, %+v", at, filler, res.Truncated, res.Hits)
			}
		}
	}
}

func packed(t *testing.T, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}
