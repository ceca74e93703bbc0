package capture

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// helloOf gives the bytes of a ClientHello that crypto/tls sends.
func helloOf(tb testing.TB, config *tls.Config) []byte {
	tb.Helper()
	client, server := net.Pipe()
	go func() { _ = tls.Client(client, config).Handshake() }()
	var all []byte
	b := make([]byte, 4096)
	for {
		n, err := server.Read(b)
		all = append(all, b[:n]...)
		if msg, _ := helloBytes(all); msg != nil || err != nil {
			_, _ = client.Close(), server.Close()
			return all
		}
	}
}

func TestClientHello(t *testing.T) {
	all := helloOf(t, &tls.Config{ServerName: "origin.test", NextProtos: []string{"h2", "http/1.1"}})
	for n := range all {
		if msg, need := helloBytes(all[:n]); msg != nil || need <= n {
			t.Fatalf("%d of %d bytes: message %v, need %d", n, len(all), msg != nil, need)
		}
	}
	msg, _ := helloBytes(all)
	h, err := parseHello(msg)
	if err != nil {
		t.Fatal(err)
	}
	if h.sni != "origin.test" || cmp.Diff([]string{"h2", "http/1.1"}, h.alpn) != "" || len(h.versions) == 0 {
		t.Errorf("%+v", h)
	}
	if ja4 := h.ja4(); !strings.HasPrefix(ja4, "t13d") || !strings.Contains(ja4, "h2_") || len(ja4) != 36 {
		t.Errorf("JA4 %s", ja4)
	}
	for name, b := range map[string]string{"an alert": "\x15\x03\x01\x00\x02\x02\x28", "HTTP": "GET / HTTP/1.1\r\n", "a ServerHello": "\x16\x03\x03\x00\x04\x02\x00\x00\x00",
		"an empty record": "\x16\x03\x03\x00\x00", "too long": "\x16\x03\x03\x00\x04\x01\xff\xff\xff"} {
		if msg, need := helloBytes([]byte(b)); msg != nil || need != 0 {
			t.Errorf("%s is taken for a ClientHello", name)
		}
	}
}

func TestJA4(t *testing.T) {
	// The example of FoxIO's specification (JA4.md): Chrome, whose hashes it states.
	chrome := &hello{
		version: 0x0303, sni: "x", alpn: []string{"h2", "http/1.1"}, versions: []uint16{0x3a3a, 0x0304, 0x0303},
		ciphers: []uint16{0x2a2a, 0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc013, 0xc014, 0x009c, 0x009d, 0x002f, 0x0035},
		extensions: []uint16{0x1a1a, 0x001b, 0x0000, 0x0033, 0x0010, 0x4469, 0x0017, 0x002d, 0x000d, 0x0005, 0x0023, 0x0012, 0x002b, 0xff01, 0x000b, 0x000a,
			0x0015, 0x6a6a},
		signatures: []uint16{0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601},
	}
	if got, want := chrome.ja4(), "t13d1516h2_8daaf6152771_e5627efa2ab1"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	bare := &hello{version: 0x0301, ciphers: []uint16{0x002f}}
	if got := bare.ja4(); !strings.HasPrefix(got, "t10i010000_") || !strings.HasSuffix(got, "_000000000000") {
		t.Errorf("without extensions: %s", got)
	}
}

func FuzzClientHello(f *testing.F) {
	f.Add(helloOf(f, &tls.Config{ServerName: "origin.test", NextProtos: []string{"h2"}}))
	f.Add([]byte("\x16\x03\x01\x00\x04\x01\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		msg, need := helloBytes(b)
		if msg == nil && need != 0 && need <= len(b) {
			t.Fatalf("needs %d bytes and has %d", need, len(b))
		}
		if msg == nil {
			return
		}
		if h, err := parseHello(msg); err == nil && len(h.ja4()) < 30 {
			t.Fatalf("JA4 %q", h.ja4())
		}
	})
}

func TestSpeaks(t *testing.T) {
	for b, want := range map[string]protocol{
		"G": unsure, "GET": unsure, "GET /": http1, "POST /x": http1, "PROPFIND /a HTTP/1.1\r\n": http1, "PROPFIND /a": unsure,
		"PRI * HTTP/2.0\r\n\r\nSM": http2Preface, "PRI * HTTP": unsure, "NICK me\r\n": notHTTP, "\x10\x20": notHTTP, " GET": notHTTP,
		"<stream": notHTTP, "EHLO a\r\n": notHTTP, "AVERYLONGWORDTHATISNOMETHOD": notHTTP, "M-SEARCH * HTTP/1.1\r\n": http1,
	} {
		if got := speaks([]byte(b)); got != want {
			t.Errorf("%q: %d, want %d", b, got, want)
		}
	}
}

// FuzzTap feeds the tap as it comes off a connection, and holds it to net/http: whatever net/http reads as a request,
// the tap has the head of.
func FuzzTap(f *testing.F) {
	for _, s := range []string{
		"GET / HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\nHost: b\n\n",
		"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabcGET /2 HTTP/1.1\r\nHost: a\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1;x\r\na\r\n0\r\nT: 1\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: a\r\nX: 1\r\n 2\r\n\r\n",
	} {
		f.Add([]byte(s), 3)
	}
	f.Fuzz(func(t *testing.T, data []byte, step int) {
		if step = max(step, 1); len(data) > 1<<16 {
			return
		}
		whole, parts := &tap{limit: 1 << 17}, &tap{limit: 1 << 17}
		whole.feed(data)
		for rest := data; len(rest) > 0; {
			n := min(step, len(rest))
			parts.feed(rest[:n])
			rest = rest[n:]
		}
		if d := cmp.Diff(whole.heads, parts.heads, cmp.AllowUnexported(head{}, chunkNotes{})); d != "" {
			t.Fatalf("split differently, the heads differ\n%s", d)
		}
		br := bufio.NewReader(bytes.NewReader(data))
		for range 50 {
			req, err := http.ReadRequest(br)
			if err != nil {
				return
			}
			if _, err := io.Copy(io.Discard, req.Body); err != nil {
				return
			}
			h, ok := whole.take(req.Method, req.RequestURI)
			if !ok {
				t.Fatalf("net/http read %s %q, the tap did not", req.Method, req.RequestURI)
			}
			if req.Method == "CONNECT" {
				return
			}
			if got := len(h.headers); got == 0 && len(req.Header) > 0 {
				t.Fatalf("no headers, net/http has %v", req.Header)
			}
		}
	})
}

// wsLog is a sink that keeps what it gets.
type wsLog struct {
	frames []string
	cur    []byte
	op     wsFrame
}

func (l *wsLog) frameStart(f wsFrame) error {
	if f.opcode == 3 {
		return errors.New("an opcode that is not ours")
	}
	l.op, l.cur = f, nil
	return nil
}
func (l *wsLog) framePayload(p []byte) { l.cur = append(l.cur, p...) }
func (l *wsLog) frameEnd()             { l.frames = append(l.frames, string(l.cur)) }

func FuzzWebSocketFrames(f *testing.F) {
	f.Add([]byte("\x81\x05hello\x89\x00"), 1)
	f.Add([]byte("\x82\x83\x01\x02\x03\x04abc\x88\x00"), 2)
	f.Add([]byte("\x82\x7e\x00\x04abcd\x82\x7f\x00\x00\x00\x00\x00\x00\x00\x01a"), 5)
	f.Fuzz(func(t *testing.T, data []byte, step int) {
		step = max(step, 1)
		var one, many wsFrames
		whole, parts := &wsLog{}, &wsLog{}
		leftOne, errOne := one.feed(data, whole)
		var errMany error
		var leftMany []byte
		for rest := data; len(rest) > 0 && errMany == nil; {
			n := min(step, len(rest))
			leftMany, errMany = many.feed(rest[:n], parts)
			if rest = rest[n:]; errMany != nil {
				leftMany = append(leftMany[:len(leftMany):len(leftMany)], rest...)
			}
		}
		if errOne != nil && !bytes.Equal(leftOne, leftMany) {
			t.Fatalf("left unread %q, in parts %q", leftOne, leftMany)
		}
		if (errOne == nil) != (errMany == nil) {
			t.Fatalf("whole: %v, in parts: %v", errOne, errMany)
		}
		if d := cmp.Diff(whole.frames, parts.frames); d != "" {
			t.Fatal(d)
		}
		for _, fr := range whole.frames {
			if len(fr) > len(data) {
				t.Fatal("more payload than bytes")
			}
		}
	})
}

func FuzzHTTP2Tap(f *testing.F) {
	f.Add([]byte(strings.Repeat("x", h2Preface)+"\x00\x00\x03\x01\x05\x00\x00\x00\x01abc\x00\x00\x00\x04\x00\x00\x00\x00\x00"), 4)
	f.Add([]byte(strings.Repeat("x", h2Preface)+"\x00\x00\x06\x00\x08\x00\x00\x00\x01\x03ab123\x00\x00\x08\x06\x00\x00\x00\x00\x0012345678"), 3)
	f.Fuzz(func(t *testing.T, data []byte, step int) {
		step = max(step, 1)
		whole, parts := newH2Tap(nil, nil), newH2Tap(nil, nil)
		whole.feed(data)
		for rest := data; len(rest) > 0; {
			n := min(step, len(rest))
			parts.feed(rest[:n])
			rest = rest[n:]
		}
		if whole.opened != parts.opened || whole.bytes != parts.bytes || whole.last != parts.last || string(whole.frame.kept) != string(parts.frame.kept) {
			t.Fatalf("%+v %+v", whole, parts)
		}
		if whole.opened > int64(len(data)/9+1) {
			t.Fatal("more requests than frames")
		}
	})
}
