package capture_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/elazarl/goproxy"
	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/http2"

	"github.com/telltale-farm/telltale/capture/flow"
)

func TestHTTP1HeadersAreRecordedAsSent(t *testing.T) {
	r := newRig(t, echo)
	tc := r.connectTLS("origin.test:443", "origin.test")
	// Three requests in one write: with a length, chunked with an extension and a trailer, and without a body.
	requests := "POST /1 HTTP/1.1\r\nhost: origin.test\r\nX-b: 1\r\nx-A: 2\r\nX-b: 3\r\nCONTENT-length: 5\r\n\r\nhello" +
		"POST /2 HTTP/1.1\r\nHoSt: origin.test\r\ntransfer-ENCODING: chunked\r\nTrailer: x-late\r\n\r\n3;ext=1\r\nabc\r\n2\r\nde\r\n0\r\nx-late: yes\r\n\r\n" +
		"GET /3 HTTP/1.1\r\nZ: last\r\nHost: origin.test\r\nA:first\r\n\r\n"
	if _, err := io.WriteString(tc, requests); err != nil {
		t.Fatal(err)
	}
	br := bufio.NewReader(tc)
	for i := range 3 {
		resp, err := http.ReadResponse(br, nil)
		if err != nil {
			t.Fatalf("answer %d: %v", i, err)
		}
		_, _ = io.Copy(io.Discard, resp.Body)
	}
	fs := of(r.flows(), flow.KindExchange)
	if len(fs) != 3 {
		t.Fatalf("%d exchanges", len(fs))
	}
	want := [][]flow.Header{
		{{Name: "host", Value: "origin.test"}, {Name: "X-b", Value: "1"}, {Name: "x-A", Value: "2"}, {Name: "X-b", Value: "3"}, {Name: "CONTENT-length", Value: "5"}},
		{{Name: "HoSt", Value: "origin.test"}, {Name: "transfer-ENCODING", Value: "chunked"}, {Name: "Trailer", Value: "x-late"}},
		{{Name: "Z", Value: "last"}, {Name: "Host", Value: "origin.test"}, {Name: "A", Value: "first"}},
	}
	for i, f := range fs {
		if d := cmp.Diff(want[i], f.Request.Headers); d != "" {
			t.Errorf("request %d (-want +got)\n%s", i+1, d)
		}
	}
	if got := r.body(fs[1].Request.Body); got != "abcde" {
		t.Errorf("chunked body %q", got)
	}
	if d := cmp.Diff([]flow.Header{{Name: "x-late", Value: "yes"}, {Name: ":chunk-extension", Value: "ext=1"}}, fs[1].Request.Trailers); d != "" {
		t.Errorf("trailers\n%s", d)
	}
}

func TestNothingIsAddedOrTakenOnTheWay(t *testing.T) {
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, _ = io.WriteString(z, "the answer")
	_ = z.Close()
	for _, h2 := range []bool{false, true} {
		seen := make(chan http.Header, 1)
		r := newRig(t, func(w http.ResponseWriter, r *http.Request) {
			seen <- r.Header.Clone()
			h := w.Header()
			h["Date"], h["Content-Type"] = nil, nil
			h.Set("Content-Encoding", "gzip")
			h.Set("Content-Length", fmt.Sprint(packed.Len()))
			h["X-Twice"] = []string{"1", "2"}
			_, _ = w.Write(packed.Bytes())
		})
		req, _ := http.NewRequest("GET", "https://origin.test/", nil)
		req.Header = http.Header{"Accept-Encoding": {"br, zstd"}, "User-Agent": nil, "X-Own": {"a", "b"}}
		resp, err := r.client(h2).Do(req)
		if err != nil {
			t.Fatal(err)
		}
		if got := readAll(t, resp); got != packed.String() {
			t.Errorf("the body came as %q", got)
		}
		want := http.Header{"Accept-Encoding": {"br, zstd"}, "X-Own": {"a", "b"}}
		if d := cmp.Diff(want, <-seen); d != "" {
			t.Errorf("http/2 %v: the origin saw (-want +got)\n%s", h2, d)
		}
		wantBack := http.Header{"Content-Encoding": {"gzip"}, "Content-Length": {fmt.Sprint(packed.Len())}, "X-Twice": {"1", "2"}}
		if d := cmp.Diff(wantBack, resp.Header); d != "" {
			t.Errorf("http/2 %v: the phone saw (-want +got)\n%s", h2, d)
		}
		f := one(t, r.flows(), flow.KindExchange)
		if got := r.body(f.Response.Body); got != packed.String() {
			t.Errorf("recorded %q", got)
		}
	}
}

func TestStreamsAndTrailers(t *testing.T) {
	// As gRPC does: the head comes before any body, pieces come as they are made, and the status is a trailer.
	r := newRig(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/only" {
			w.Header().Set("Grpc-Status", "5") // trailers only: one head that ends the stream
			return
		}
		w.Header().Set("Trailer", "Grpc-Status")
		_ = http.NewResponseController(w).Flush()
		b := make([]byte, 4)
		for {
			if _, err := io.ReadFull(r.Body, b); err != nil {
				break
			}
			_, _ = w.Write(bytes.ToUpper(b))
			_ = http.NewResponseController(w).Flush()
		}
		w.Header().Set("Grpc-Status", "0")
	})
	pr, pw := io.Pipe()
	req, _ := http.NewRequest("POST", "https://origin.test/stream", pr)
	req.Header.Set("Te", "trailers")
	resp, err := r.client(true).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{"ping", "pong"} {
		_, _ = io.WriteString(pw, s)
		b := make([]byte, 4)
		if _, err := io.ReadFull(resp.Body, b); err != nil || string(b) != strings.ToUpper(s) {
			t.Fatalf("%q %v", b, err)
		}
	}
	_ = pw.Close()
	if rest := readAll(t, resp); rest != "" || resp.Trailer.Get("Grpc-Status") != "0" {
		t.Errorf("rest %q trailer %v", rest, resp.Trailer)
	}
	resp, err = r.client(true).Post("https://origin.test/only", "application/grpc", strings.NewReader("x"))
	if err != nil {
		t.Fatal(err)
	}
	if b := readAll(t, resp); b != "" || resp.Header.Get("Grpc-Status") != "5" {
		t.Errorf("trailers only: %q %v", b, resp.Header)
	}
	fs := of(r.flows(), flow.KindExchange)
	if len(fs) != 2 || r.body(fs[0].Request.Body) != "pingpong" || r.body(fs[0].Response.Body) != "PINGPONG" {
		t.Fatalf("%+v", fs)
	}
	if d := cmp.Diff([]flow.Header{{Name: "grpc-status", Value: "0"}}, fs[0].Response.Trailers); d != "" {
		t.Errorf("recorded trailers\n%s", d)
	}
}

func TestHTTP2WithoutTLS(t *testing.T) {
	r := newRig(t, echo)
	server := &http.Server{Handler: http.HandlerFunc(echo), Protocols: new(http.Protocols)}
	server.Protocols.SetUnencryptedHTTP2(true)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = server.Serve(l) }()
	defer server.Close()
	r.ports["50051"] = l.Addr().String()
	cc, err := (&http2.Transport{AllowHTTP: true, DisableCompression: true}).NewClientConn(r.connect("origin.test:50051"))
	if err != nil {
		t.Fatal(err)
	}
	req, _ := http.NewRequest("POST", "http://origin.test:50051/x", strings.NewReader("body"))
	resp, err := cc.RoundTrip(req)
	if err != nil || !strings.HasSuffix(readAll(t, resp), " BODY") || resp.Header.Get("X-Proto") != "HTTP/2.0" {
		t.Fatalf("%v %v", resp, err)
	}
	fs := r.flows()
	f := one(t, fs, flow.KindExchange)
	if f.Request.Target != "http://origin.test:50051/x" || f.Intercepted || one(t, fs, flow.KindTunnel).Class != "" {
		t.Errorf("%+v", f)
	}
}

func TestExpectContinue(t *testing.T) {
	r := newRig(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/no" {
			w.WriteHeader(http.StatusExpectationFailed)
			return
		}
		echo(w, r)
	})
	for path, want := range map[string]int{"/yes": 200, "/no": http.StatusExpectationFailed} {
		req, _ := http.NewRequest("POST", "https://origin.test"+path, strings.NewReader("body"))
		req.Header.Set("Expect", "100-continue")
		resp, err := r.client(false).Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = readAll(t, resp)
		if resp.StatusCode != want {
			t.Errorf("%s: status %d", path, resp.StatusCode)
		}
	}
	for _, f := range of(r.flows(), flow.KindExchange) {
		if sent := strings.HasSuffix(f.Request.Target, "/yes"); sent != (f.Request.Body != nil) || f.Fault != "" {
			t.Errorf("%s: body %v fault %q", f.Request.Target, f.Request.Body, f.Fault)
		}
	}
}

func TestAnOpenLongPollShowsWhatItWasAskedWith(t *testing.T) {
	t.Parallel() // it mostly waits
	for _, h2 := range []bool{false, true} {
		release := make(chan struct{})
		r := newRig(t, func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			<-release
		})
		answered := make(chan error, 1)
		go func() {
			resp, err := r.client(h2).Post("https://origin.test/poll", "x/y", strings.NewReader("the query"))
			if err == nil {
				_, err = io.Copy(io.Discard, resp.Body)
			}
			answered <- err
		}()
		eventually(t, "the body is in the record", func() bool {
			_ = r.rec.Sync()
			fs := of(r.now(), flow.KindExchange)
			return len(fs) == 1 && fs[0].End < 0 && fs[0].Request.Body != nil && r.body(fs[0].Request.Body) == "the query"
		})
		close(release)
		if err := <-answered; err != nil {
			t.Error(err)
		}
		if f := one(t, r.flows(), flow.KindExchange); f.End < 0 || f.Server == "" || r.body(f.Request.Body) != "the query" {
			t.Errorf("%+v", f)
		}
	}
}

func TestAClientThatLeavesCancelsTheRequest(t *testing.T) {
	for _, h2 := range []bool{false, true} {
		arrived, cancelled := make(chan struct{}), make(chan struct{})
		r := newRig(t, func(_ http.ResponseWriter, r *http.Request) {
			close(arrived)
			<-r.Context().Done()
			close(cancelled)
		})
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			<-arrived
			cancel()
		}()
		req, _ := http.NewRequestWithContext(ctx, "GET", "https://origin.test/", nil)
		if _, err := r.client(h2).Do(req); !errors.Is(err, context.Canceled) {
			t.Errorf("%v", err)
		}
		select {
		case <-cancelled:
		case <-time.After(time.Minute):
			t.Fatal("the origin was left waiting")
		}
		eventually(t, "the exchange ends", func() bool {
			_ = r.rec.Sync()
			fs := of(r.now(), flow.KindExchange)
			return len(fs) == 1 && fs[0].End >= 0
		})
		if f := one(t, r.flows(), flow.KindExchange); f.Fault != flow.FaultPhone {
			t.Errorf("http/2 %v: %+v", h2, f)
		}
	}
}

func TestAnAnswerThatBreaksOffBreaksOffForThePhoneToo(t *testing.T) {
	for _, h2 := range []bool{false, true} {
		r := newRig(t, func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "half of")
			_ = http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		})
		resp, err := r.client(h2).Get("https://origin.test/")
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(resp.Body)
		if err == nil || string(b) != "half of" {
			t.Errorf("http/2 %v: the phone believes it has all: %q %v", h2, b, err)
		}
		f := one(t, r.flows(), flow.KindExchange)
		if f.Fault != flow.FaultUpstream || !f.Response.Body.Partial || r.body(f.Response.Body) != "half of" {
			t.Errorf("%+v", f)
		}
	}
}

func TestAPanicIsConfinedToItsRequest(t *testing.T) {
	r := newRig(t, echo)
	r.proxy.Goproxy().OnRequest().DoFunc(func(req *http.Request, _ *goproxy.ProxyCtx) (*http.Request, *http.Response) {
		if req.URL.Path == "/panic" {
			panic("a handler that is broken")
		}
		return req, nil
	})
	for _, h2 := range []bool{false, true} {
		c := r.client(h2)
		if _, err := c.Get("https://origin.test/panic"); err == nil {
			t.Error("a panic gave an answer")
		}
		if resp, _ := get(t, c, "https://origin.test/fine"); resp.StatusCode != 200 {
			t.Errorf("status %d after a panic", resp.StatusCode)
		}
	}
	for _, f := range of(r.flows(), flow.KindExchange) {
		if broke := strings.HasSuffix(f.Request.Target, "/panic"); f.End < 0 || broke != (f.Fault == flow.FaultHarness) {
			t.Errorf("%+v", f)
		}
	}
}

func TestAServerOfHTTP1AloneIsReachedFromHTTP2(t *testing.T) {
	r := newRig(t, echo)
	r.origin.TLS.NextProtos = []string{"http/1.1"}
	c := r.client(true)
	for range 2 {
		resp, err := c.Post("https://origin.test/", "text/plain", strings.NewReader("x"))
		if err != nil {
			t.Fatal(err)
		}
		if b := readAll(t, resp); !strings.HasSuffix(b, " X") || resp.Header.Get("X-Proto") != "HTTP/1.1" {
			t.Errorf("%q %v", b, resp.Header)
		}
	}
}
