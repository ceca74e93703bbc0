package telemetry

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"encoding/base32"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"io"
	"mime"
	"mime/multipart"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/andybalholm/brotli"
	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"
	"golang.org/x/net/dns/dnsmessage"

	"github.com/telltale-farm/telltale/harness/virtual/manifest"
)

const query = "tea & café №7"

func oddBatch(extra ...Event) Batch {
	return Batch{URL: "https://collector.example-metrics.test/c?v=2", Device: phone, Now: time.UnixMilli(2), Events: append([]Event{{
		Time: time.UnixMilli(1), Name: "search", Values: []Value{{Key: "engine", Kind: manifest.Harmless, Text: "google"}, {Key: "q", Kind: manifest.Query, Text: query}},
	}}, extra...)}
}

// plainJSON is the document of oddBatch, as another tool would write it.
const plainJSON = `[{"event":"search","time":1,"app":"com.mi.globalbrowser.mini","install":"8f3b1c1e-1f0a-4a7e-9a0b-2c6d5e4f3a21","props":{"engine":"google","q":"tea & café №7"}}]`

func inflate(t *testing.T, r io.Reader, err error) string {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func fromGzip(t *testing.T, b []byte) string {
	r, err := gzip.NewReader(bytes.NewReader(b))
	return inflate(t, r, err)
}

func field(t *testing.T, form, key string) string {
	t.Helper()
	v, err := url.ParseQuery(form)
	if err != nil {
		t.Fatal(err)
	}
	return v.Get(key)
}

// TestPresets undoes each preset with other code than made it. Digests and base32 are from Python's hashlib and base64.
func TestPresets(t *testing.T) {
	undo := map[string]func(t *testing.T, r Request) (got, want string){
		"json": func(_ *testing.T, r Request) (string, string) { return string(r.Body), plainJSON },
		"ndjson": func(_ *testing.T, r Request) (string, string) {
			return string(r.Body), strings.Trim(plainJSON, "[]") + "\n"
		},
		"form": func(_ *testing.T, r Request) (string, string) {
			return string(r.Body), "engine=google&q=tea+%26+caf%C3%A9+%E2%84%967"
		},
		"query": func(_ *testing.T, r Request) (string, string) {
			return r.URL, "https://collector.example-metrics.test/c?v=2&engine=google&q=tea%20%26%20caf%C3%A9%20%E2%84%967"
		},
		"path": func(_ *testing.T, r Request) (string, string) {
			return r.URL, "https://collector.example-metrics.test/c/google/tea%20%26%20caf%C3%A9%20%E2%84%967?v=2"
		},
		"header": func(_ *testing.T, r Request) (string, string) {
			return r.Header.Get("X-M-Q"), "tea%20%26%20caf%C3%A9%20%E2%84%967"
		},
		"cookie": func(_ *testing.T, r Request) (string, string) {
			return r.Header.Get("Cookie"), "engine=google; q=tea%20%26%20caf%C3%A9%20%E2%84%967"
		},
		"percent-twice": func(t *testing.T, r Request) (string, string) {
			return field(t, string(r.Body), "q"), "tea%20%26%20caf%C3%A9%20%E2%84%967"
		},
		"json-in-json": func(t *testing.T, r Request) (string, string) {
			var outer struct{ Data string }
			if err := json.Unmarshal(r.Body, &outer); err != nil {
				t.Fatal(err)
			}
			return outer.Data, plainJSON
		},
		"multipart": func(t *testing.T, r Request) (string, string) {
			_, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
			if err != nil {
				t.Fatal(err)
			}
			part, err := multipart.NewReader(bytes.NewReader(r.Body), params["boundary"]).NextPart()
			if part.FormName() != "d" {
				t.Errorf("part is named %q", part.FormName())
			}
			return inflate(t, part, err), plainJSON
		},
		"base64": func(t *testing.T, r Request) (string, string) {
			b, err := base64.StdEncoding.DecodeString(field(t, string(r.Body), "d"))
			return inflate(t, bytes.NewReader(b), err), plainJSON
		},
		"base64url": func(t *testing.T, r Request) (string, string) {
			b, err := base64.RawURLEncoding.DecodeString(field(t, r.URL[strings.Index(r.URL, "?")+1:], "d"))
			return inflate(t, bytes.NewReader(b), err), plainJSON
		},
		"base32": func(t *testing.T, r Request) (string, string) {
			b, err := base32.StdEncoding.DecodeString(field(t, string(r.Body), "d"))
			return inflate(t, bytes.NewReader(b), err), plainJSON
		},
		"hex": func(t *testing.T, r Request) (string, string) {
			b, err := hex.DecodeString(field(t, string(r.Body), "d"))
			return inflate(t, bytes.NewReader(b), err), plainJSON
		},
		"gzip":      func(t *testing.T, r Request) (string, string) { return fromGzip(t, r.Body), plainJSON },
		"gzip-bare": func(t *testing.T, r Request) (string, string) { return fromGzip(t, r.Body), plainJSON },
		"zlib": func(t *testing.T, r Request) (string, string) {
			z, err := zlib.NewReader(bytes.NewReader(r.Body))
			return inflate(t, z, err), plainJSON
		},
		"deflate": func(t *testing.T, r Request) (string, string) {
			return inflate(t, flate.NewReader(bytes.NewReader(r.Body)), nil), plainJSON
		},
		"deflate-bare": func(t *testing.T, r Request) (string, string) {
			return inflate(t, flate.NewReader(bytes.NewReader(r.Body)), nil), plainJSON
		},
		"brotli": func(t *testing.T, r Request) (string, string) {
			return inflate(t, brotli.NewReader(bytes.NewReader(r.Body)), nil), plainJSON
		},
		"brotli-bare": func(t *testing.T, r Request) (string, string) {
			return inflate(t, brotli.NewReader(bytes.NewReader(r.Body)), nil), plainJSON
		},
		"zstd":      func(t *testing.T, r Request) (string, string) { return fromZstd(t, r.Body), plainJSON },
		"zstd-bare": func(t *testing.T, r Request) (string, string) { return fromZstd(t, r.Body), plainJSON },
		"md5":       func(t *testing.T, r Request) (string, string) { return field(t, string(r.Body), "q")[:8], "37d00354" },
		"sha1":      func(t *testing.T, r Request) (string, string) { return field(t, string(r.Body), "q")[:8], "aac1296c" },
		"sha256":    func(t *testing.T, r Request) (string, string) { return field(t, string(r.Body), "q")[:8], "feecb1b0" },
		"sha512":    func(t *testing.T, r Request) (string, string) { return field(t, string(r.Body), "q")[:8], "49fc9fce" },
		"utf16": func(_ *testing.T, r Request) (string, string) {
			return holds(r.Body, "740065006100200026002000630061006600e900200016213700")
		},
		"protobuf": func(_ *testing.T, r Request) (string, string) {
			// field 3, length 21, of which: 1 "q", 2 the value
			return holds(r.Body, "1a150a017112"+hex.EncodeToString(append([]byte{byte(len(query))}, query...)))
		},
		"msgpack": func(_ *testing.T, r Request) (string, string) {
			return holds(r.Body, hex.EncodeToString(append([]byte{0xa1, 'q', 0xa0 | byte(len(query))}, query...)))
		},
		"cbor": func(_ *testing.T, r Request) (string, string) {
			return holds(r.Body, hex.EncodeToString(append([]byte{0x61, 'q', 0x60 | byte(len(query))}, query...)))
		},
		"websocket": func(t *testing.T, r Request) (string, string) {
			if r.Messages[0].Binary || !strings.HasPrefix(r.URL, "wss://") {
				t.Errorf("binary %v, url %s", r.Messages[0].Binary, r.URL)
			}
			return string(r.Messages[0].Data), plainJSON
		},
		"websocket-binary": func(t *testing.T, r Request) (string, string) {
			if !r.Messages[0].Binary {
				t.Error("gzip is sent as text")
			}
			return fromGzip(t, r.Messages[0].Data), plainJSON
		},
		"socket": func(_ *testing.T, r Request) (string, string) {
			return string(r.Stream), "\x11" + lengthOf(plainJSON) + plainJSON
		},
		"socket-binary": func(t *testing.T, r Request) (string, string) {
			z, err := zlib.NewReader(bytes.NewReader(r.Stream[5:]))
			return holds([]byte(inflate(t, z, err)), "1a150a017112"+hex.EncodeToString(append([]byte{byte(len(query))}, query...)))
		},
		"mqtt": func(_ *testing.T, r Request) (string, string) {
			// CONNECT by hand after the standard; the length of PUBLISH has two bytes.
			connect := "\x10\x26\x00\x04MQTT\x04\x02\x00\x3c\x00\x1amcom.mi.globalbrowser.mini"
			size := len(plainJSON) + 2 + len("events/d")
			return string(r.Stream), connect + "\x30" + string([]byte{byte(size) | 0x80, byte(size >> 7)}) + "\x00\x08events/d" + plainJSON + "\xe0\x00"
		},
		"user-agent": func(_ *testing.T, r Request) (string, string) {
			return r.Header.Get("User-Agent"), "com.mi.globalbrowser.mini/3.4.0 (Android 9) google tea%20%26%20caf%C3%A9%20%E2%84%967"
		},
		"hostname": func(_ *testing.T, r Request) (string, string) {
			return r.URL, "https://" + hex.EncodeToString([]byte(query)) + ".collector.example-metrics.test/c?v=2"
		},
		"datagram": func(_ *testing.T, r Request) (string, string) { return string(r.Packets[0]), "\x5a\x00" + plainJSON },
		"quic": func(_ *testing.T, r Request) (string, string) {
			if p := r.Packets[0]; len(p) != maxDatagram || bytes.Contains(p, []byte("google")) {
				return "readable or short", ""
			}
			return string(r.Packets[0][:6]), "\xc3\x00\x00\x00\x01\x08"
		},
		"dns": func(t *testing.T, r Request) (string, string) {
			var m dnsmessage.Message
			if err := m.Unpack(r.Packets[1]); err != nil {
				t.Fatal(err)
			}
			return m.Questions[0].Name.String(), hex.EncodeToString([]byte(query)) + ".collector.example-metrics.test."
		},
		"aes": func(_ *testing.T, r Request) (string, string) {
			if bytes.Contains(r.Body, []byte("search")) || len(r.Body)%16 != 0 {
				return "readable", ""
			}
			return "", ""
		},
	}
	for name := range presets() {
		t.Run(name, func(t *testing.T) {
			e, ok := Named(name)
			if !ok || undo[name] == nil {
				t.Fatalf("encoding %v, a way to undo it %v", ok, undo[name] != nil)
			}
			if e.Readable == (name == "aes" || name == "quic") {
				t.Errorf("readable: %v", e.Readable)
			}
			r, err := e.Encode(oddBatch())
			if err != nil {
				t.Fatal(err)
			}
			if got, want := undo[name](t, r); got != want {
				t.Errorf("got  %q\nwant %q", got, want)
			}
			var queries int
			for _, c := range r.Carries {
				if c.Kind == manifest.Harmless || c.Value == "google" {
					t.Errorf("a harmless value is listed: %+v", c)
				}
				if c.Kind == manifest.Query && c.Value == query && len(c.Chain) > 0 {
					queries++
				}
			}
			if queries != 1 {
				t.Errorf("the query is listed %d times: %+v", queries, r.Carries)
			}
		})
	}
}

func lengthOf(text string) string {
	n := len(text)
	return string([]byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)})
}

func holds(b []byte, want string) (string, string) {
	if text := hex.EncodeToString(b); !strings.Contains(text, want) {
		return text, want
	}
	return want, want
}

func fromZstd(t *testing.T, b []byte) string {
	t.Helper()
	r, err := zstd.NewReader(bytes.NewReader(b), zstd.WithDecoderConcurrency(1))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	return inflate(t, r, nil)
}

func TestContentEncoding(t *testing.T) {
	for name, want := range map[string]string{"gzip": "gzip", "brotli": "br", "zstd": "zstd", "deflate": "deflate", "gzip-bare": "", "zlib": "", "encoded:json+base64+zlib": "deflate"} {
		e, _ := Named(name)
		r, err := e.Encode(oddBatch())
		if err != nil || r.Header.Get("Content-Encoding") != want {
			t.Errorf("%s: Content-Encoding %q, %v; want %q", name, r.Header.Get("Content-Encoding"), err, want)
		}
	}
}

func TestChains(t *testing.T) {
	for name, want := range map[string]string{
		"form:json+gzip+base64":     "body > form d > base64 > gzip > json [0].props.q",
		"encoded:json+base64+zstd":  "body > content-encoding zstd > base64 > json [0].props.q",
		"json-in-json":              "body > json data > json [0].props.q",
		"sha256":                    "body > form q > sha256",
		"header:value+base64url":    "header X-M-Q > base64url",
		"query:value+hex+percent":   "url > query q > percent > hex",
		"path:value+base64url":      "url > path segment > base64url",
		"multipart:protobuf+gzip":   "body > multipart d > gzip > protobuf 3[0].3[1].2",
		"websocket:msgpack+deflate": "websocket message > deflate > msgpack [0].props.q",
		"cookie:value+base64url":    "header Cookie > cookie q > base64url",
		"mqtt:json+gzip":            "stream > mqtt publish > gzip > json [0].props.q",
		"body:ndjson+utf16":         "body > utf16 > json lines [0].props.q",
	} {
		e, ok := Named(name)
		if !ok {
			t.Errorf("no encoding %s", name)
			continue
		}
		r, err := e.Encode(oddBatch())
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for _, c := range r.Carries {
			if c.Kind != manifest.Query {
				continue
			}
			if got := strings.Join(c.Chain, " > "); got != want {
				t.Errorf("%s: chain %q, want %q", name, got, want)
			}
		}
	}
}

func TestNamedRefuses(t *testing.T) {
	for _, name := range []string{"", "sensors2", "body", "body:", "body:json+rot13", "pigeon:json", "encoded:json", "encoded:json+base64", "body:json" + strings.Repeat("+hex", 9)} {
		if _, ok := Named(name); ok {
			t.Errorf("%q is an encoding", name)
		}
	}
	for _, name := range []string{"header:json+gzip", "cookie:value", "header:value", "dns:value", "dns:json+hex"} {
		e, ok := Named(name)
		if !ok {
			t.Fatalf("no encoding %s", name)
		}
		if _, err := e.Encode(oddBatch()); err == nil {
			t.Errorf("%s carried what it cannot hold", name)
		}
	}
}

func TestNamesAreAllKnown(t *testing.T) {
	names := Names()
	for _, name := range names {
		e, ok := Named(name)
		if !ok || e.Name != name || e.Batch < 1 {
			t.Errorf("%s: %+v, %v", name, e, ok)
		}
		b := oddBatch()
		if _, err := e.Encode(b); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if len(names) < 35 {
		t.Errorf("%d encodings", len(names))
	}
}

func TestLongDatagramsAreCut(t *testing.T) {
	b := oddBatch()
	b.Events[0].Values = append(b.Events[0].Values, Value{Key: "trace", Text: strings.Repeat("x", 5000)})
	for name, packets := range map[string]int{"datagram": 5, "quic": 5} {
		e, _ := Named(name)
		r, err := e.Encode(b)
		if err != nil || len(r.Packets) != packets {
			t.Errorf("%s: %d packets, %v; want %d", name, len(r.Packets), err, packets)
		}
		for _, p := range r.Packets {
			if len(p) > maxDatagram {
				t.Errorf("%s: a packet of %d", name, len(p))
			}
		}
	}
}

func TestIdentifierOfABatchIsListedOnce(t *testing.T) {
	e, _ := Named("json")
	r, err := e.Encode(oddBatch(oddBatch().Events...))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range r.Carries {
		got = append(got, string(c.Kind))
	}
	if d := cmp.Diff([]string{"identifier", "query", "query"}, got); d != "" {
		t.Error(d)
	}
}

func FuzzJSON(f *testing.F) {
	for _, seed := range []string{"", `a"b\c/d`, "\x00\x1f\u2028", "\xff\xfe", "é№😀", "\u007f\t\r\n\b"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, s := range []slashes{plainSlash, escapedSlash} {
			var back map[string]string
			if err := json.Unmarshal([]byte(jsonText(object{{"k", text}}, s)), &back); err != nil {
				t.Fatal(err)
			}
			if want := strings.ToValidUTF8(text, "�"); back["k"] != want && strings.ReplaceAll(back["k"], "�", "") != strings.ReplaceAll(want, "�", "") {
				t.Errorf("%q came back as %q", text, back["k"])
			}
			if back, err := url.QueryUnescape(formPercent(text)); err != nil || back != text {
				t.Errorf("form escape of %q came back as %q, %v", text, back, err)
			}
			if back, err := url.PathUnescape(percent(text)); err != nil || back != text {
				t.Errorf("escape of %q came back as %q, %v", text, back, err)
			}
		}
	})
}
