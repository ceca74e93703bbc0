package record

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/telltale-farm/telltale/capture/flow"
)

// full is a flow with every field set.
func full() flow.Flow {
	body := &flow.Body{SHA256: "ab", Size: 9, Stored: 4, Truncated: true, Full: "cd", Partial: true}
	return flow.Flow{
		Seq: 7, Kind: flow.KindExchange, Conn: 3, Parent: 2, Start: 10, Sent: 11, End: 12,
		App: "com.android.browser", AppBy: flow.ByElimination, UID: 10071, Candidates: []string{"a", "b"},
		Host: "example.com", Port: 443, Server: "192.0.2.1:443", ServerCert: "ef",
		TLS: &flow.TLS{SNI: "example.com", ALPN: "h2", Offered: []string{"h2", "http/1.1"}, Versions: []string{"TLS 1.3", "TLS 1.2"}, Version: "TLS 1.3",
			Cipher: "TLS_AES_128_GCM_SHA256", JA4: "t13d1516h2_8daaf6152771_e5627efa2ab1"},
		ServerTLS: &flow.TLS{ALPN: "h2", Version: "TLS 1.2", Cipher: "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"},
		Proto:     "HTTP/2.0", Intercepted: true, Control: true,
		Request: &flow.Message{Method: "POST", Target: "https://example.com/a?b=<c>&d", Body: body,
			Headers:  []flow.Header{{Name: "Cookie", Value: "a=\"b\"\\"}, {Name: "X-Raw", Value: "\xff\xfe"}},
			Trailers: []flow.Header{{Name: "T", Value: "é \u2028 \x00\x1f\b\f\n\r\t"}}},
		Response: &flow.Message{Status: 200, Opcode: 2, FromApp: true},
		BytesUp:  100, BytesDown: 200, Requests: 3, Class: flow.ClassPinned, Alert: 46, Error: "bad \xff", Fault: flow.FaultPhone,
	}
}

func TestEncoderWritesWhatEncodingJSONDoes(t *testing.T) {
	bare := flow.Flow{Request: &flow.Message{}, Response: &flow.Message{Headers: []flow.Header{{}}}, TLS: &flow.TLS{}}
	for name, f := range map[string]flow.Flow{"full": full(), "zero": {}, "empty members": bare} {
		t.Run(name, func(t *testing.T) {
			var want bytes.Buffer
			enc := json.NewEncoder(&want)
			enc.SetEscapeHTML(false)
			if err := enc.Encode(struct {
				Rec string `json:"rec"`
				flow.Flow
			}{recEnd, f}); err != nil {
				t.Fatal(err)
			}
			// Header.MarshalJSON escapes HTML by itself; compare there by meaning.
			got := appendRecord(nil, recEnd, &f)
			if d := cmp.Diff(decode(t, want.Bytes()), decode(t, got)); d != "" {
				t.Errorf("(-encoding/json +ours)\n%s", d)
			}
			if !bytes.Equal(got, want.Bytes()) {
				t.Errorf("bytes differ:\n want %s\n  got %s", want.Bytes(), got)
			}
		})
	}
}

func decode(t *testing.T, b []byte) flow.Flow {
	t.Helper()
	var f flow.Flow
	if err := json.Unmarshal(b, &f); err != nil {
		t.Fatalf("%v in %s", err, b)
	}
	return f
}

func FuzzAppendString(f *testing.F) {
	for _, s := range []string{"", "a", "\"\\", "\xff", "é\u2028", "\x00\x7f"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var want bytes.Buffer
		enc := json.NewEncoder(&want)
		enc.SetEscapeHTML(false)
		if err := enc.Encode(s); err != nil {
			t.Fatal(err)
		}
		if got := string(appendString(nil, s)) + "\n"; got != want.String() {
			t.Errorf("%q: want %s got %s", s, want.String(), got)
		}
	})
}
