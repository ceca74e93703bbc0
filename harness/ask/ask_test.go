package ask_test

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/telltale-farm/telltale/harness/ask"
	"github.com/telltale-farm/telltale/harness/evidence"
)

// public is an address that may be asked. Nothing is ever dialled there: the dialler leads to the test's own server.
var public = netip.MustParseAddr("151.101.1.69")

// rig leads every name to one server of this computer.
type rig struct {
	ask.Options
	dialled []string
}

func newRig(t *testing.T, h http.HandlerFunc, secure bool) *rig {
	t.Helper()
	s := httptest.NewUnstartedServer(h)
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	r := &rig{}
	if secure {
		s.StartTLS()
		r.Roots = x509.NewCertPool()
		r.Roots.AddCert(s.Certificate()) // it is good for example.com
	} else {
		s.Start()
	}
	t.Cleanup(s.Close)
	r.lead(s.Listener.Addr().String())
	return r
}

func (r *rig) lead(to string) {
	r.Resolve = func(context.Context, string) ([]netip.Addr, error) { return []netip.Addr{public}, nil }
	r.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		r.dialled = append(r.dialled, address)
		return (&net.Dialer{}).DialContext(ctx, network, to)
	}
}

// one asks for one address.
func (r *rig) one(t *testing.T, url string) evidence.Answer {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	got := ask.Destinations(ctx, []evidence.Destination{{Host: "example.com", URLs: []string{url}}}, r.Options, func(string) {})
	if len(got) != 1 {
		t.Fatalf("%d answers", len(got))
	}
	return got[0]
}

func TestADestinationIsQuoted(t *testing.T) {
	seen := make(chan string, 1)
	r := newRig(t, func(w http.ResponseWriter, q *http.Request) {
		body, _ := io.ReadAll(q.Body)
		seen <- fmt.Sprintf("%s %s %s %v %q", q.Method, q.Host, q.RequestURI, q.Header, body)
		w.Header().Set("Server", "collector")
		w.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(w, "<html><title>Sensors</title><script>var hidden</script><p>Sensors Analytics is ready\n to receive your data!</p>")
	}, true)
	x := r.one(t, "https://example.com/sa")
	if got, want := <-seen, `GET example.com /sa map[Accept:[*/*] Connection:[close] User-Agent:[Mozilla/5.0]] ""`; got != want {
		t.Errorf("it was asked %s, want %s", got, want)
	}
	if len(x.Steps) != 1 || x.Error != "" {
		t.Fatalf("%+v", x)
	}
	s := x.Steps[0]
	if s.Status != 200 || s.Addresses[0] != public.String() || r.dialled[0] != public.String()+":443" || s.Begun == "" || len(s.Request) != 4 {
		t.Errorf("%+v, dialled %v", s, r.dialled)
	}
	if s.Secured == nil || s.Secured.Version != "TLS 1.3" || s.Secured.Cipher == "" || !s.Secured.Trusted || len(s.Secured.Certs) == 0 {
		t.Fatalf("%+v", s.Secured)
	}
	if c := s.Secured.Certs[0]; !strings.Contains(strings.Join(c.Names, " "), "example.com") || len(c.SHA256) != 64 || c.Issuer == "" || c.NotAfter <= c.NotBefore {
		t.Errorf("%+v", c)
	}
	if got, want := s.Body.Quote(), "Sensors Sensors Analytics is ready to receive your data!"; got != want || s.Body.Cut {
		t.Errorf("it says %q, want %q", got, want)
	}
}

// What a destination may do to whoever asks it ends with what was learned so far, and with the reason.
func TestHostileAnswers(t *testing.T) {
	flood := func(w http.ResponseWriter, q *http.Request) {
		for q.Context().Err() == nil {
			if _, err := w.Write(make([]byte, 4096)); err != nil {
				return
			}
		}
	}
	redirect := func(to string) http.HandlerFunc {
		return func(w http.ResponseWriter, q *http.Request) { http.Redirect(w, q, to, http.StatusFound) }
	}
	for _, tt := range []struct {
		name   string
		h      http.HandlerFunc
		time   time.Duration
		steps  int
		status int
		cut    bool
		want   string // in the error; empty for none
	}{
		{name: "an endless body", h: flood, steps: 1, status: 200, cut: true},
		{name: "a body that stops coming", time: 3 * time.Second, steps: 1, status: 200, cut: true, want: "reading its answer: not done within 3s",
			h: func(w http.ResponseWriter, q *http.Request) {
				_, _ = io.WriteString(w, "a little")
				w.(http.Flusher).Flush()
				<-q.Context().Done()
			}},
		{name: "no answer", time: 3 * time.Second, steps: 1, want: "asking: not done within 3s", h: func(_ http.ResponseWriter, q *http.Request) { <-q.Context().Done() }},
		{name: "a header bomb", steps: 1, want: "asking: ", h: func(w http.ResponseWriter, _ *http.Request) {
			for i := range 2000 {
				w.Header().Set(fmt.Sprintf("X-%d", i), strings.Repeat("x", 100))
			}
		}},
		{name: "a redirect to itself", h: redirect("/"), steps: 1, status: 302, want: "leads back"},
		{name: "endless redirects", steps: 4, status: 302, want: "more than 3 redirects", h: func(w http.ResponseWriter, q *http.Request) {
			http.Redirect(w, q, q.URL.Path+"a", http.StatusFound)
		}},
		{name: "a redirect to another host", h: redirect("http://stranger.example/"), steps: 1, status: 302, want: "another host"},
		{name: "a redirect to this computer", h: redirect("http://127.0.0.1/"), steps: 1, status: 302, want: "another host"},
		{name: "a redirect with a query", h: redirect("/x?id=1"), steps: 1, status: 302, want: "has a query"},
		{name: "a redirect to a file", h: redirect("file:///etc/passwd"), steps: 1, status: 302, want: "no address"},
		{name: "a redirect within the host", steps: 2, status: 200, h: func(w http.ResponseWriter, q *http.Request) {
			if q.URL.Path == "/" {
				http.Redirect(w, q, "/home", http.StatusFound)
			}
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, tt.h, false)
			r.Limits.Time = tt.time
			x := r.one(t, "http://example.com/")
			if len(x.Steps) != tt.steps || (x.Error == "") != (tt.want == "") || !strings.Contains(x.Error, tt.want) {
				t.Fatalf("%d steps, error %q; want %d, %q", len(x.Steps), x.Error, tt.steps, tt.want)
			}
			last := x.Steps[len(x.Steps)-1]
			if last.Status != tt.status || tt.status > 0 && (last.Body == nil || last.Body.Cut != tt.cut || last.Body.Size > 64<<10) {
				t.Errorf("%d %+v", last.Status, last.Body)
			}
		})
	}
}

// A connection that does not speak the protocol, or proves nothing, gets no request.
func TestBadTLS(t *testing.T) {
	asked := func(http.ResponseWriter, *http.Request) { t.Error("a request was sent") }
	untrusted := newRig(t, asked, true)
	untrusted.Roots = x509.NewCertPool()
	x := untrusted.one(t, "https://example.com/")
	if s := x.Steps[0].Secured; s == nil || s.Trusted || len(s.Certs) == 0 || s.Certs[0].SHA256 == "" || !strings.Contains(x.Error, "securing the connection") {
		t.Errorf("not trusted: %+v, %q", s, x.Error)
	}
	named := newRig(t, asked, true)
	if x := named.one(t, "https://other.test/"); !strings.Contains(x.Error, "securing") || x.Steps[0].Secured.Trusted || len(x.Steps[0].Secured.Certs) == 0 {
		t.Errorf("another's certificate: %+v", x)
	}
	plain := newRig(t, asked, false)
	if x := plain.one(t, "https://example.com/"); !strings.Contains(x.Error, "securing") || x.Steps[0].Status != 0 {
		t.Errorf("no TLS: %+v", x)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() { // takes the connection, and says nothing
		if c, err := l.Accept(); err == nil {
			_, _ = io.Copy(io.Discard, c)
			_ = c.Close()
		}
	}()
	mute := &rig{}
	mute.lead(l.Addr().String())
	mute.Limits.Time = 300 * time.Millisecond
	if x := mute.one(t, "https://example.com/"); !strings.Contains(x.Error, "not done within") {
		t.Errorf("a mute server: %+v", x)
	}
}

// What is dialled is an address that was checked, and the name is not looked up a second time.
func TestAddressesThatAreNotAsked(t *testing.T) {
	for _, bad := range []string{"127.0.0.1", "::1", "10.1.2.3", "192.168.0.1", "172.16.0.9", "169.254.169.254", "100.64.0.1", "0.0.0.0", "::", "198.18.0.7", "203.0.113.9",
		"224.0.0.1", "255.255.255.255", "fe80::1", "fd00::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::1", "2001:db8::1", "::127.0.0.1"} {
		if ask.Private(netip.MustParseAddr(bad)) == nil {
			t.Errorf("%s is taken for a public address", bad)
		}
		for _, among := range [][]netip.Addr{{netip.MustParseAddr(bad)}, {public, netip.MustParseAddr(bad)}} {
			r := newRig(t, func(http.ResponseWriter, *http.Request) { t.Errorf("%s was asked", bad) }, false)
			looked := 0
			r.Resolve = func(context.Context, string) ([]netip.Addr, error) { looked++; return among, nil }
			x := r.one(t, "http://example.com/")
			if !strings.Contains(x.Error, "is no public address") || len(r.dialled) > 0 || looked != 1 || len(x.Steps[0].Addresses) != len(among) {
				t.Errorf("%v: %+v, dialled %v", among, x, r.dialled)
			}
		}
	}
	for _, good := range []string{"151.101.1.69", "8.8.8.8", "2a00:1450:4001:81b::200e"} {
		if err := ask.Private(netip.MustParseAddr(good)); err != nil {
			t.Error(err)
		}
	}
	literal := newRig(t, func(http.ResponseWriter, *http.Request) { t.Error("it was asked") }, false)
	for _, url := range []string{"http://127.0.0.1/", "http://[::1]/", "http://[fe80::1%25lo]/"} {
		if x := literal.one(t, url); !strings.Contains(x.Error, "is no public address") || len(literal.dialled) > 0 {
			t.Errorf("%s: %+v", url, x)
		}
	}
}

func TestWhatCannotBeReached(t *testing.T) {
	r := &rig{}
	r.Resolve = func(context.Context, string) ([]netip.Addr, error) {
		return nil, &net.DNSError{Err: "no such host", Name: "example.com", Server: "10.9.8.7:53"}
	}
	if x := r.one(t, "http://example.com/"); x.Error != "looking up its name: no such host" {
		t.Errorf("%q", x.Error)
	}
	r.Resolve = func(context.Context, string) ([]netip.Addr, error) { return nil, nil }
	if x := r.one(t, "http://example.com/"); x.Error != "looking up its name: it has no address" {
		t.Errorf("%q", x.Error)
	}
	r.lead("")
	r.Dial = func(context.Context, string, string) (net.Conn, error) {
		return nil, &net.OpError{Op: "dial", Source: &net.TCPAddr{IP: net.IPv4(10, 0, 0, 9)}, Err: errors.New("connection refused")}
	}
	if x := r.one(t, "http://example.com/"); x.Error != "connecting: connection refused" || len(x.Steps) != 1 {
		t.Errorf("%+v", x)
	}
	if x := r.one(t, "http://example.com/?q=1"); !strings.Contains(x.Error, "no address that may be asked") || len(x.Steps) != 0 {
		t.Errorf("an address with a query: %+v", x)
	}
}

// An interruption, and answers that take too much room, leave the others unasked, and say so.
func TestNotAllAreAsked(t *testing.T) {
	n := 0
	r := newRig(t, func(w http.ResponseWriter, _ *http.Request) { n++; _, _ = w.Write(make([]byte, 5000)) }, false)
	r.Limits.All = 4000
	all := []evidence.Destination{{URLs: []string{"http://example.com/", "http://example.com/a"}}, {URLs: []string{"http://example.com/b"}}}
	got := ask.Destinations(t.Context(), all, r.Options, func(string) {})
	if n != 1 || len(got) != 3 || got[0].Error != "" || !strings.Contains(got[2].Error, "not asked: what was answered before") {
		t.Errorf("%d asked: %+v", n, got)
	}
	ctx, cancel := context.WithCancel(t.Context())
	got = ask.Destinations(ctx, all, r.Options, func(string) { cancel() })
	if len(got) != 3 || got[1].Error != "not asked: it was interrupted" {
		t.Errorf("%+v", got)
	}
}
