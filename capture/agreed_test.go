package capture

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/telltale-farm/telltale/capture/flow"
)

// Answers of servers, byte for byte (RFC 8446 and RFC 5246): a random of zeros, no session.
var answers = map[string]string{
	"TLS 1.3":           answer("\x00\x2b\x00\x02\x03\x04", "\x13\x01"),
	"TLS 1.2 with ALPN": answer("\x00\x10\x00\x05\x00\x03\x02h2", "\xc0\x2f"),
	"TLS 1.2, bare":     "\x16\x03\x03\x00\x2a\x02\x00\x00\x26\x03\x03" + strings.Repeat("\x00", 32) + "\x00\x00\x2f\x00",
}

func answer(exts, cipher string) string {
	body := "\x03\x03" + strings.Repeat("\x00", 32) + "\x00" + cipher + "\x00" + "\x00" + string(rune(len(exts))) + exts
	return "\x16\x03\x03\x00" + string(rune(4+len(body))) + "\x02\x00\x00" + string(rune(len(body))) + body
}

// What is agreed on in a handshake that passes by is read from the server's answer, however it is cut.
func TestAnswersPassingBy(t *testing.T) {
	for name, want := range map[string]*flow.TLS{
		"TLS 1.3":           {Version: "TLS 1.3", Cipher: "TLS_AES_128_GCM_SHA256"},
		"TLS 1.2 with ALPN": {Version: "TLS 1.2", Cipher: "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", ALPN: "h2"},
		"TLS 1.2, bare":     {Version: "TLS 1.2", Cipher: "TLS_RSA_WITH_AES_128_CBC_SHA"},
	} {
		var got *flow.TLS
		w := answerWatch{done: func(a *flow.TLS) { got = a }}
		for i := range len(answers[name]) {
			w.feed([]byte(answers[name][i : i+1]))
		}
		w.feed([]byte("and what follows"))
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
	for name, b := range map[string]string{"an alert": "\x15\x03\x03\x00\x02\x02\x28", "HTTP": "HTTP/1.1 200 OK\r\n", "a ClientHello": "\x16\x03\x03\x00\x04\x01\x00\x00\x00",
		"an empty record": "\x16\x03\x03\x00\x00", "cut within": answers["TLS 1.3"][:9] + "\x00" + strings.Repeat("\x00", 200)} {
		w := answerWatch{done: func(a *flow.TLS) { t.Errorf("%s is taken for %+v", name, a) }}
		w.feed([]byte(b))
		w.feed(make([]byte, 2*maxRecord))
		if w.done != nil || w.buf != nil {
			t.Errorf("%s: it goes on waiting, with %d bytes", name, len(w.buf))
		}
	}
}

func FuzzAnswer(f *testing.F) {
	for _, a := range answers {
		f.Add([]byte(a))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		got, more := parseAnswer(b)
		if got != nil && (more || got.Version == "" || got.Cipher == "" || len(got.ALPN) > 255) {
			t.Fatalf("%+v, more %v", got, more)
		}
		if more && len(b) > 0 && b[0] != recordHandshake {
			t.Fatal("it waits for more of what is no handshake")
		}
	})
}

func TestVersionsOffered(t *testing.T) {
	for _, tt := range []struct {
		name string
		in   hello
		want []string
	}{
		{"a list, with GREASE", hello{version: 0x0303, versions: []uint16{0x3a3a, 0x0304, 0x0303}}, []string{"TLS 1.3", "TLS 1.2"}},
		{"without a list: the highest", hello{version: 0x0303}, []string{"TLS 1.2"}},
		{"nothing but GREASE", hello{version: 0x0301, versions: []uint16{0x0a0a}}, []string{"TLS 1.0"}},
	} {
		if d := cmp.Diff(tt.want, tt.in.offered()); d != "" {
			t.Errorf("%s: %s", tt.name, d)
		}
	}
	many := hello{versions: make([]uint16, 127)}
	if n := len(many.offered()); n != maxOffered {
		t.Errorf("%d versions are kept", n)
	}
}
