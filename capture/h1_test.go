package capture_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/telltale-farm/telltale/capture"
	"github.com/telltale-farm/telltale/capture/flow"
)

// readHead reads a head as it is on the wire.
func readHead(br *bufio.Reader) (string, error) {
	var b strings.Builder
	for {
		line, err := br.ReadString('\n')
		b.WriteString(line)
		if err != nil || line == "\r\n" {
			return b.String(), err
		}
	}
}

func TestTheServerGetsTheHeadAsThePhoneWroteIt(t *testing.T) {
	r := newRig(t, echo)
	heads := make(chan string, 4)
	r.tlsServer("443", func(c net.Conn) {
		br := bufio.NewReader(c)
		for {
			h, err := readHead(br)
			if err != nil {
				return
			}
			heads <- h
			if strings.Contains(h, "5\r\n\r\n") {
				_, _ = io.ReadFull(br, make([]byte, 5))
			}
			_, _ = io.WriteString(c, "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nx-ODD: 1\r\nB: 2\r\nx-odd: 3\r\ncontent-length: 2\r\n\r\nok")
		}
	})
	tc := r.connectTLS("origin.test:443", "origin.test")
	br := bufio.NewReader(tc)
	for _, c := range []struct{ send, want string }{
		{"GET /a?b=%7c|c HTTP/1.1\r\nhOST: origin.test\r\nz-Z: 1\r\nA: 2\r\nz-z: 3\r\nConnection: Keep-Alive\r\nProxy-Authorization: secret\r\n\r\n",
			"GET /a?b=%7c|c HTTP/1.1\r\nhOST: origin.test\r\nz-Z: 1\r\nA: 2\r\nz-z: 3\r\nConnection: Keep-Alive\r\n\r\n"},
		{"POST / HTTP/1.1\r\nHost: origin.test\r\nX-Hop: gone\r\nConnection: x-hop\r\nContent-LENGTH: 5\r\n\r\nhello",
			"POST / HTTP/1.1\r\nHost: origin.test\r\nContent-LENGTH: 5\r\n\r\n"},
	} {
		_, _ = io.WriteString(tc, c.send)
		early, err := http.ReadResponse(br, nil)
		if err != nil || early.StatusCode != 103 || early.Header.Get("Link") != "x" || len(early.Header) != 1 {
			t.Fatalf("%v %v", early, err)
		}
		resp, err := http.ReadResponse(br, nil)
		if err != nil || readAll(t, resp) != "ok" || resp.Header.Get("Link") != "" {
			t.Fatalf("%v %v", resp, err)
		}
		if d := cmp.Diff(c.want, <-heads); d != "" {
			t.Errorf("(-want +got)\n%s", d)
		}
	}
	f := of(r.flows(), flow.KindExchange)[0]
	want := []flow.Header{{Name: "x-ODD", Value: "1"}, {Name: "B", Value: "2"}, {Name: "x-odd", Value: "3"}, {Name: "content-length", Value: "2"}}
	if d := cmp.Diff(want, f.Response.Headers); d != "" {
		t.Errorf("recorded response (-want +got)\n%s", d)
	}
}

func TestABodyIsSentWhenTheServerAsksForIt(t *testing.T) {
	t.Parallel() // it mostly waits

	for _, asks := range []bool{true, false} { // or, after a second, all the same
		r := newRig(t, echo)
		heads := make(chan string, 1)
		r.tlsServer("443", func(c net.Conn) {
			br := bufio.NewReader(c)
			h, _ := readHead(br)
			heads <- h
			if asks {
				_, _ = io.WriteString(c, "HTTP/1.1 100 Continue\r\n\r\n")
			}
			b := make([]byte, 5)
			_, _ = io.ReadFull(br, b)
			_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"+strings.ToUpper(string(b)))
		})
		tc := r.connectTLS("origin.test:443", "origin.test")
		head := "POST / HTTP/1.1\r\nZ: 1\r\nexpect: 100-continue\r\nHOST: origin.test\r\nContent-length: 5\r\n\r\n"
		_, _ = io.WriteString(tc, head)
		br := bufio.NewReader(tc)
		if got := <-heads; got != head {
			t.Errorf("the server got %q", got)
		}
		if resp, err := http.ReadResponse(br, nil); err != nil || resp.StatusCode != 100 {
			t.Fatalf("%v %v", resp, err)
		}
		_, _ = io.WriteString(tc, "hello")
		resp, err := http.ReadResponse(br, nil)
		if err != nil || readAll(t, resp) != "HELLO" {
			t.Fatalf("%v %v", resp, err)
		}
		if f := one(t, r.flows(), flow.KindExchange); r.body(f.Request.Body) != "hello" || f.Fault != "" {
			t.Errorf("%+v", f)
		}
	}
}

func TestInterimAnswersPassOverHTTP2(t *testing.T) {
	r := newRig(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Link", "</style.css>")
		w.WriteHeader(http.StatusEarlyHints)
		w.Header().Del("Link")
		echo(w, r)
	})
	var early http.Header
	trace := &httptrace.ClientTrace{Got1xxResponse: func(status int, h textproto.MIMEHeader) error {
		early = http.Header(h)
		return nil
	}}
	req, _ := http.NewRequestWithContext(httptrace.WithClientTrace(t.Context(), trace), "GET", "https://origin.test/", nil)
	resp, err := r.client(true).Do(req)
	if err != nil || resp.Header.Get("Link") != "" || resp.Proto != "HTTP/2.0" {
		t.Fatalf("%v %v", resp, err)
	}
	if _ = readAll(t, resp); early.Get("Link") != "</style.css>" {
		t.Errorf("early hints %v", early)
	}
}

func TestConnectionsToServersAreUsedAgain(t *testing.T) {
	var conns atomic.Int64
	r := newRig(t, echo, func(o *capture.Options) {
		dial := o.Upstream.Dial
		o.Upstream.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
			conns.Add(1)
			return dial(ctx, network, addr)
		}
	})
	c := r.client(false)
	for i := range 10 {
		body := strings.Repeat("x", 10000*i)
		resp, err := c.Post("https://origin.test/", "x/y", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		if got := readAll(t, resp); !strings.HasSuffix(got, " "+strings.ToUpper(body)) {
			t.Fatalf("%d bytes came back as %d", len(body), len(got))
		}
	}
	if n := conns.Load(); n != 1 {
		t.Errorf("%d connections", n)
	}
}

func TestAServerThatClosedAnIdleConnectionIsAskedAgain(t *testing.T) {
	r := newRig(t, echo)
	var conns atomic.Int64
	r.tlsServer("443", func(c net.Conn) { // one answer for each connection, without saying that it is the last
		conns.Add(1)
		if _, err := readHead(bufio.NewReader(c)); err == nil {
			_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
		}
	})
	c := r.client(false)
	for range 5 {
		if resp, body := get(t, c, "https://origin.test/"); resp.StatusCode != 200 || body != "ok" {
			t.Fatalf("%d %q", resp.StatusCode, body)
		}
	}
	if n := conns.Load(); n != 5 {
		t.Errorf("%d connections", n)
	}
}

func TestAnAnswerBeforeTheBodyIsThrough(t *testing.T) {
	t.Parallel() // it mostly waits
	r := newRig(t, echo, impatient)
	r.tlsServer("443", func(c net.Conn) {
		if _, err := readHead(bufio.NewReader(c)); err == nil {
			_, _ = io.WriteString(c, "HTTP/1.1 413 Too Large\r\nContent-Length: 4\r\nConnection: close\r\n\r\nless")
			_, _ = io.CopyN(io.Discard, c, 1<<20)
		}
	})
	tc := r.connectTLS("origin.test:443", "origin.test")
	fmt.Fprintf(tc, "POST / HTTP/1.1\r\nHost: origin.test\r\nContent-Length: %d\r\n\r\n%s", 1<<30, strings.Repeat("s", 100_000))
	resp, err := http.ReadResponse(bufio.NewReader(tc), nil)
	if err != nil || resp.StatusCode != 413 || readAll(t, resp) != "less" {
		t.Fatalf("%v %v", resp, err)
	}
	f := one(t, r.flows(), flow.KindExchange)
	if f.Request.Body == nil || !f.Request.Body.Partial || f.Request.Body.Size != 100_000 {
		t.Errorf("%+v", f.Request.Body)
	}
}

func TestHostileServersAreBounded(t *testing.T) {
	for name, answer := range map[string]string{
		"an endless head":  "HTTP/1.1 200 OK\r\n" + strings.Repeat("X: "+strings.Repeat("y", 1000)+"\r\n", 300),
		"no HTTP":          "SSH-2.0-OpenSSH\r\n\r\n",
		"two lengths":      "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
		"nothing":          "",
		"a negative chunk": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, echo)
			r.tlsServer("443", func(c net.Conn) {
				if _, err := readHead(bufio.NewReader(c)); err == nil {
					_, _ = io.WriteString(c, answer)
				}
			})
			resp, err := r.client(false).Get("https://origin.test/")
			if err == nil {
				_, err = io.Copy(io.Discard, resp.Body)
				if err == nil && resp.StatusCode != http.StatusBadGateway {
					t.Errorf("the phone got %d", resp.StatusCode)
				}
			}
			if f := one(t, r.flows(), flow.KindExchange); f.Fault != flow.FaultUpstream {
				t.Errorf("%+v", f)
			}
		})
	}
}
