package leak

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/telltale-farm/telltale/capture/decode"
	"github.com/telltale-farm/telltale/capture/record"
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
	for range 2000 {
		requests = append(requests, src.request())
	}
	for _, n := range []int{1, 10, 100, 1000} {
		b.Run(fmt.Sprintf("canaries=%d", n), func(b *testing.B) {
			s, err := NewSearcher(manyNeedles(n), decode.Limits{})
			if err != nil {
				b.Fatal(err)
			}
			searchEach(b, s, requests)
		})
	}
}

// searchEach searches requests again and again. Beside the wall clock it tells MB of wire bytes a second of processor time,
// in which cleaning up memory counts, and of the quickest pass over all of them: a virtual machine whose host is busy counts
// as processor time what others took from it, and only the quickest pass goes up and down little.
func searchEach(b *testing.B, s *Searcher, requests []decode.Sent) {
	var size int64
	for _, r := range requests {
		size += sizeOf(r)
	}
	b.SetBytes(size)
	b.ReportAllocs()
	start := processorTime(b)
	quickest := time.Duration(1<<63 - 1)
	for b.Loop() {
		pass := time.Now()
		for _, r := range requests {
			s.Search(r)
		}
		quickest = min(quickest, time.Since(pass))
	}
	b.ReportMetric(float64(size)*float64(b.N)/1e6/(processorTime(b)-start).Seconds(), "cpu-MB/s")
	b.ReportMetric(float64(size)/1e6/quickest.Seconds(), "best-MB/s")
}

func processorTime(b *testing.B) time.Duration {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkSearchHAR searches the requests in the HARs of the folder that TELLTALE_HARS names, as SDKs sent them.
func BenchmarkSearchHAR(b *testing.B) {
	files, err := filepath.Glob(filepath.Join(os.Getenv("TELLTALE_HARS"), "*.har"))
	if err != nil || os.Getenv("TELLTALE_HARS") == "" {
		b.Skip("TELLTALE_HARS names no folder", err)
	}
	var requests []decode.Sent
	for _, name := range files {
		in, err := os.Open(name)
		if err != nil {
			b.Fatal(err)
		}
		for e, err := range record.ReadHAR(in, record.HARLimits{}) {
			if err != nil {
				b.Fatalf("%s: %v", name, err)
			}
			requests = append(requests, decode.Sent{Method: e.Method, Target: e.URL, Headers: e.Headers, Trailers: e.Trailers, Body: e.Body})
			for _, m := range e.Messages {
				requests = append(requests, decode.Sent{Kind: decode.KindMessage, Body: m.Data})
			}
		}
		_ = in.Close()
	}
	for _, n := range []int{1, 1000} {
		b.Run(fmt.Sprintf("canaries=%d", n), func(b *testing.B) {
			s, err := NewSearcher(manyNeedles(n), decode.Limits{})
			if err != nil {
				b.Fatal(err)
			}
			searchEach(b, s, requests)
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
			searchEach(b, s, []decode.Sent{{Target: "https://a.example/", Body: body}})
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
