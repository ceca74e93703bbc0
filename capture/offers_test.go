package capture_test

import (
	"crypto/tls"
	"fmt"
	"net/http"
	"testing"
)

// A server is offered a post-quantum key exchange when the phone offered one, and else none.
func TestServersAreOfferedTheKeyExchangeThatThePhoneOffers(t *testing.T) {
	for _, c := range []struct {
		name   string
		h2     bool
		groups []tls.CurveID
		want   tls.CurveID
	}{
		{"HTTP/1.1, post-quantum", false, nil, tls.X25519MLKEM768},
		{"HTTP/1.1, classic", false, []tls.CurveID{tls.X25519, tls.CurveP256}, tls.X25519},
		{"HTTP/2, post-quantum", true, nil, tls.X25519MLKEM768},
		{"HTTP/2, classic", true, []tls.CurveID{tls.CurveP256}, tls.X25519},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, func(w http.ResponseWriter, q *http.Request) { fmt.Fprint(w, q.TLS.CurveID) })
			app := r.client(c.h2)
			app.Transport.(*http.Transport).TLSClientConfig.CurvePreferences = c.groups
			if _, got := get(t, app, "https://"+originNames[0]+"/"); got != c.want.String() {
				t.Errorf("the server got %s, want %s", got, c.want)
			}
		})
	}
}
