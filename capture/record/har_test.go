package record_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/telltale-farm/telltale/capture/flow"
	"github.com/telltale-farm/telltale/capture/record"
)

// describe gives what a HAR says was sent, a line an entry.
func describe(t *testing.T, r io.Reader, limits record.HARLimits) (lines []string) {
	t.Helper()
	for e, err := range record.ReadHAR(r, limits) {
		if err != nil {
			return append(lines, "error: "+err.Error())
		}
		if u := e.Unread; u != nil {
			lines = append(lines, fmt.Sprintf("%d unread %s %s %s %d", e.Index, u.Kind, u.Host, u.Class, u.Bytes))
			continue
		}
		body := string(e.Body)
		if z, err := gzip.NewReader(bytes.NewReader(e.Body)); err == nil {
			b, _ := io.ReadAll(z)
			body = "gzip of " + string(b)
		}
		line := fmt.Sprintf("%d %s %s %q", e.Index, e.Method, e.URL, body)
		if e.BodyCut {
			line += " cut"
		}
		if e.Class != "" {
			line += " " + e.Class
		}
		for _, h := range e.Headers {
			line += fmt.Sprintf(" %s=%q", h.Name, h.Value)
		}
		for _, m := range e.Messages {
			line += fmt.Sprintf(" message %d/%d %q", m.Index, m.Opcode, m.Data)
		}
		lines = append(lines, line)
	}
	return lines
}

func TestReadHAROfOtherTools(t *testing.T) {
	const q = `{\"q\":\"velvet okapi 7f3a91\"}`
	for tool, want := range map[string][]string{
		"mitmproxy": {
			`0 POST https://a.test/e?x=1 "` + q + `" content-type="application/json" content-encoding="gzip"`,
			`1 GET https://a.test/ws "" message 0/1 "velvet okapi 7f3a91" message 2/2 "\x00\x01\xff"`,
			`2 POST https://a.test/bin "gzip of ` + q + `" content-type="application/octet-stream"`,
		},
		"chrome": {
			`0 POST https://a.test/form "q=velvet+okapi+7f3a91&u=a%26b" Content-Type="application/x-www-form-urlencoded"`,
			`1 POST https://a.test/bin "" cut`,
			`2 POST https://a.test/lossy "a�b" cut`,
			`3 GET https://a.test/ws "" message 0/1 "{\"q\":1}"`,
		},
		"pcapdroid": {
			`0 POST http://a.test/e "gzip of ` + q + `" Content-Encoding="gzip"`,
			`1 POST http://a.test/e "!not base64!" cut`,
		},
		"httptoolkit": {
			`0 POST https://a.test/e "gzip of ` + q + `"`,
			`1 POST https://a.test/big "" cut`,
			`-1 unread tunnel pinned.test untrusted-ca 0`,
			`-1 unread tunnel  closed-early 0`,
		},
	} {
		t.Run(tool, func(t *testing.T) {
			f, err := os.Open(filepath.Join("testdata", "har", tool+".har"))
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			if d := cmp.Diff(want, describe(t, f, record.HARLimits{})); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestReadHARRefusesAndBounds(t *testing.T) {
	const open = `{"log":{"entries":[{"request":{"method":"POST","url":"https://a.test/","postData":{"text":"`
	for _, c := range []struct {
		name, har string
		limits    record.HARLimits
		want      []string
	}{
		{"nothing", ``, record.HARLimits{}, []string{"error: reading a HAR, entry 0: unexpected EOF"}},
		{"other JSON", `{"a":1}`, record.HARLimits{}, []string{"error: reading a HAR, entry 0: there is no log.entries: this is no HAR"}},
		{"an array", `[]`, record.HARLimits{}, []string{`error: reading a HAR, entry 0: want an object, got '['`}},
		{"ends in the second entry", open + `x"}}},{"request":{"meth`, record.HARLimits{}, []string{`0 POST https://a.test/ "x"`, "error: reading a HAR, entry 1: unexpected EOF"}},
		{"a long body", open + strings.Repeat("x", 100) + `"}}}]}}`, record.HARLimits{Text: 20}, []string{`0 POST https://a.test/ "xxxxxxxxxxxxxxxxxxxx" cut`}},
		{"escapes", open + `\u00e9\ud83d\ude00\n\/\ud800z"}}}]}}`, record.HARLimits{}, []string{"0 POST https://a.test/ \"é😀\\n/�z\" cut"}},
		{"too deep", `{"log":{"entries":[` + strings.Repeat(`{"a":`, 2000), record.HARLimits{}, []string{"error: reading a HAR, entry 0: nested too deeply"}},
		{"byte order mark and spaces", "\xef\xbb\xbf \n" + open + `x" , "params" : [ ] } , "headers" : null } } , ] } }`, record.HARLimits{}, []string{`0 POST https://a.test/ "x"`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if d := cmp.Diff(c.want, describe(t, strings.NewReader(c.har), c.limits)); d != "" {
				t.Error(d)
			}
		})
	}
}

// store records one body and gives its reference.
func store(w *record.Writer, b string) *flow.Body {
	bw := w.NewBody()
	_, _ = bw.Write([]byte(b))
	return bw.Finish(false)
}

func TestHARComesBackAsWritten(t *testing.T) {
	w, dir := create(t, record.Limits{BodyCap: 64})
	add := func(f *flow.Flow) {
		f.Conn, f.End, f.Sent = w.NextConn(), f.Start+1500, f.Start+500
		w.Begin(f)
		w.End(f)
	}
	add(&flow.Flow{Kind: flow.KindTunnel, Host: "pinned.test", Port: 443, Class: flow.ClassPinned, Alert: 46, BytesUp: 517,
		TLS: &flow.TLS{Version: "TLS 1.2", Cipher: "TLS_AES_128_GCM_SHA256"}})
	add(&flow.Flow{Kind: flow.KindTunnel, Host: "refused.test", Port: 443, Class: flow.ClassUntrustedCA, Alert: 48, BytesUp: 300})
	add(&flow.Flow{Kind: flow.KindTunnel, Host: "a.test", Port: 443, Intercepted: true, Requests: 4, BytesUp: 900})
	add(&flow.Flow{Kind: flow.KindTunnel, Host: "early.test", Port: 443, Intercepted: true, BytesUp: 517})
	add(&flow.Flow{Kind: flow.KindTunnel, Host: "relayed.test", Port: 443, BytesUp: 70})
	add(&flow.Flow{Kind: flow.KindTunnel, Host: "down.test", Port: 443})
	add(&flow.Flow{Kind: flow.KindTunnel, Host: "listens.test", Port: 5228, Class: flow.ClassNotTLS, BytesDown: 8})
	add(&flow.Flow{Kind: flow.KindTunnel, Host: "talks.test", Port: 5228, Class: flow.ClassNotTLS, BytesUp: 8})
	add(&flow.Flow{Kind: flow.KindTunnel, Host: "control.test", Port: 443, Class: flow.ClassPinned, Control: true, BytesUp: 8})
	add(&flow.Flow{Kind: flow.KindError, Host: "broken.test", Port: 80, BytesUp: 12})
	add(&flow.Flow{Kind: flow.KindError, Port: 80})
	ws := &flow.Flow{Kind: flow.KindExchange, ServerTLS: &flow.TLS{Version: "TLS 1.1"}, Start: 1, Host: "a.test", Port: 443, Proto: "HTTP/1.1", Request: &flow.Message{Method: "GET", Target: "https://a.test/ws?q=a%20b",
		Headers: []flow.Header{{Name: "X-Raw", Value: "\xff\xfe"}, {Name: "X-Plain", Value: "a"}}}}
	add(ws)
	add(&flow.Flow{Kind: flow.KindMessage, Parent: ws.Seq, Start: 2, Host: "a.test", Request: &flow.Message{Opcode: 1, Body: store(w, "hello")}})
	add(&flow.Flow{Kind: flow.KindMessage, Parent: ws.Seq, Start: 3, Host: "a.test", Response: &flow.Message{Opcode: 1, Body: store(w, "received")}})
	add(&flow.Flow{Kind: flow.KindMessage, Parent: ws.Seq, Start: 4, Host: "a.test", Request: &flow.Message{Opcode: 2, Body: store(w, "\x00\xff")}})
	add(&flow.Flow{Kind: flow.KindExchange, Start: 5, Host: "a.test", Request: &flow.Message{Method: "POST", Target: "https://a.test/text", Body: store(w, "<é�>")}})
	add(&flow.Flow{Kind: flow.KindExchange, Start: 6, Host: "a.test", Request: &flow.Message{Method: "POST", Target: "https://a.test/binary", Body: store(w, "\x1f\x8b\x00\x01")}})
	add(&flow.Flow{Kind: flow.KindExchange, Start: 7, Host: "a.test", Request: &flow.Message{Method: "POST", Target: "https://a.test/long", Body: store(w, strings.Repeat("y", 100))}})
	add(&flow.Flow{Kind: flow.KindExchange, Start: 8, Host: "a.test", Class: flow.ClassEncrypted, Request: &flow.Message{Method: "GET", Target: "https://a.test/class"}})
	add(&flow.Flow{Kind: flow.KindExchange, Start: 8, Host: "a.test", Request: &flow.Message{Method: "POST", Target: "https://a.test/empty"}})
	w.Begin(&flow.Flow{Kind: flow.KindExchange, Conn: w.NextConn(), Start: 9, Sent: 9, End: -1, Host: "a.test", Request: &flow.Message{Method: "POST", Target: "https://a.test/unfinished"}})
	soFar := w.NewBody()
	_, _ = soFar.Write([]byte("so far"))
	w.Begin(&flow.Flow{Kind: flow.KindExchange, Conn: w.NextConn(), Start: 9, Sent: 9, End: -1, Host: "a.test", Request: &flow.Message{Method: "POST", Target: "https://a.test/open", Body: soFar.Snapshot()}})
	_ = soFar.Finish(true)
	add(&flow.Flow{Kind: flow.KindMessage, Parent: 3, Start: 9, Host: "a.test", Port: 443, Proto: "mqtt", TLS: &flow.TLS{}, Request: &flow.Message{FromApp: true, Opcode: 3, Target: "mqtt://a.test/topic", Body: store(w, "published")}})
	add(&flow.Flow{Kind: flow.KindMessage, Parent: 3, Start: 9, Host: "a.test", Port: 443, Proto: "HTTP/2.0", TLS: &flow.TLS{}, Request: &flow.Message{FromApp: true, Headers: []flow.Header{{Name: "ping", Value: "the quer"}}}})
	w.Begin(&flow.Flow{Kind: flow.KindExchange, Conn: w.NextConn(), Start: 10, Sent: 10, End: -1, Host: "a.test", Request: &flow.Message{Method: "GET", Target: "https://a.test/poll"}})
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	_, r := read(t, dir)
	var one, two bytes.Buffer
	for _, b := range []*bytes.Buffer{&one, &two} {
		if err := record.WriteHAR(b, r, record.HARMeta{Version: "test", Phone: "p1"}); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(one.Bytes(), two.Bytes()) {
		t.Error("the same recording gave different bytes")
	}
	for _, s := range []string{`"pinned.test"`, `"class":"pinned"`, `"alert":46`, `"phone":"p1"`} {
		if !strings.Contains(one.String()[strings.LastIndex(one.String(), "_telltale"):], s) {
			t.Errorf("log._telltale does not hold %s", s)
		}
	}
	for _, s := range []string{`"tls":{"version":"TLS 1.2","cipher":"TLS_AES_128_GCM_SHA256"}`, `"server_tls":{"version":"TLS 1.1"}`} {
		if strings.Count(one.String(), s) != 1 {
			t.Errorf("the HAR does not hold %s", s)
		}
	}
	want := []string{
		`0 GET https://a.test/ws?q=a%20b "" X-Raw="\xff\xfe" X-Plain="a" message 0/1 "hello" message 2/2 "\x00\xff"`,
		`1 POST https://a.test/text "<é�>"`,
		`2 POST https://a.test/binary "\x1f\x8b\x00\x01"`,
		`3 POST https://a.test/long "` + strings.Repeat("y", 64) + `" cut`,
		`4 GET https://a.test/class "" encrypted`,
		`5 POST https://a.test/empty ""`,
		`6 POST https://a.test/unfinished "" cut`,
		`7 POST https://a.test/open "so far" cut`,
		`8 MESSAGE mqtt://a.test/topic "published"`,
		`9 MESSAGE https://a.test:443/ "" ping="the quer"`,
		`10 GET https://a.test/poll ""`,
		`-1 unread tunnel pinned.test pinned 517`,
		`-1 unread tunnel refused.test untrusted-ca 300`,
		`-1 unread tunnel early.test pinned 517`,
		`-1 unread tunnel relayed.test passed 70`,
		`-1 unread tunnel talks.test not-tls 8`,
		`-1 unread error broken.test protocol-error 12`,
	}
	if d := cmp.Diff(want, describe(t, &one, record.HARLimits{})); d != "" {
		t.Error(d)
	}
}

func FuzzReadHAR(f *testing.F) {
	names, _ := filepath.Glob("testdata/har/*.har")
	for _, n := range names {
		b, err := os.ReadFile(n)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Add([]byte(`{"log":{"_telltale":{"flows":[{"kind":"tunnel","host":"a","class":"pinned","bytes_up":-7}]},"entries":[]}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		limits := record.HARLimits{Text: 1 << 10, Headers: 8, Messages: 8}
		n := 0
		for e, err := range record.ReadHAR(bytes.NewReader(b), limits) {
			if err != nil {
				continue
			}
			if e.Unread != nil {
				if e.Index != -1 || e.Unread.Class == "" || e.Unread.Bytes < 0 || len(e.Unread.Host) > limits.Text {
					t.Fatalf("unread flow %+v", e.Unread)
				}
				continue
			}
			if e.Index != n {
				t.Fatalf("entry %d has index %d", n, e.Index)
			}
			n++
			if len(e.Headers) > limits.Headers || len(e.Messages) > limits.Messages || len(e.URL) > limits.Text {
				t.Fatal("an entry is over the limits")
			}
		}
	})
}
