package harness_test

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"text/tabwriter"

	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/harness/virtual/internet"
	"github.com/telltale-farm/telltale/harness/virtual/manifest"
	"github.com/telltale-farm/telltale/harness/virtual/network"
	"github.com/telltale-farm/telltale/harness/virtual/personality"
	"github.com/telltale-farm/telltale/harness/virtual/telemetry"
)

// row is one way of leaking. Its host is its own, or its port is: that is how a finding or a reason is told to be its.
type row struct {
	name string
	leak personality.Leak
}

func (r row) host() string {
	u, err := url.Parse(r.leak.URL)
	if err != nil {
		return ""
	}
	return u.Hostname()
}

// alone says what two rows of one phone may not share: bytes around the proxy are counted by app, not by place.
func (r row) alone() string {
	u, _ := url.Parse(r.leak.URL)
	if r.leak.Direct || u.Scheme == "tcp" || u.Scheme == "udp" {
		return "around the proxy"
	}
	return u.Hostname()
}

// wordings are compositions beyond the presets: what kits of the field do, and what only a hostile one would.
var wordings = []string{
	"body:json+base64", "body:json+gzip+base64", "form:json+gzip+base64", "form:json+gzip+base64+percent", "form:json+zlib+hex",
	"query:json+gzip+base64url", "multipart:json+gzip", "multipart:protobuf", "encoded:protobuf+gzip", "encoded:msgpack+zstd",
	"body:cbor+brotli", "form:json+base64+base64", "body:json+base64+gzip+base64", "header:json+gzip+base64", "cookie:json+base64url",
	"path:json+base64url", "path:value+hex", "query:value+percent+percent", "header:value+sha256", "cookie:value+md5", "path:value+sha1",
	"body:json+utf16+gzip", "form:json-in-json+base64", "body:ndjson+zstd", "websocket:msgpack", "mqtt:json+gzip", "mqtt:protobuf",
	"socket:msgpack+gzip", "body:json+gzip+gzip", "form:value+base32", "header:value+utf16+base64",
	"body:json+gzip+aes", "form:json+aes+base64", "query:json+aes+hex", "multipart:json+aes", "websocket:json+aes", "mqtt:json+aes",
	"encoded:json+aes+gzip", "socket:json+aes", "body:protobuf+aes+base64",
	"path:json+aes+base64url", "body:value+aes", "websocket:value+aes", "mqtt:value+aes",
}

// tokens are ciphertexts so short, or in such places, that they look like the tokens that all apps send: docs/limits.md
// says so. The table shows them; a verdict need not.
var tokens = []string{
	"header:json+aes+base64", "cookie:json+aes+base64url", "form:value+aes+base64", "query:value+aes+hex", "header:value+aes+hex", "form:value+gzip+aes+base64",
}

// rows are all ways of leaking that are tried.
func rows() []row {
	var all []row
	for _, encoding := range slices.Concat(telemetry.Names(), wordings, tokens) {
		all = append(all, row{name: encoding, leak: personality.Leak{Encoding: encoding, URL: collectorFor(encoding, len(all))}})
	}
	add := func(name string, l personality.Leak) {
		l.Encoding = cmp.Or(l.Encoding, "json")
		l.URL = cmp.Or(l.URL, collectorFor(l.Encoding, len(all)))
		all = append(all, row{name: name, leak: l})
	}
	add("pinned", personality.Leak{Trust: network.TrustPinned, Tries: 2})
	add("pinned after the handshake", personality.Leak{Trust: network.TrustPinned, Late: true, Tries: 2})
	add("pinned, HTTP/2", personality.Leak{Trust: network.TrustPinned, Late: true, HTTP2: true, Tries: 2})
	add("system roots alone", personality.Leak{Trust: network.TrustSystem, Tries: 2})
	add("pinned WebSocket", personality.Leak{Encoding: "websocket", Trust: network.TrustPinned, Tries: 2})
	add("pinned MQTT", personality.Leak{Encoding: "mqtt", Trust: network.TrustPinned, Tries: 2})
	add("HTTP/2", personality.Leak{HTTP2: true})
	add("HTTP/2, header", personality.Leak{HTTP2: true, Encoding: "header"})
	add("HTTP/2, sensors", personality.Leak{HTTP2: true, Encoding: "sensors"})
	add("plain HTTP", personality.Leak{URL: "http://plain.example-metrics.test/e"})
	add("direct HTTPS", personality.Leak{Direct: true})
	add("direct HTTP", personality.Leak{Direct: true, URL: "http://direct.example-metrics.test/e"})
	add("raw tunnel", personality.Leak{Encoding: "socket", URL: "tunnel://" + internet.RawCollector + ":9001"})
	add("raw tunnel, sealed", personality.Leak{Encoding: "socket:json+aes", URL: "tunnel://" + internet.RawCollector + ":9002"})
	add("MQTT in a bare tunnel", personality.Leak{Encoding: "mqtt", URL: "tunnel://" + internet.PushBinary + ":1883"})
	add("raw socket", personality.Leak{Encoding: "socket", URL: "tcp://" + internet.RawCollector + ":9003"})
	add("a second try after a refusal", personality.Leak{Trust: network.TrustPinned, Tries: 3, Encoding: "form"})
	add("in two halves", personality.Leak{Split: true})
	add("in two halves, packed", personality.Leak{Split: true, Encoding: "form:json+gzip+base64"})
	add("many bytes before it", personality.Leak{Filler: 256 << 10})
	add("body too long, compressed", personality.Leak{Filler: 256 << 10, Encoding: "encoded:json+gzip"})
	return all
}

// collectorFor is a place that takes what an encoding is carried by, with a name of the row's own where it can be.
func collectorFor(encoding string, n int) string {
	own := fmt.Sprintf("row%d.example-metrics.test", n)
	carrier, _, _ := strings.Cut(encoding, ":")
	switch carrier {
	case "websocket", "websocket-binary":
		return "https://" + internet.StreamCollector + "/socket"
	case "socket", "socket-binary", "mqtt":
		return "tls://" + internet.RawCollector + ":8883"
	case "datagram", "quic", "dns":
		return "udp://" + own + ":" + map[string]string{"datagram": "7777", "quic": "443", "dns": "53"}[carrier]
	}
	return "https://" + own + "/e"
}

// rowsPerPhone is how many rows share a phone: what one of them shows is told from the others by its host.
const rowsPerPhone = 12

// phones puts rows together that do not get in each other's way.
func phones(all []row) [][]row {
	var out [][]row
	for _, r := range all {
		at := slices.IndexFunc(out, func(group []row) bool {
			return len(group) < rowsPerPhone && !slices.ContainsFunc(group, func(o row) bool { return o.alone() == r.alone() })
		})
		if at < 0 {
			out, at = append(out, nil), len(out)
		}
		out[at] = append(out[at], r)
	}
	return out
}

// TestEveryEncoding leaks a private search in every way that a virtual phone knows, and compares what the verdict says of
// each with what the phone's manifest says: delivered and readable must be found; anything else that was sent must keep
// the verdict from being clean.
func TestEveryEncoding(t *testing.T) {
	if testing.Short() {
		t.Skip("drives virtual phones")
	}
	var mu sync.Mutex
	lines := map[string]string{}
	places := make(chan struct{}, 5)
	t.Run("phones", func(t *testing.T) {
		for i, group := range phones(rows()) {
			t.Run(fmt.Sprint(i), func(t *testing.T) {
				t.Parallel()
				places <- struct{}{}
				defer func() { <-places }()
				for name, line := range leakAll(t, group) {
					mu.Lock()
					lines[name] = line
					mu.Unlock()
				}
			})
		}
	})
	var table strings.Builder
	w := tabwriter.NewWriter(&table, 0, 0, 2, ' ', 0)
	for _, r := range rows() {
		fmt.Fprintf(w, "%s\t%s\n", r.name, lines[r.name])
	}
	w.Flush()
	t.Log("\n" + table.String())
}

// leakAll makes one search on a phone that leaks it in all the ways given, and gives a line for each.
func leakAll(t *testing.T, group []row) map[string]string {
	who := clean(nil)
	for _, r := range group {
		l := r.leak
		l.App, l.On, l.Private = "com.android.chrome", []personality.Trigger{personality.OnSearch}, true
		l.Trust = cmp.Or(l.Trust, network.TrustUser)
		who.Leaks = append(who.Leaks, l)
	}
	r := newRig(t, who, "clean")
	l := r.lease()
	_, err := r.search(l, nil)
	if err := l.Release(context.WithoutCancel(t.Context())); err != nil {
		t.Error("release:", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	verdicts, err := leak.Judge(r.bundle.FS())
	if err != nil {
		t.Fatal(err)
	}
	at := slices.IndexFunc(verdicts.Cells, func(c leak.CellVerdict) bool { return c.Key == r.searchKey() })
	if at < 0 {
		t.Fatalf("no verdict: %+v", verdicts)
	}
	claim := verdicts.Cells[at].Claims[leak.ClaimContent]
	out := map[string]string{}
	for _, x := range group {
		want, sent := truthOf(t, r, x)
		got, how := outcomeOf(claim, x)
		out[x.name] = fmt.Sprintf("%s\t%s\t%s", want, got, how)
		switch {
		case !sent:
			t.Errorf("%s: the phone did not even try", x.name)
		case slices.Contains(tokens, x.name):
			out[x.name] += " (limit)"
		case want == leak.Leaked && got != leak.Leaked, want == leak.Inconclusive && got == leak.Clean:
			t.Errorf("%s: the manifest says %s, the verdict knows of %s there\n%+v", x.name, want, got, claim.Reasons)
		}
	}
	return out
}

// truthOf is what the manifest says of a row: whether the search was sent, and whether somebody on the way could read it.
func truthOf(t *testing.T, r *rig, x row) (want leak.Outcome, sent bool) {
	t.Helper()
	m := r.phone.Manifest()
	if m.Dropped > 0 {
		t.Fatal("the manifest is not whole")
	}
	want = leak.Clean
	for _, e := range m.Entries {
		if e.Host != x.host() || e.Encoding != x.leak.Encoding || e.Kind != manifest.Query || e.Attempts == 0 {
			continue
		}
		if sent = true; e.Delivered && e.Readable && e.Via == manifest.Proxy && x.leak.Filler == 0 {
			return leak.Leaked, true
		}
		want = leak.Inconclusive
	}
	return want, sent
}

// outcomeOf is what a claim says of a row alone.
func outcomeOf(claim leak.ClaimVerdict, x row) (leak.Outcome, string) {
	for _, f := range claim.Findings {
		if f.Host == x.host() {
			return leak.Leaked, f.Class + " " + f.Location
		}
	}
	for _, r := range claim.Reasons {
		around := x.alone() == "around the proxy"
		if !around && r.Host == x.host() || around && r.Code == leak.CodeBypass && r.App == "com.android.chrome" {
			return leak.Inconclusive, fmt.Sprintf("%s %s %s", r.Code, r.Class, r.Detail)
		}
	}
	return leak.Clean, "nothing"
}

// TestHeldBack holds a search back until the browser leaves the screen, long after its window has closed, and then sends
// it so that nobody can read it: nothing was seen while the window was open, and yet the verdict must not be clean.
func TestHeldBack(t *testing.T) {
	held := func(l personality.Leak) *personality.Leak {
		l.App, l.On, l.Private = "com.android.chrome", []personality.Trigger{personality.OnSearch}, true
		l.Trust, l.Encoding, l.URL = cmp.Or(l.Trust, network.TrustUser), cmp.Or(l.Encoding, "json"), "https://held.example-metrics.test/e"
		l.Flush, l.Background = -1, true
		return &l
	}
	for name, c := range map[string]struct {
		leak *personality.Leak
		want leak.Outcome
	}{
		"nothing":    {nil, leak.Clean},
		"readable":   {held(personality.Leak{}), leak.Leaked},
		"pinned":     {held(personality.Leak{Trust: network.TrustPinned, Tries: 2}), leak.Inconclusive},
		"encrypted":  {held(personality.Leak{Encoding: "aes"}), leak.Inconclusive},
		"around":     {held(personality.Leak{Direct: true}), leak.Inconclusive},
		"at the end": {held(personality.Leak{Encoding: "websocket:json+aes"}), leak.Inconclusive},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			who := clean(nil)
			if c.leak != nil {
				if strings.HasPrefix(c.leak.Encoding, "websocket") {
					c.leak.URL = "https://" + internet.StreamCollector + "/socket"
				}
				who.Leaks = append(who.Leaks, *c.leak)
			}
			r := newRig(t, who, "clean")
			l := r.lease()
			seen, err := r.search(l, nil)
			if err != nil {
				t.Fatal(err)
			}
			if seen.Verdict.Outcome != leak.Clean {
				t.Errorf("at first it was %s, so nothing was held back", seen.Verdict.Outcome)
			}
			if err := l.Drain(t.Context()); err != nil {
				t.Fatal(err)
			}
			if err := l.Release(context.WithoutCancel(t.Context())); err != nil {
				t.Fatal(err)
			}
			v, err := leak.Judge(r.bundle.FS())
			if err != nil {
				t.Fatal(err)
			}
			if sent := len(r.phone.Manifest().Entries) > 0; sent != (c.leak != nil) {
				t.Errorf("the phone sent it: %v", sent)
			}
			at := slices.IndexFunc(v.Cells, func(c leak.CellVerdict) bool { return c.Key == r.searchKey() })
			if at < 0 || v.Cells[at].Outcome != c.want {
				t.Errorf("want %s: %+v", c.want, v.Cells)
			}
		})
	}
}

// identifiers gives the digests of the identifiers that a phone's apps got delivered, by host.
func (r *rig) identifiers() map[string]map[string]bool {
	out := map[string]map[string]bool{}
	for _, e := range r.phone.Manifest().Entries {
		if e.Kind != manifest.Identifier || !e.Delivered {
			continue
		}
		if out[e.Host] == nil {
			out[e.Host] = map[string]bool{}
		}
		sum := sha256.Sum256([]byte(e.Value))
		out[e.Host][hex.EncodeToString(sum[:])] = true
	}
	return out
}

// sent says whether a phone tried to send a canary of a cell to somebody, and whether it left.
func (r *rig) sent(key leak.Key) (tried, written bool) {
	m := r.phone.Manifest()
	if m.Dropped > 0 {
		r.t.Fatal("the manifest is not whole")
	}
	raw, err := fs.ReadFile(r.bundle.FS(), "phones/"+phoneID+"/secrets.jsonl")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		r.t.Error(err)
	}
	for line := range bytes.Lines(raw) {
		var s leak.Secret
		if err := json.Unmarshal(line, &s); err != nil {
			r.t.Error(err)
		}
		if s.Key != key || s.Role == leak.SecretIdentifier {
			continue
		}
		for _, e := range m.Entries {
			for _, form := range []string{s.Value, strings.ReplaceAll(s.Value, " ", "+"), strings.ReplaceAll(s.Value, " ", "%20")} {
				if e.Attempts > 0 && strings.Contains(e.Value, form) {
					tried, written = true, written || e.Written
				}
			}
		}
	}
	return tried, written
}
