package internet

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

func TestPushBinaryInTLS(t *testing.T) {
	i := start(t, Options{})
	c, err := tls.Dial("tcp", i.Addr(), &tls.Config{RootCAs: i.pool(), ServerName: "mtalk.google.com", NextProtos: []string{"h2"}})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if got := c.ConnectionState().NegotiatedProtocol; got != "" {
		t.Errorf("negotiated %q", got)
	}
	_, _ = c.Write([]byte{mcsVersion, mcsLogin, 3, 'a', 'b', 'c', mcsHeartbeatPing, 0})
	got := make([]byte, 5)
	if _, err := io.ReadFull(c, got); err != nil || !bytes.Equal(got, []byte{mcsVersion, mcsLoginAnswer, 0, mcsHeartbeatAck, 0}) {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestServerSpeaksFirst(t *testing.T) {
	i := start(t, Options{Silence: time.Millisecond})
	t.Run("dialled by name", func(t *testing.T) {
		c, err := i.Dial(context.Background(), "tcp", PushGreeter, 5222)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if got := readLine(t, c); got != "220 push ready\r\n" {
			t.Errorf("greeted with %q", got)
		}
	})
	t.Run("silent at the front door", func(t *testing.T) {
		c, err := net.Dial("tcp", i.Addr())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if got := readLine(t, c); got != "220 push ready\r\n" {
			t.Errorf("greeted with %q", got)
		}
		_, _ = io.WriteString(c, "hello")
		c.Close()
		waitFor(t, func() bool { return i.Counts()[PushGreeter] == Count{2, 5} })
	})
}

func TestBinaryWithoutTLS(t *testing.T) {
	i := start(t, Options{})
	for _, first := range []byte{0x10, 0x01} {
		c, err := net.Dial("tcp", i.Addr())
		if err != nil {
			t.Fatal(err)
		}
		_, _ = c.Write([]byte{first, 2, 3, 4})
		_ = c.(*net.TCPConn).CloseWrite()
		_, _ = io.ReadAll(c)
		c.Close()
	}
	waitFor(t, func() bool { return i.Counts()[PushBinary] == Count{1, 4} })
	if got := i.Refused(); len(got) != 1 || got[0] != (Refusal{How: "protocol", Count: 1}) {
		t.Errorf("refused %v", got)
	}
}

func TestStream(t *testing.T) {
	i := start(t, Options{})
	c, err := tls.Dial("tcp", i.Addr(), &tls.Config{RootCAs: i.pool(), ServerName: StreamCollector})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	// The key and the answer are those of RFC 6455, section 1.3.
	_, _ = io.WriteString(c, "GET /ws HTTP/1.1\r\nHost: "+StreamCollector+"\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
	r := bufio.NewReader(c)
	answer, err := http.ReadResponse(r, nil)
	if err != nil || answer.StatusCode != 101 || answer.Header.Get("Sec-WebSocket-Accept") != "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" {
		t.Fatalf("%v, %v", answer, err)
	}
	mask := []byte{1, 2, 3, 4}
	frames := append([]byte{0x82, 0x80 | 126, 0, 200}, mask...)
	frames = append(frames, make([]byte, 200)...)
	frames = append(append(frames, 0x89, 0x81), append(mask, 'p'^1)...)
	frames = append(append(frames, 0x88, 0x82), append(mask, 3^1, 0xe8^2)...)
	_, _ = c.Write(frames)
	got, err := io.ReadAll(r)
	if want := []byte{0x8a, 1, 'p', 0x88, 2, 3, 0xe8}; err != nil || !bytes.Equal(got, want) {
		t.Errorf("got % x, %v; want % x", got, err, want)
	}
	waitFor(t, func() bool { return i.Counts()[StreamCollector] == Count{1, 203} })
}

func TestDatagrams(t *testing.T) {
	i := start(t, Options{})
	ask := func(name string) dnsmessage.Message {
		t.Helper()
		c, err := i.Dial(context.Background(), "udp", "duckduckgo.com", 53)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		q := dnsmessage.Message{Header: dnsmessage.Header{ID: 7, RecursionDesired: true}, Questions: []dnsmessage.Question{
			{Name: dnsmessage.MustNewName(name), Type: dnsmessage.TypeA, Class: dnsmessage.ClassINET},
		}}
		packed, err := q.Pack()
		if err != nil {
			t.Fatal(err)
		}
		_, _ = c.Write(packed)
		b := make([]byte, 512)
		n, err := c.Read(b)
		if err != nil {
			t.Fatal(err)
		}
		var m dnsmessage.Message
		if err := m.Unpack(b[:n]); err != nil {
			t.Fatal(err)
		}
		return m
	}
	good := ask("DuckDuckGo.com.")
	want, _ := i.Resolve("duckduckgo.com")
	if len(good.Answers) != 1 || good.Answers[0].Body.(*dnsmessage.AResource).A != want.As4() || good.ID != 7 {
		t.Errorf("got %v, want %s", good.GoString(), want)
	}
	if bad := ask("elsewhere.test."); bad.RCode != dnsmessage.RCodeNameError || len(bad.Answers) != 0 {
		t.Errorf("got %v", bad.GoString())
	}
	// A packet that looks like QUIC is taken and never answered.
	if _, ok := i.answerDNS(append([]byte{0xc3, 0, 0, 0, 1, 8}, make([]byte, 1194)...)); ok {
		t.Error("QUIC was answered")
	}
	if got := i.Counts()["udp"].Requests; got != 2 {
		t.Errorf("counted %d datagrams", got)
	}
}

func FuzzDoor(f *testing.F) {
	i, err := Start(Options{Silence: time.Millisecond})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { i.Close() })
	for _, seed := range []string{"", "\x16\x03\x01\x00\x05hello", "GET / HTTP/1.1\r\nHost: duckduckgo.com\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", "\x10\x02\x03", "\x00"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		near, far := net.Pipe()
		v := &visitor{Conn: far, internet: i}
		done := make(chan struct{})
		go func() {
			defer close(done)
			if !i.door(v) {
				_ = v.Close()
			}
		}()
		go func() { _, _ = io.Copy(io.Discard, near) }()
		_, _ = near.Write(b)
		near.Close()
		<-done
	})
}

func FuzzFrames(f *testing.F) {
	f.Add([]byte{0x82, 0x80 | 126, 0, 200, 1, 2, 3, 4})
	f.Add([]byte{0x89, 0x81, 1, 2, 3, 4, 5})
	f.Add([]byte{0x82, 127, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff})
	f.Add([]byte{2, 3, 'a', 'b', 'c', 0, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		answer, size, err := nextFrame(bufio.NewReader(bytes.NewReader(b)))
		if size > int64(len(b)) || len(answer) > len(b)+2 || err == nil && len(b) < 2 {
			t.Errorf("%d bytes made an answer of %d for a payload of %d, %v", len(b), len(answer), size, err)
		}
		if _, err := readMCS(bufio.NewReader(bytes.NewReader(b))); err == nil && len(b) < 2 {
			t.Error("a frame was read from less than its head")
		}
	})
}

func FuzzDNS(f *testing.F) {
	i, err := Start(Options{})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { i.Close() })
	f.Add([]byte("\x00\x07\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x01a\x04test\x00\x00\x01\x00\x01"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if answer, ok := i.answerDNS(b); ok {
			var m dnsmessage.Message
			if err := m.Unpack(answer); err != nil || !m.Response {
				t.Errorf("%q was answered with %q: %v", b, answer, err)
			}
		}
	})
}
