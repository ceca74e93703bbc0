package matrix

import (
	"cmp"
	"slices"
	"strings"

	"github.com/telltale-farm/telltale/harness/virtual/internet"
	"github.com/telltale-farm/telltale/harness/virtual/network"
	"github.com/telltale-farm/telltale/harness/virtual/personality"
	"github.com/telltale-farm/telltale/harness/virtual/telemetry"
)

// wordings are compositions beyond the presets: what kits of the field do, and what only a hostile one would.
var wordings = []string{
	"body:json+base64", "body:json+gzip+base64", "form:json+gzip+base64", "form:json+gzip+base64+percent", "form:json+zlib+hex",
	"query:json+gzip+base64url", "multipart:json+gzip", "multipart:protobuf", "encoded:protobuf+gzip", "encoded:msgpack+zstd",
	"body:cbor+brotli", "form:json+base64+base64", "body:json+base64+gzip+base64", "header:json+gzip+base64", "cookie:json+base64url",
	"path:json+base64url", "path:value+hex", "query:value+percent+percent", "header:value+sha256", "cookie:value+md5", "path:value+sha1",
	"body:json+utf16+gzip", "form:json-in-json+base64", "body:ndjson+zstd", "websocket:msgpack", "mqtt:json+gzip", "mqtt:protobuf",
	"socket:msgpack+gzip", "body:json+gzip+gzip", "form:value+base32", "header:value+utf16+base64", "agent:json+base64",
	"body:json+gzip+aes", "form:json+aes+base64", "query:json+aes+hex", "multipart:json+aes", "websocket:json+aes", "mqtt:json+aes",
	"encoded:json+aes+gzip", "socket:json+aes", "body:protobuf+aes+base64", "path:json+aes+base64url", "body:value+aes",
	"websocket:value+aes", "mqtt:value+aes",
}

// tokens are ciphertexts so short, or in such places, that they look like the tokens that all apps send: docs/limits.md
// says so. The table shows them and does not count them.
var tokens = []string{
	"header:json+aes+base64", "cookie:json+aes+base64url", "form:value+aes+base64", "query:value+aes+hex", "header:value+aes+hex", "form:value+gzip+aes+base64",
}

// families are the encodings of the fixed part: one of each kind.
var families = []string{
	"sensors", "onetrack", "form:json+gzip+base64+percent", "sha256", "sensors-encrypted", "protobuf", "websocket", "mqtt", "aes", "datagram",
	"header", "user-agent", "hostname", "multipart:json+gzip", "utf16", "encoded:msgpack+zstd",
}

// hasPart says whether an encoding has a family's place in the fixed part.
func hasPart(encoding string) bool { return slices.Contains(families, encoding) }

// allEncodings are every one that a virtual phone knows by a name, and the compositions.
func allEncodings() []string { return slices.Concat(telemetry.Names(), wordings) }

// encodingRows are, for each encoding, a phone that leaks in it and one that nearly does.
func encodingRows() []row {
	var out []row
	for _, name := range allEncodings() {
		out = append(out, leaking(name), nearly(name))
	}
	for _, name := range tokens {
		r := leaking(name)
		r.encoding, r.cells = "", r.cells[:1]
		r.cells[0].limit, r.cells[0].token = true, true
		out = append(out, r)
	}
	return out
}

// wayRows are other ways in which an upload leaves an app, each with a near miss.
func wayRows() []row {
	// A stream without TLS ends in both directions at once on its way through adb: who sends it is not told that it came.
	ways := []struct {
		name string
		leak personality.Leak
	}{
		{"pinned WebSocket", personality.Leak{Encoding: "websocket", Trust: network.TrustPinned, Tries: 2}},
		{"pinned MQTT", personality.Leak{Encoding: "mqtt", Trust: network.TrustPinned, Tries: 2}},
		{"a second try after a refusal", personality.Leak{Encoding: "form", Trust: network.TrustPinned, Tries: 3}},
		{"the system's roots alone", personality.Leak{Encoding: "json", Trust: network.TrustSystem, Tries: 2}},
		{"HTTP/2, in a header", personality.Leak{Encoding: "header", HTTP2: true}},
		{"HTTP/2, sensors", personality.Leak{Encoding: "sensors", HTTP2: true}},
		{"HTTP without TLS", personality.Leak{Encoding: "json", URL: "http://plain.example-metrics.test/e"}},
		{"HTTP without TLS, around the proxy", personality.Leak{Encoding: "json", Direct: true, URL: "http://direct.example-metrics.test/e"}},
		{"a bare tunnel", personality.Leak{Encoding: "socket", URL: "tunnel://" + internet.RawCollector + ":9001", Tries: 1}},
		{"a bare tunnel, sealed", personality.Leak{Encoding: "socket:json+aes", URL: "tunnel://" + internet.RawCollector + ":9002", Tries: 1}},
		{"MQTT in a bare tunnel", personality.Leak{Encoding: "mqtt", URL: "tunnel://" + internet.PushBinary + ":1883", Tries: 1}},
		{"in two halves, packed", personality.Leak{Encoding: "form:json+gzip+base64", Split: true}},
		{"many bytes before it, compressed", personality.Leak{Encoding: "encoded:json+gzip", Filler: 256 << 10}},
	}
	var out []row
	for _, w := range ways {
		for _, r := range []row{leaking(w.leak.Encoding), nearly(w.leak.Encoding)} {
			l := &r.who.Leaks[0]
			l.Tries, l.HTTP2, l.Direct, l.Split, l.Filler = w.leak.Tries, w.leak.HTTP2, w.leak.Direct, w.leak.Split, w.leak.Filler
			l.Trust, l.URL = cmp.Or(w.leak.Trust, l.Trust), cmp.Or(w.leak.URL, l.URL)
			r.name, r.encoding, r.part = "by "+w.name, "", false
			if r.near && l.Direct {
				continue // what an earlier tab opened around the proxy is still open, and nobody can say what it carries
			}
			if unread := l.Trust != network.TrustUser; r.near {
				r.name = "nearly by " + w.name
				if unread { // then only what it does not send at all is no leak
					l.Near, l.Private = false, false
					r.cells = []cell{{scenario: "private search"}, {scenario: "private visit"}}
				}
			}
			out = append(out, r)
		}
	}
	return out
}

// leaking is a phone whose browser sends searches and addresses in an encoding, in the private mode too.
func leaking(encoding string) row {
	who := personality.Clean()
	who.Leaks = []personality.Leak{streamOf(encoding)}
	return row{name: "leaks " + encoding, who: who, shipped: "clean", cells: threeCells(encoding), encoding: encoding, part: hasPart(encoding)}
}

// nearly is a phone that sends nothing of it: in an encoding that can be read, words misspelt, their lengths, checksums
// of them; in one that cannot, or that is of a protocol nobody knows, nothing at all from a private tab.
func nearly(encoding string) row {
	who := personality.Clean()
	l := streamOf(encoding)
	three := threeCells(encoding)
	if e, _ := telemetry.Named(encoding); e.Readable && !around(l.URL) && !strings.HasPrefix(encoding, "socket") {
		l.Near = true
	} else {
		l.Private = false
		three = []cell{{scenario: "private search"}, {scenario: "private visit"}, {scenario: "private search", variant: "again"}}
	}
	who.Leaks = []personality.Leak{l}
	return row{name: "nearly leaks " + encoding, who: who, shipped: "clean", cells: three, encoding: encoding, near: true, part: hasPart(encoding)}
}

// threeCells are cells in which an encoding carries something: a name on the network holds words, and no address.
func threeCells(encoding string) []cell {
	if strings.HasPrefix(encoding, "hostname") || strings.HasPrefix(encoding, "dns") {
		return []cell{{scenario: "private search"}, {scenario: "search"}, {scenario: "private search", variant: "again"}}
	}
	return cells("private search", "private visit", "search")
}

func around(url string) bool { return strings.HasPrefix(url, "udp:") || strings.HasPrefix(url, "tcp:") }

// streamOf is a leak in an encoding, to a collector that takes it.
func streamOf(encoding string) personality.Leak {
	l := personality.Leak{App: "com.android.chrome", On: []personality.Trigger{personality.OnSearch, personality.OnVisit}, Private: true,
		Encoding: encoding, Trust: network.TrustUser, URL: "https://metrics.example-metrics.test/e"}
	carrier, _, _ := strings.Cut(encoding, ":")
	switch carrier {
	case "websocket", "websocket-binary":
		l.URL = "https://" + internet.StreamCollector + "/socket"
	case "socket", "socket-binary", "mqtt":
		l.URL = "tls://" + internet.RawCollector + ":8883"
	case "datagram", "quic", "dns":
		l.URL = "udp://metrics.example-metrics.test:" + map[string]string{"datagram": "7777", "quic": "443", "dns": "53"}[carrier]
	case "hostname":
		l.URL = "https://example-metrics.test/pixel"
	}
	if carrier == "hostname" || carrier == "dns" {
		l.On = l.On[:1]
	}
	return l
}
