package capture_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"github.com/telltale-farm/telltale/capture"
	"github.com/telltale-farm/telltale/capture/flow"
	"github.com/telltale-farm/telltale/capture/record"
)

// impatient has the proxy give up soon.
func impatient(o *capture.Options) {
	o.Limits = capture.Limits{HeaderTime: 3 * time.Second, Idle: 3 * time.Second, HeaderBytes: 16 << 10,
		SpeakFirst: 300 * time.Millisecond, Handshake: 5 * time.Second}
}

func TestRequestsThatBreakHTTPAreRecorded(t *testing.T) {
	t.Parallel() // it mostly waits
	bomb := "GET / HTTP/1.1\r\nHost: origin.test\r\nX: " + strings.Repeat("secret-in-a-bomb ", 4000) + "\r\n\r\n"
	for _, c := range []struct {
		name, send string
		status     int    // of the answer; 0 for none
		want       string // in the recorded bytes
	}{
		{"a header bomb", bomb, 431, "secret-in-a-bomb"},
		{"two Host headers", "GET /two HTTP/1.1\r\nHost: a.test\r\nHost: b.test\r\n\r\n", 400, "Host: b.test"},
		{"a header name with a space", "GET /space HTTP/1.1\r\nHost: origin.test\r\nBad Name: x\r\n\r\n", 400, "Bad Name"},
		{"NUL in a header", "GET /nul HTTP/1.1\r\nHost: origin.test\r\nX: a\x00b\r\n\r\n", 400, "a\x00b"},
		{"a version of its own", "GET /version HTTP/1.9999\r\nHost: origin.test\r\n\r\n", 400, "1.9999"},
		{"an unknown coding", "POST /te HTTP/1.1\r\nHost: origin.test\r\nTransfer-Encoding: gzip\r\n\r\nabc", 501, "gzip"},
		{"a head that stops", "GET /stops HTTP/1.1\r\nHost: origin.test\r\nCookie: half", 0, "Cookie: half"},
		{"two lengths", "POST /cl HTTP/1.1\r\nHost: origin.test\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", 400, "Content-Length: 4"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, func(w http.ResponseWriter, r *http.Request) { t.Errorf("the origin got %s", r.URL) }, impatient)
			tc := r.connectTLS("origin.test:443", "origin.test")
			go func() { _, _ = io.WriteString(tc, c.send) }()
			resp, err := http.ReadResponse(bufio.NewReader(tc), nil)
			if c.status == 0 && err == nil && resp.StatusCode < 400 || c.status != 0 && (err != nil || resp.StatusCode != c.status) {
				t.Errorf("answer %v %v, want %d", resp, err, c.status)
			}
			_, _ = io.Copy(io.Discard, tc)
			f := one(t, r.flows(), flow.KindError)
			if f.Host != "origin.test" || f.Request.Body == nil || f.Fault != flow.FaultPhone {
				t.Fatalf("%+v", f)
			}
			if c.status == 0 && f.End-f.Start < 100_000 { // it belongs to when it was sent, not to when it was given up
				t.Errorf("began at %d, given up at %d", f.Start, f.End)
			}
			if got := r.body(f.Request.Body); !strings.Contains(got, c.want) {
				t.Errorf("recorded %.300q, which lacks %q", got, c.want)
			}
		})
	}
}

func TestAmbiguousLengthsAreReadOneWay(t *testing.T) {
	// RFC 9112, section 6.3: Transfer-Encoding wins, and nothing is left over that could be smuggled.
	r := newRig(t, echo)
	tc := r.connectTLS("origin.test:443", "origin.test")
	_, _ = io.WriteString(tc, "POST /both HTTP/1.1\r\nHost: origin.test\r\nContent-Length: 60\r\nTransfer-Encoding: chunked\r\n\r\n"+
		"3\r\nabc\r\n0\r\n\r\nGET /next HTTP/1.1\r\nHost: origin.test\r\n\r\n")
	resp, err := http.ReadResponse(bufio.NewReader(tc), nil)
	if err != nil || !strings.HasSuffix(readAll(t, resp), " ABC") {
		t.Fatalf("%v %v", resp, err)
	}
	f := of(r.flows(), flow.KindExchange)[0]
	if _, ok := f.Request.Get("Content-Length"); !ok || r.body(f.Request.Body) != "abc" {
		t.Errorf("%+v", f.Request)
	}
}

func TestABrokenChunkIsAPartialBody(t *testing.T) {
	for _, c := range []struct {
		name, send, body, lost string
		trailer                bool
	}{
		{name: "a size that is too long", send: "3\r\nabc\r\nffffffffffffffffff\r\nrest", body: "abc", lost: "ffffffffffffffffff\r\nrest"},
		{name: "a size that is none", send: "3\r\nabc\r\nthe query\r\nrest", body: "abc", lost: "the query\r\nrest"},
		{name: "a line without an end", send: "3\r\nabc\r\n5;" + strings.Repeat("x", 5000), body: "abc", lost: "5;" + strings.Repeat("x", 5000)},
		{name: "a line that breaks off", send: "3\r\nabc\r\n5;the query", body: "abc", lost: "5;the query"},
		{name: "a trailer that breaks off", send: "3\r\nabc\r\n0\r\nX-Late: yes\r\nX-Later: the qu", body: "abc", lost: "X-Later: the qu", trailer: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, echo, impatient)
			tc := r.connectTLS("origin.test:443", "origin.test")
			_, _ = io.WriteString(tc, "POST /chunk HTTP/1.1\r\nHost: origin.test\r\nTransfer-Encoding: chunked\r\n\r\n"+c.send)
			_ = tc.CloseWrite()
			_, _ = io.Copy(io.Discard, tc)
			fs := r.flows()
			f := one(t, fs, flow.KindExchange)
			if f.Request.Body == nil || !f.Request.Body.Partial || r.body(f.Request.Body) != c.body || f.Fault == "" || (len(f.Request.Trailers) > 0) != c.trailer {
				t.Errorf("%+v %+v %+v", f, f.Request, f.Request.Body)
			}
			if lost := one(t, fs, flow.KindError); !strings.HasPrefix(c.lost, r.body(lost.Request.Body)) || lost.Request.Body.Size < int64(min(len(c.lost), 4000)) {
				t.Errorf("%+v %q", lost, r.body(lost.Request.Body))
			}
		})
	}
}

func TestTextThatIsNotUTF8IsKept(t *testing.T) {
	r := newRig(t, echo)
	tc := r.connectTLS("origin.test:443", "origin.test")
	_, _ = io.WriteString(tc, "GET /\xff\xfe?q=\xe9 HTTP/1.1\r\nHost: origin.test\r\nX-Raw: \xe4\xff\r\nConnection: close\r\n\r\n")
	_, _ = io.Copy(io.Discard, tc)
	f := one(t, r.flows(), flow.KindExchange)
	if f.Request.Target != "https://origin.test/%FF%FE?q=%E9" || header(t, f.Request, "X-Raw") != "\xe4\xff" {
		t.Errorf("%q %q", f.Request.Target, f.Request.Headers)
	}
}

func TestAnHTTP2HeaderBombIsSeen(t *testing.T) {
	t.Parallel() // it mostly waits
	r := newRig(t, echo, impatient)
	tc := r.connectTLS("origin.test:443", "origin.test", "h2")
	fr := http2.NewFramer(tc, tc)
	_, _ = io.WriteString(tc, http2.ClientPreface)
	_ = fr.WriteSettings()
	var block strings.Builder
	enc := hpack.NewEncoder(&block)
	field := func(n, v string) { _ = enc.WriteField(hpack.HeaderField{Name: n, Value: v, Sensitive: true}) }
	field(":method", "GET")
	field(":scheme", "https")
	field(":authority", "origin.test")
	field(":path", "/bomb")
	for i := range 100 {
		field(fmt.Sprintf("x-%d", i), strings.Repeat("s", 1000))
	}
	all := block.String()
	_ = fr.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: []byte(all[:16000]), EndStream: true})
	for all = all[16000:]; len(all) > 16000; all = all[16000:] {
		_ = fr.WriteContinuation(1, false, []byte(all[:16000]))
	}
	_ = fr.WriteContinuation(1, true, []byte(all))
	for {
		if _, err := fr.ReadFrame(); err != nil {
			break
		}
	}
	f := one(t, r.flows(), flow.KindError)
	// Nobody knows when it was sent, but that its connection was open.
	if tunnel := one(t, r.flows(), flow.KindTunnel); f.BytesUp < 16_000 || f.Proto != "HTTP/2.0" || f.Host != "origin.test" || f.Start != tunnel.Start {
		t.Errorf("%+v", f)
	}
}

func TestAnHTTP2ConnectionWithoutFaultLeavesNoError(t *testing.T) {
	r := newRig(t, echo)
	cc := r.h2Client("origin.test:443")
	for range 5 {
		req, _ := http.NewRequest("POST", "https://origin.test/", strings.NewReader(strings.Repeat("x", 100_000)))
		resp, err := cc.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = readAll(t, resp)
	}
	_ = cc.Close()
	fs := r.flows()
	if n := len(of(fs, flow.KindError)); n != 0 || one(t, fs, flow.KindTunnel).Requests != 5 {
		t.Errorf("%d errors, tunnel %+v", n, one(t, fs, flow.KindTunnel))
	}
}

func TestSilentConnectionsAreClosedAndRecorded(t *testing.T) {
	t.Parallel() // it mostly waits
	var silent []func()
	for _, c := range []struct {
		name string
		open func(*rig) net.Conn
		want flow.Class
	}{
		{"after CONNECT", func(r *rig) net.Conn { return r.connect("origin.test:9") }, flow.ClassClosedEarly},
		{"within the ClientHello", func(r *rig) net.Conn {
			c := r.connect("origin.test:443")
			_, _ = io.WriteString(c, "\x16\x03\x01")
			return c
		}, flow.ClassClosedEarly},
		{"after the handshake", func(r *rig) net.Conn { return r.connectTLS("origin.test:9", "origin.test") }, flow.ClassPinned},
		{"after the handshake, HTTP/2", func(r *rig) net.Conn {
			c := r.connectTLS("origin.test:443", "origin.test", "h2")
			_, _ = io.WriteString(c, http2.ClientPreface+"\x00\x00\x00\x04\x00\x00\x00\x00\x00")
			return c
		}, flow.ClassPinned},
	} {
		r := newRig(t, echo, impatient)
		conn := c.open(r) // all of them wait at the same time
		silent = append(silent, func() {
			_, _ = io.Copy(io.Discard, conn) // returns when the proxy hangs up
			if f := one(t, r.flows(), flow.KindTunnel); f.Class != c.want {
				t.Errorf("%s: %+v", c.name, f)
			}
		})
	}
	for _, wait := range silent {
		wait()
	}
}

func TestEndlessBodiesAreStreamedAndCapped(t *testing.T) {
	const size = 20 << 20
	r := newRigWith(t, record.Limits{BodyCap: 1 << 20}, func(w http.ResponseWriter, r *http.Request) {
		n, _ := io.Copy(io.Discard, r.Body)
		fmt.Fprint(w, n)
	})
	resp, err := r.client(false).Post("https://origin.test/", "x/y", io.LimitReader(zeros{}, size))
	if err != nil {
		t.Fatal(err)
	}
	if got := readAll(t, resp); got != fmt.Sprint(size) {
		t.Errorf("the origin got %s bytes", got)
	}
	b := one(t, r.flows(), flow.KindExchange).Request.Body
	if b.Size != size || b.Stored != 1<<20 || !b.Truncated || b.Full == "" || b.Partial {
		t.Errorf("%+v", b)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }
