package apps

import (
	"net/http"
	"testing"
)

func TestAnotherSiteIsNotToldTheWholeAddress(t *testing.T) {
	from, _ := http.NewRequest(http.MethodGet, "https://search.test/?q=secret", nil)
	for _, c := range []struct{ to, sent, want string }{
		{"https://other.test/x", "https://search.test/?q=secret", "https://search.test/"},
		{"https://search.test/y", "https://search.test/?q=secret", "https://search.test/?q=secret"},
		{"http://other.test/x", "", ""},
	} {
		req, _ := http.NewRequest(http.MethodGet, c.to, nil)
		if c.sent != "" {
			req.Header.Set("Referer", c.sent)
		}
		if err := redirect(req, []*http.Request{from}); err != nil || req.Header.Get("Referer") != c.want {
			t.Errorf("to %s: %q %v", c.to, req.Header.Get("Referer"), err)
		}
	}
	req, _ := http.NewRequest(http.MethodGet, "https://a.test/", nil)
	if redirect(req, make([]*http.Request, 20)) == nil {
		t.Error("a loop of redirections must end")
	}
}
