package leak

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/url"
	"testing"

	"github.com/telltale-farm/telltale/capture/decode"
	"github.com/telltale-farm/telltale/capture/flow"
)

// noise makes requests of the shapes that SDKs send, from values that are like canaries and are none.
type noise struct{ r *rand.Rand }

func (n noise) pick(s ...string) string { return s[n.r.IntN(len(s))] }
func (n noise) hex(k int) string {
	b := make([]byte, k)
	for i := range b {
		b[i] = byte(n.r.Uint32())
	}
	return hex.EncodeToString(b)
}

func (n noise) value() any {
	switch n.r.IntN(12) {
	case 0:
		h := n.hex(16)
		return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
	case 1:
		return "867254" + fmt.Sprintf("%09d", n.r.IntN(1e9)) // the same type code as the canary
	case 2:
		return 867254_000_000_000 + n.r.Int64N(1e9)
	case 3:
		return n.hex(16 + 4*n.r.IntN(5))
	case 4:
		return n.pick("velvet", "okapi", "quokka", "zephyr") + " " + n.pick("velvet", "okapis", "gantry") + " " + n.hex(3)
	case 5:
		return "https://canary-" + n.hex(2) + ".example/path/" + n.hex(3) + "?q=" + n.pick("a+b", "a%20b") + "&lang=fr"
	case 6:
		return "zéphyr " + n.pick("кукушки", "сорока") + " " + n.hex(3)
	case 7:
		return n.r.Float64() * 1e15
	case 8:
		return n.r.IntN(2) == 0
	case 9:
		return base64.StdEncoding.EncodeToString([]byte(n.hex(8)))
	case 10:
		return map[string]any{"a": n.value(), n.pick("url", "id", "b"): n.value()}
	}
	return []any{n.value(), n.pick("Chrome", "com.android.browser", "zh_CN", "Redmi Note 8")}
}

func (n noise) request() decode.Sent {
	event := map[string]any{}
	for range 2 + n.r.IntN(12) {
		event[n.pick("event", "time", "url", "query", "device", "session", "props", "lib", "page", "ref")+n.hex(n.r.IntN(2))] = n.value()
	}
	body, err := json.Marshal(event)
	if err != nil {
		panic(err)
	}
	for range n.r.IntN(4) {
		body = n.wrap(body)
	}
	sent := decode.Sent{Method: "POST", Target: "https://" + n.pick("a", "b") + ".example/" + n.hex(4) + "?t=" + n.hex(6), Body: body}
	sent.Headers = []flow.Header{{Name: "User-Agent", Value: "Dalvik/2.1.0 (Linux; U; Android 10; Redmi Note 8 MIUI/V12.0.3)"}, {Name: "X-Request-Id", Value: n.hex(16)}}
	return sent
}

func (n noise) wrap(b []byte) []byte {
	packed := func(open func(io.Writer) io.WriteCloser) []byte {
		var out bytes.Buffer
		w := open(&out)
		_, _ = w.Write(b)
		_ = w.Close()
		return out.Bytes()
	}
	switch n.r.IntN(6) {
	case 0:
		return packed(func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) })
	case 1:
		return packed(func(w io.Writer) io.WriteCloser { return zlib.NewWriter(w) })
	case 2:
		return []byte(base64.StdEncoding.EncodeToString(b))
	case 3:
		return []byte("v=1&data=" + url.QueryEscape(string(b)) + "&crc=" + fmt.Sprint(n.r.Int32()))
	case 4:
		return []byte(hex.EncodeToString(b))
	}
	return append(append([]byte{0x0a}, varintBytes(len(b))...), b...)
}

func varintBytes(n int) []byte {
	var out []byte
	for ; n >= 0x80; n >>= 7 {
		out = append(out, byte(n)|0x80)
	}
	return append(out, byte(n))
}

// TestNoise searches 10 000 requests that hold no canary, and nothing that could not be read.
func TestNoise(t *testing.T) {
	s, err := NewSearcher(vectorNeedles(), decode.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	n := noise{rand.New(rand.NewPCG(1, 2))}
	count := 10_000
	if testing.Short() || raceDetector {
		count = 1000
	}
	for i := range count {
		sent := n.request()
		r := s.Search(sent)
		if len(r.Hits)+len(r.Opaque)+len(r.Truncated) > 0 {
			t.Fatalf("request %d, of no canary and nothing hidden: %+v\n%q\n%x", i, r, sent.Target, sent.Body)
		}
	}
}

// TestSearchIsTheSameAtAnyTime searches the same requests in another order and in parallel.
func TestSearchIsTheSameAtAnyTime(t *testing.T) {
	s, err := NewSearcher(vectorNeedles(), decode.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	vectors := readVectors(t)
	want := make([]string, len(vectors))
	for i, v := range vectors {
		want[i] = fmt.Sprintf("%+v", s.Search(v.leak))
	}
	for seed := range uint64(8) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			for _, i := range rand.New(rand.NewPCG(seed, 0)).Perm(len(vectors)) {
				if got := fmt.Sprintf("%+v", s.Search(vectors[i].leak)); got != want[i] {
					t.Fatalf("%s: got %s, want %s", vectors[i].name, got, want[i])
				}
			}
		})
	}
}
