package leak

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/telltale-farm/telltale/capture/decode"
)

// sizeOf is how many bytes of a message went over the wire, framing apart.
func sizeOf(s decode.Sent) int64 {
	n := len(s.Target) + len(s.Body)
	for _, h := range s.Headers {
		n += len(h.Name) + len(h.Value)
	}
	return int64(n)
}

// manyNeedles are n canaries of all kinds, the vectors' own first.
func manyNeedles(n int) []Needle {
	out := vectorNeedles()
	src := noise{rand.New(rand.NewPCG(3, 4))}
	for i := len(out); i < n; i++ {
		switch id := fmt.Sprint("n", i); i % 4 {
		case 0:
			out = append(out, Needle{id, ValueText, src.pick("amber", "copper", "silver") + " " + src.hex(4)})
		case 1:
			out = append(out, Needle{id, ValueURL, "https://canary-" + src.hex(5) + ".example/p/" + src.hex(3) + "?q=1"})
		case 2:
			h := src.hex(16)
			out = append(out, Needle{id, ValueID, h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]})
		case 3:
			out = append(out, Needle{id, ValueNumber, fmt.Sprintf("86%013d", src.r.Int64N(1e13))})
		}
	}
	return out[:n]
}

func BenchmarkSearch(b *testing.B) {
	src := noise{rand.New(rand.NewPCG(5, 6))}
	var requests []decode.Sent
	var size int64
	for range 2000 {
		r := src.request()
		requests = append(requests, r)
		size += sizeOf(r)
	}
	for _, n := range []int{1, 10, 100, 1000} {
		b.Run(fmt.Sprintf("canaries=%d", n), func(b *testing.B) {
			s, err := NewSearcher(manyNeedles(n), decode.Limits{})
			if err != nil {
				b.Fatal(err)
			}
			b.SetBytes(size)
			b.ReportAllocs()
			for b.Loop() {
				for _, r := range requests {
					s.Search(r)
				}
			}
		})
	}
}

// BenchmarkSearchLarge searches one body of 4 MiB of JSON events: what the walk costs when nothing else is in the way.
func BenchmarkSearchLarge(b *testing.B) {
	src := noise{rand.New(rand.NewPCG(7, 8))}
	var body []byte
	for len(body) < 4<<20 {
		body = append(append(body, `{"event":"page_view","url":"https://www.example.com/news/`+src.hex(3)+`","title":"nothing to see here, move along","props":{"a":"`+src.pick("one", "two", "three")+` words of text","n":12345}}`...), '\n')
	}
	for _, n := range []int{1, 1000} {
		b.Run(fmt.Sprintf("canaries=%d", n), func(b *testing.B) {
			s, err := NewSearcher(manyNeedles(n), decode.Limits{})
			if err != nil {
				b.Fatal(err)
			}
			sent := decode.Sent{Target: "https://a.example/", Body: body}
			b.SetBytes(sizeOf(sent))
			b.ReportAllocs()
			for b.Loop() {
				s.Search(sent)
			}
		})
	}
}

func BenchmarkNewSearcher(b *testing.B) {
	needles := manyNeedles(1000)
	for b.Loop() {
		if _, err := NewSearcher(needles, decode.Limits{}); err != nil {
			b.Fatal(err)
		}
	}
}
