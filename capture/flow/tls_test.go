package flow_test

import (
	"testing"

	"github.com/telltale-farm/telltale/capture/flow"
)

func TestTLSInWords(t *testing.T) {
	for _, tt := range []struct {
		name, want string
		in         flow.TLS
	}{
		{"the phone's side", "TLS 1.2 TLS_RSA_WITH_AES_128_CBC_SHA, h2; offered TLS 1.2, TLS 1.1; JA4 t12d",
			flow.TLS{ALPN: "h2", Version: "TLS 1.2", Cipher: "TLS_RSA_WITH_AES_128_CBC_SHA", Versions: []string{"TLS 1.2", "TLS 1.1"}, JA4: "t12d"}},
		{"the server's side", "TLS 1.3 TLS_AES_128_GCM_SHA256", flow.TLS{Version: "TLS 1.3", Cipher: "TLS_AES_128_GCM_SHA256"}},
		{"a handshake that came to nothing", "nothing agreed on; offered SSLv3", flow.TLS{Versions: []string{"SSLv3"}}},
	} {
		if got := tt.in.String(); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}
