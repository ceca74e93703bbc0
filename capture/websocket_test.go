package capture_test

import (
	"bufio"
	"bytes"
	"compress/flate"
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/telltale-farm/telltale/capture/flow"
)

// The WebSocket peers here are written for the test: frames by hand, compression with the window that the test says.

// wsPeer is one end of a WebSocket connection.
type wsPeer struct {
	r      io.Reader
	w      io.Writer
	mask   bool
	forget bool
	out    bytes.Buffer
	z      *flate.Writer
}

func (p *wsPeer) frame(first byte, payload []byte) {
	head := []byte{first}
	n := len(payload)
	bit := byte(0)
	if p.mask {
		bit = 0x80
	}
	switch {
	case n < 126:
		head = append(head, bit|byte(n))
	case n < 1<<16:
		head = binary.BigEndian.AppendUint16(append(head, bit|126), uint16(n))
	default:
		head = binary.BigEndian.AppendUint64(append(head, bit|127), uint64(n))
	}
	payload = append([]byte(nil), payload...)
	if p.mask {
		key := []byte{1, 2, 3, 4}
		head = append(head, key...)
		for i := range payload {
			payload[i] ^= key[i&3]
		}
	}
	_, _ = p.w.Write(append(head, payload...))
}

// deflated sends a compressed text message.
func (p *wsPeer) deflated(text string) {
	if p.z == nil || p.forget {
		p.z, _ = flate.NewWriter(&p.out, 6)
	}
	p.out.Reset()
	_, _ = io.WriteString(p.z, text)
	_ = p.z.Flush()
	p.frame(0xc1, bytes.TrimSuffix(p.out.Bytes(), []byte{0, 0, 0xff, 0xff}))
}

// read gives the payload of the next frame as it is.
func (p *wsPeer) read() ([]byte, error) {
	var head [2]byte
	if _, err := io.ReadFull(p.r, head[:]); err != nil {
		return nil, err
	}
	n := int64(head[1] & 0x7f)
	switch n {
	case 126:
		var b [2]byte
		_, _ = io.ReadFull(p.r, b[:])
		n = int64(binary.BigEndian.Uint16(b[:]))
	case 127:
		var b [8]byte
		_, _ = io.ReadFull(p.r, b[:])
		n = int64(binary.BigEndian.Uint64(b[:]))
	}
	var key [4]byte
	if head[1]&0x80 != 0 {
		_, _ = io.ReadFull(p.r, key[:])
	}
	b := make([]byte, n)
	_, err := io.ReadFull(p.r, b)
	for i := range b {
		b[i] ^= key[i&3]
	}
	return b, err
}

// wsOrigin accepts a WebSocket, answers each frame with "seen", and greets with a compressed message.
func wsOrigin(ext string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		sum := sha1.Sum([]byte(r.Header.Get("Sec-WebSocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
		c, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer c.Close()
		fmt.Fprintf(c, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n",
			base64.StdEncoding.EncodeToString(sum[:]))
		if ext != "" {
			fmt.Fprintf(c, "Sec-WebSocket-Extensions: %s\r\n", ext)
		}
		_, _ = io.WriteString(c, "\r\n")
		p := &wsPeer{r: rw.Reader, w: c}
		if ext != "" {
			p.deflated("welcome, welcome")
		}
		for {
			b, err := p.read()
			if err != nil || string(b) == "bye" {
				return
			}
			p.frame(0x81, []byte("seen"))
		}
	}
}

// phoneTalk is what the phone says in these tests, and what must be in the record of it.
func phoneTalk(t *testing.T, p *wsPeer, deflate bool) (want []string) {
	t.Helper()
	read := func() {
		if _, err := p.read(); err != nil {
			t.Fatal(err)
		}
	}
	if deflate {
		read() // the welcome
		for _, s := range []string{"the query, the query", "the query again", strings.Repeat("long ", 20000)} {
			p.deflated(s)
			read()
			want = append(want, "1:"+s)
		}
	}
	p.frame(0x81, []byte("plain text"))
	read()
	p.frame(0x02, []byte("in "))
	read()
	p.frame(0x89, []byte("ping!"))
	read()
	p.frame(0x00, []byte("three "))
	read()
	p.frame(0x80, []byte("frames"))
	read()
	p.frame(0x82, bytes.Repeat([]byte{7}, 70000))
	read()
	p.frame(0x89, nil)
	read()
	return append(want, "1:plain text", "9:ping!", "2:in three frames", "2:"+strings.Repeat("\x07", 70000))
}

func (r *rig) messages(fromApp bool) (got []string) {
	for _, f := range of(r.now(), flow.KindMessage) {
		m := f.Response
		if fromApp {
			m = f.Request
		}
		if m != nil && m.FromApp == fromApp {
			got = append(got, fmt.Sprintf("%d:%s", m.Opcode, r.body(m.Body)))
		}
	}
	return got
}

func TestWebSocketMessagesAreRecordedUnmaskedAndInflated(t *testing.T) {
	for _, c := range []struct{ name, url, ext string }{
		{"plain", "http://origin.test/ws", ""},
		{"in TLS", "https://origin.test/ws", ""},
		{"deflate with context takeover", "https://origin.test/ws", "permessage-deflate"},
		{"deflate without", "https://origin.test/ws", "permessage-deflate; client_no_context_takeover; server_no_context_takeover"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, wsOrigin(c.ext))
			var conn net.Conn
			if strings.HasPrefix(c.url, "https") {
				conn = r.connectTLS("origin.test:443", "origin.test")
			} else {
				conn = r.connect("origin.test:80") // as browsers do for ws://
			}
			fmt.Fprintf(conn, "GET /ws HTTP/1.1\r\nHost: origin.test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
				"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Extensions: %s\r\n\r\n", c.ext)
			br := bufio.NewReader(conn)
			resp, err := http.ReadResponse(br, nil)
			if err != nil || resp.StatusCode != 101 {
				t.Fatalf("%v %v", resp, err)
			}
			p := &wsPeer{r: br, w: conn, mask: true, forget: strings.Contains(c.ext, "client_no")}
			want := phoneTalk(t, p, c.ext != "")
			p.frame(0x88, []byte("bye"))
			_, _ = io.Copy(io.Discard, br)
			fs := r.flows()
			if d := cmp.Diff(append(want, "8:bye"), r.messages(true)); d != "" {
				t.Errorf("(-want +got)\n%.2000s", d)
			}
			down := r.messages(false)
			if len(down) == 0 || c.ext != "" && down[0] != "1:welcome, welcome" {
				t.Errorf("from the server: %.3q", down)
			}
			x := one(t, fs, flow.KindExchange)
			if x.Proto != "websocket" || x.Response.Status != 101 || x.End < 0 {
				t.Errorf("%+v", x)
			}
			for _, m := range of(fs, flow.KindMessage) {
				if m.Parent != x.Seq || m.Host != "origin.test" || m.Class != "" {
					t.Errorf("message %+v", m)
				}
			}
		})
	}
}

func TestWebSocketOverHTTP2(t *testing.T) {
	r := newRig(t, wsOrigin("permessage-deflate"))
	cc := r.h2Client("origin.test:443")
	pr, pw := io.Pipe()
	req, _ := http.NewRequest(http.MethodConnect, "https://origin.test/ws?x=1", pr)
	req.Header[":protocol"] = []string{"websocket"}
	req.Header["Sec-WebSocket-Version"] = []string{"13"}
	req.Header["Sec-WebSocket-Extensions"] = []string{"permessage-deflate"}
	resp, err := cc.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != 200 || resp.Header.Get("Sec-WebSocket-Extensions") == "" {
		t.Fatalf("%v", resp)
	}
	p := &wsPeer{r: resp.Body, w: pw, mask: true}
	want := phoneTalk(t, p, true)
	_ = pw.Close()
	fs := r.flows()
	if d := cmp.Diff(want, r.messages(true)); d != "" {
		t.Errorf("(-want +got)\n%.2000s", d)
	}
	x := one(t, fs, flow.KindExchange)
	if x.Request.Target != "https://origin.test/ws?x=1" || x.Proto != "websocket" {
		t.Errorf("%+v", x)
	}
}

func TestBrokenFramesAreRecordedAsUnread(t *testing.T) {
	r := newRig(t, wsOrigin(""))
	conn := r.connectTLS("origin.test:443", "origin.test")
	_, _ = io.WriteString(conn, "GET /ws HTTP/1.1\r\nHost: origin.test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
	br := bufio.NewReader(conn)
	if _, err := http.ReadResponse(br, nil); err != nil {
		t.Fatal(err)
	}
	p := &wsPeer{r: br, w: conn, mask: true}
	p.frame(0x81, []byte("fine"))
	_, _ = p.read()
	p.frame(0xf3, []byte("reserved bits"))
	_, _ = p.read()
	_ = conn.Close()
	for _, f := range of(r.flows(), flow.KindMessage) {
		if f.Request != nil && f.Class == flow.ClassNotHTTP {
			if got := r.body(f.Request.Body); !strings.HasPrefix(got, "\xf3") {
				t.Errorf("recorded %q", got)
			}
			return
		}
	}
	t.Error("no unread message in the record")
}
