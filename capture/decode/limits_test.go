package decode

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/hex"
	"slices"
	"strings"
	"testing"

	"github.com/telltale-farm/telltale/capture/flow"
)

func gzipped(t testing.TB, b []byte) []byte {
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

// quine is a gzip file that decompresses to itself (research.swtch.com/zip, 2010).
const quine = "1f8b08000000000000ff000a00f5ff1f8b08000000000000ff000a00f5ff1f8b08000000000000ff"

func repeat(n int, f func([]byte) []byte, b []byte) []byte {
	for range n {
		b = f(b)
	}
	return b
}

// TestBombs sends what is made to be more than it seems. Each must end, and say which limit it ran into.
func TestBombs(t *testing.T) {
	encode := func(b []byte) []byte { return []byte(base64.StdEncoding.EncodeToString(b)) }
	nest := func(b []byte) []byte { // protobuf field 1, length, content
		n := len(b)
		return append(append([]byte{0x0a}, varint(n)...), b...)
	}
	for _, c := range []struct {
		name string
		body []byte
		want []string
	}{
		{"gzip of 64 MiB of one letter", gzipped(t, bytes.Repeat([]byte("a"), 64<<20)), []string{LimitRatio}},
		{"gzip of gzip of 64 MiB", gzipped(t, gzipped(t, bytes.Repeat([]byte("a"), 64<<20))), []string{LimitRatio}},
		{"base64 thirty times", repeat(30, encode, []byte("velvet okapi")), []string{LimitDepth}},
		{"gzip thirty times", repeat(30, func(b []byte) []byte { return gzipped(t, b) }, []byte("velvet okapi")), []string{LimitDepth}},
		{"JSON strings in JSON strings", repeat(14, quoteJSON, []byte(`"velvet okapi"`)), nil},
		{"arrays a thousand deep", []byte(strings.Repeat("[", 1000) + `"velvet okapi"` + strings.Repeat("]", 1000)), []string{LimitDepth}},
		{"arrays that never close", []byte(strings.Repeat(`[{"a":`, 100_000)), []string{LimitDepth}},
		{"protobuf messages a hundred deep", repeat(100, nest, []byte("\x0a\x0cvelvet okapi")), []string{LimitDepth}},
		{"a million empty values", append([]byte("["), bytes.Repeat([]byte(`"abcd",`), 3_000_000)...), []string{LimitNodes}},
		{"many members of gzip", bytes.Repeat(gzipped(t, bytes.Repeat([]byte("ab"), 1<<18)), 64), nil},
		{"percent signs", bytes.Repeat([]byte("%25"), 1<<16), nil},
		{"ampersands and equal signs", bytes.Repeat([]byte("a=&"), 1<<18), nil},
		{"backslashes", bytes.Repeat([]byte(`\\`), 1<<18), nil},
		{"open brackets in text", append([]byte("x"), bytes.Repeat([]byte(`{"`), 1<<16)...), nil},
		{"tags that never close", bytes.Repeat([]byte("<a b="), 1<<16), nil},
		{"boundaries", bytes.Repeat([]byte("--b\r\n"), 1<<16), nil},
		{"dots and letters", bytes.Repeat([]byte("eyJ."), 1<<16), nil},
		{"zeros", make([]byte, 1<<20), nil},
		{"quine", mustHex(t, quine), nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			limits := DefaultLimits()
			limits.Bytes = 64 << 20
			rep := Peel(Sent{Body: c.body}, limits, func(*Value) bool { return true })
			for _, l := range c.want {
				if !slices.Contains(rep.Limits, l) {
					t.Errorf("limits hit: %v, want %q among them", rep.Limits, l)
				}
			}
		})
	}
}

func TestCutBodyIsSaid(t *testing.T) {
	rep := Peel(Sent{Body: []byte("velvet"), BodyCut: true}, Limits{}, func(*Value) bool { return true })
	if !slices.Equal(rep.Limits, []string{LimitBodyCut}) {
		t.Errorf("limits: %v", rep.Limits)
	}
	if rep = Peel(Sent{Body: []byte("velvet")}, Limits{}, func(*Value) bool { return true }); len(rep.Limits) != 0 {
		t.Errorf("limits of a whole body: %v", rep.Limits)
	}
}

// TestWithinLimits holds ordinary bodies, large ones among them, against being called a bomb.
func TestWithinLimits(t *testing.T) {
	var events bytes.Buffer
	for i := range 20_000 {
		events.WriteString(`{"event":"page_view","n":` + string(rune('0'+i%10)) + `,"properties":{"url":"https://a.example/` + strings.Repeat(string(rune('a'+i%26)), i%30) + `"}}` + "\n")
	}
	for name, body := range map[string][]byte{"events": events.Bytes(), "events in gzip": gzipped(t, events.Bytes()), "events in gzip in base64": []byte(base64.StdEncoding.EncodeToString(gzipped(t, events.Bytes())))} {
		if rep := Peel(Sent{Body: body}, Limits{}, func(*Value) bool { return true }); len(rep.Limits) != 0 || len(rep.Opaque) != 0 {
			t.Errorf("%s: limits %v, opaque %v", name, rep.Limits, rep.Opaque)
		}
	}
}

func TestVisitCanStop(t *testing.T) {
	n := 0
	Peel(Sent{Target: "https://a.example/b?c=defgh", Body: []byte(`["velvet","okapi","quokka"]`)}, Limits{}, func(*Value) bool { n++; return n < 3 })
	if n != 3 {
		t.Errorf("visited %d values after it said stop at 3", n)
	}
}

func varint(n int) []byte {
	var out []byte
	for ; n >= 0x80; n >>= 7 {
		out = append(out, byte(n)|0x80)
	}
	return append(out, byte(n))
}

func quoteJSON(b []byte) []byte {
	return []byte(`"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(string(b)) + `"`)
}

func mustHex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestContentEncodingMayLie sends a body in clear, or cut, under every content-encoding: tools remove the encoding and leave the header.
func TestContentEncodingMayLie(t *testing.T) {
	plain := []byte(`{"q":"velvet okapi","words":"nothing to see here, move along"}`)
	shown := func(encoding string, body []byte) bool {
		found := false
		Peel(Sent{Body: body, Headers: []flow.Header{{Name: "Content-Encoding", Value: encoding}}}, Limits{}, func(v *Value) bool {
			found = found || string(v.Data) == "velvet okapi"
			return true
		})
		return found
	}
	for _, e := range []string{"gzip", "x-gzip", "deflate", "br", "zstd", "snappy", "lz4", "compress", "identity", "gzip, br", "nonsense"} {
		for _, body := range [][]byte{plain, append([]byte(" \n"), plain...)} {
			if !shown(e, body) {
				t.Errorf("%s: a body in clear was not read", e)
			}
		}
	}
	zipped := gzipped(t, bytes.Repeat(plain, 50))
	if !shown("gzip", zipped[:len(zipped)-4]) || !shown("gzip", append(bytes.Clone(zipped), "trailing"...)) {
		t.Error("a gzip body that was cut, or has more behind it, was not read")
	}
}
