package capture_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/telltale-farm/telltale/capture/flow"
	"github.com/telltale-farm/telltale/capture/record"
)

// soFar waits until an open flow of a kind shows what the phone has said, and that it goes on.
func (r *rig) soFar(kind flow.Kind, said string) {
	r.t.Helper()
	eventually(r.t, "what was sent so far is in the record", func() bool {
		_ = r.rec.Sync()
		for _, f := range of(r.now(), kind) {
			if f.End < 0 && f.Request != nil && f.Request.Body != nil && f.Request.Body.Partial && r.body(f.Request.Body) == said {
				return true
			}
		}
		return false
	})
}

func TestAStreamThatStaysOpenShowsWhatItSaid(t *testing.T) {
	t.Parallel() // it mostly waits
	for _, h2 := range []bool{false, true} {
		r := newRig(t, echo)
		pr, pw := io.Pipe()
		answered := make(chan error, 1)
		go func() {
			resp, err := r.client(h2).Post("https://origin.test/stream", "x/y", pr)
			if err == nil {
				_, err = io.Copy(io.Discard, resp.Body)
			}
			answered <- err
		}()
		said := ""
		for _, s := range []string{"the query", strings.Repeat(" and more", 20_000)} {
			_, _ = io.WriteString(pw, s)
			said += s
			r.soFar(flow.KindExchange, said)
		}
		_ = pw.Close()
		if err := <-answered; err != nil {
			t.Error(err)
		}
		if f := one(t, r.flows(), flow.KindExchange); f.Request.Body.Partial || r.body(f.Request.Body) != said || f.Fault != "" {
			t.Errorf("http/2 %v: %+v %+v", h2, f, f.Request.Body)
		}
	}
}

func TestAnOpenWebSocketMessageShowsWhatItSaid(t *testing.T) {
	t.Parallel() // it mostly waits
	for _, c := range []struct {
		name  string
		first byte // of the frame that stays without its end
		class flow.Class
	}{
		{"a message", 0x01, ""},
		{"bytes that are no frame", 0x31, flow.ClassNotHTTP},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, wsOrigin(""))
			tc := r.connectTLS("origin.test:443", "origin.test")
			_, _ = io.WriteString(tc, "GET /chat HTTP/1.1\r\nHost: origin.test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
				"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
			br := bufio.NewReader(tc)
			if resp, err := http.ReadResponse(br, nil); err != nil || resp.StatusCode != 101 {
				t.Fatalf("%v %v", resp, err)
			}
			p := &wsPeer{r: br, w: tc} // without a mask, so that the bytes stand in the record as they are
			p.frame(c.first, []byte("the query"))
			said := "the query"
			if c.class != "" {
				said = string([]byte{c.first, 9}) + said
			}
			r.soFar(flow.KindMessage, said)
			if c.class == "" {
				p.frame(0x80, []byte(" and its end"))
				said += " and its end"
			}
			_, _ = p.read()
			_ = tc.Close()
			var got []flow.Flow
			for _, f := range of(r.flows(), flow.KindMessage) {
				if f.Request != nil && f.Request.Opcode < 8 {
					got = append(got, f)
				}
			}
			if len(got) != 1 || got[0].End < 0 || got[0].Class != c.class || got[0].Request.Body.Partial || r.body(got[0].Request.Body) != said {
				t.Errorf("%+v", got)
			}
		})
	}
}

func TestAnOpenRelayShowsWhatItSaid(t *testing.T) {
	t.Parallel() // it mostly waits
	r := newRig(t, echo, quick)
	r.server("5222", func(c net.Conn) {
		_, _ = io.WriteString(c, "220 hello\r\n")
		_, _ = io.Copy(io.Discard, c)
	})
	c := r.connect("origin.test:5222")
	ask(t, c, "", "220 hello\r\n")
	_, _ = io.WriteString(c, "the query")
	r.soFar(flow.KindTunnel, "the query")
	_, _ = io.WriteString(c, " again")
	r.soFar(flow.KindTunnel, "the query again")
	_ = c.Close()
	f := one(t, r.flows(), flow.KindTunnel)
	if f.Class != flow.ClassNotTLS || f.Request.Target != "" || r.body(f.Request.Body) != "the query again" {
		t.Errorf("%+v %+v", f, f.Request)
	}
}

func TestABodyThatWeStopReadingIsMarkedCut(t *testing.T) {
	t.Parallel() // it mostly waits
	for _, c := range []struct {
		name string
		send func(io.Writer)
		cut  bool
	}{
		{"more comes than is still read", func(w io.Writer) { _, _ = io.Copy(w, io.LimitReader(zeros{}, 64<<20)) }, true},
		{"the phone hangs up", func(w io.Writer) {
			_, _ = io.WriteString(w, "half")
			_ = w.(io.Closer).Close()
		}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRigWith(t, record.Limits{}, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Connection", "close")
				w.WriteHeader(http.StatusForbidden) // at once, and reads nothing
			})
			tc := r.connectTLS("origin.test:443", "origin.test")
			go func() { _, _ = io.Copy(io.Discard, tc) }()
			_, _ = io.WriteString(tc, "POST /up HTTP/1.1\r\nHost: origin.test\r\nContent-Length: 67108864\r\n\r\n")
			c.send(tc)
			eventually(t, "the exchange ends", func() bool {
				_ = r.rec.Sync()
				fs := of(r.now(), flow.KindExchange)
				return len(fs) == 1 && fs[0].End >= 0
			})
			f := one(t, r.flows(), flow.KindExchange)
			if b := f.Request.Body; b == nil || !b.Partial || b.Truncated != c.cut || c.cut && b.Full == "" || f.Fault == "" {
				t.Errorf("%+v %+v", f, b)
			}
		})
	}
}

func TestABodyThatNobodyAskedForIsRecorded(t *testing.T) {
	r := newRig(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusExpectationFailed) })
	tc := r.connectTLS("origin.test:443", "origin.test")
	_, _ = io.WriteString(tc, "POST /no HTTP/1.1\r\nHost: origin.test\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\nthe query")
	_, _ = io.Copy(io.Discard, tc)
	f := one(t, r.flows(), flow.KindExchange)
	if f.Request.Body == nil || r.body(f.Request.Body) != "the query" || f.Response.Status != http.StatusExpectationFailed {
		t.Errorf("%+v %+v", f, f.Request)
	}
}
