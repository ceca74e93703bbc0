package capture_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/telltale-farm/telltale/capture"
	"github.com/telltale-farm/telltale/capture/flow"
	"github.com/telltale-farm/telltale/capture/record"
)

const relayToken = "0123456789abcdef"

// proxyHeader is a header of version 2 as the protocol's text gives it: command, family, addresses, values.
func proxyHeader(command, family byte, addresses string, values ...string) string {
	rest := addresses + strings.Join(values, "")
	b := []byte("\x0D\x0A\x0D\x0A\x00\x0D\x0A\x51\x55\x49\x54\x0A")
	b = append(b, command, family)
	b = binary.BigEndian.AppendUint16(b, uint16(len(rest)))
	return string(b) + rest
}

func value(kind byte, text string) string {
	return string(binary.BigEndian.AppendUint16([]byte{kind}, uint16(len(text)))) + text
}

var (
	fourAddresses = "\x7f\x00\x00\x01\x7f\x00\x00\x01\x80\x00\x46\xa0"
	uid10100      = value(0xE0, "\x00\x00\x27\x74")
	rightToken    = value(0xE2, relayToken)
)

func TestReadProxyHeader(t *testing.T) {
	six := strings.Repeat("\x00", 36)
	tests := []struct {
		name, header string
		uid          int
		pkg          string
		local        bool
		bad          string
	}{
		{"IPv4 with a uid", proxyHeader(0x21, 0x11, fourAddresses, uid10100), 10100, "", false, ""},
		{"IPv6", proxyHeader(0x21, 0x21, six, uid10100), 10100, "", false, ""},
		{"uid and package", proxyHeader(0x21, 0x11, fourAddresses, uid10100, value(0xE1, "com.android.browser")), 10100, "com.android.browser", false, ""},
		{"nobody's", proxyHeader(0x21, 0x11, fourAddresses), -1, "", false, ""},
		{"root's", proxyHeader(0x21, 0x11, fourAddresses, value(0xE0, "\x00\x00\x00\x00")), 0, "", false, ""},
		{"the relay's own", proxyHeader(0x20, 0x00, "", rightToken), -1, "", true, ""},
		{"other values are skipped", proxyHeader(0x21, 0x11, fourAddresses, value(0x03, "crc"), value(0x04, ""), value(0x04, "")), -1, "", false, ""},
		{"no signature", "GET / HTTP/1.1\r\nHost: x\r\n\r\n", 0, "", false, "no signature"},
		{"version 1", "PROXY TCP4 127.0.0.1 127.0.0.1 1 2\r\n", 0, "", false, "no signature"},
		{"another version", proxyHeader(0x31, 0x11, fourAddresses), 0, "", false, "version and command"},
		{"another command", proxyHeader(0x22, 0x11, fourAddresses), 0, "", false, "version and command"},
		{"another family", proxyHeader(0x21, 0x31, fourAddresses), 0, "", false, "family"},
		{"addresses cut off", proxyHeader(0x21, 0x11, fourAddresses[:11]), 0, "", false, "family"},
		{"a value cut off", proxyHeader(0x21, 0x11, fourAddresses, "\xE0\x00\x04\x00"), 0, "", false, "cut off"},
		{"a uid twice", proxyHeader(0x21, 0x11, fourAddresses, uid10100, uid10100), 0, "", false, "twice"},
		{"a short uid", proxyHeader(0x21, 0x11, fourAddresses, value(0xE0, "\x00\x01")), 0, "", false, "not a uid"},
		{"a negative uid", proxyHeader(0x21, 0x11, fourAddresses, value(0xE0, "\xff\xff\xff\xff")), 0, "", false, "not a uid"},
		{"no text", proxyHeader(0x21, 0x11, fourAddresses, value(0xE1, "\xff\xfe")), 0, "", false, "not a package"},
		{"too long", proxyHeader(0x21, 0x11, fourAddresses, value(0x03, strings.Repeat("x", 2000))), 0, "", false, "more than"},
		{"ends early", proxyHeader(0x21, 0x11, fourAddresses)[:20], 0, "", false, "EOF"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := strings.NewReader(tt.header + "rest")
			if tt.bad == "EOF" {
				in = strings.NewReader(tt.header)
			}
			peer, local, err := capture.ReadProxyHeader(in)
			if tt.bad != "" {
				if err == nil || !strings.Contains(err.Error(), tt.bad) {
					t.Fatalf("got %v, want an error with %q", err, tt.bad)
				}
				return
			}
			if err != nil || peer.UID != tt.uid || peer.Package != tt.pkg || local != tt.local {
				t.Errorf("got %+v, local %v, %v", peer, local, err)
			}
			if rest, _ := io.ReadAll(in); string(rest) != "rest" {
				t.Errorf("left %q of what follows", rest)
			}
		})
	}
}

func FuzzReadProxyHeader(f *testing.F) {
	f.Add([]byte(proxyHeader(0x21, 0x11, fourAddresses, uid10100, rightToken)))
	f.Add([]byte(proxyHeader(0x20, 0x00, "", rightToken)))
	f.Fuzz(func(t *testing.T, b []byte) {
		in := bytes.NewReader(b)
		peer, _, err := capture.ReadProxyHeader(in)
		if read := len(b) - in.Len(); read > 16+1024 {
			t.Errorf("read %d bytes", read)
		}
		if err == nil && (peer.UID < -1 || len(peer.Package) > 255) {
			t.Errorf("%+v", peer)
		}
	})
}

// relayed starts the rig's proxy on a relay's listener.
func relayed(t *testing.T) (*rig, string) {
	t.Helper()
	r := newRig(t, echo)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var served sync.WaitGroup
	served.Go(func() {
		err := r.proxy.ServeRelay(l, &capture.Relay{Token: []byte(relayToken), Beat: 20 * time.Millisecond, App: func(conn int64, peer capture.Peer) {
			r.rec.App(conn, record.App{Package: "com.android.browser", UID: peer.UID, By: flow.ByRelay})
		}})
		if !errors.Is(err, http.ErrServerClosed) {
			t.Errorf("ServeRelay: %v", err)
		}
	})
	t.Cleanup(func() { r.stop(); served.Wait() })
	return r, l.Addr().String()
}

func dialWith(t *testing.T, address, first string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	_ = c.SetDeadline(time.Now().Add(time.Minute))
	if _, err := io.WriteString(c, first); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestServeRelayKnowsTheApp(t *testing.T) {
	r, address := relayed(t)
	c := dialWith(t, address, proxyHeader(0x21, 0x11, fourAddresses, uid10100, rightToken))
	answer := make([]byte, 1)
	if _, err := io.ReadFull(c, answer); err != nil || answer[0] != capture.RelayAccepted {
		t.Fatalf("answer %x, %v", answer, err)
	}
	const request = "GET http://control.test/ HTTP/1.1\r\nHost: control.test\r\nConnection: close\r\n\r\n"
	if _, err := io.WriteString(c, request); err != nil {
		t.Fatal(err)
	}
	if got, _ := io.ReadAll(c); !strings.HasPrefix(string(got), "HTTP/1.1 ") {
		t.Fatalf("got %q", got)
	}
	f := one(t, r.flows(), flow.KindExchange)
	if f.App != "com.android.browser" || f.UID != 10100 || f.AppBy != flow.ByRelay {
		t.Errorf("flow %+v", f)
	}
	if f.BytesUp > int64(len(request)) {
		t.Errorf("%d bytes up: the header counts as the app's", f.BytesUp)
	}
}

func TestServeRelayRefusesOthers(t *testing.T) {
	r, address := relayed(t)
	for _, first := range []string{
		"GET http://control.test/ HTTP/1.1\r\nHost: control.test\r\n\r\n",
		proxyHeader(0x21, 0x11, fourAddresses, uid10100),
		proxyHeader(0x21, 0x11, fourAddresses, uid10100, value(0xE2, "fedcba9876543210")),
		proxyHeader(0x20, 0x00, ""),
	} {
		c := dialWith(t, address, first)
		if got, _ := io.ReadAll(c); len(got) > 0 {
			t.Errorf("%q is answered %q", first, got)
		}
	}
	if r.proxy.RelayAlive() {
		t.Error("a stranger counts as the relay")
	}
	if fs := r.flows(); len(fs) > 0 {
		t.Errorf("flows %+v", fs)
	}
}

func TestRelayBeatsAndEnds(t *testing.T) {
	r, address := relayed(t)
	if r.proxy.RelayAlive() {
		t.Error("alive before there is one")
	}
	c := dialWith(t, address, proxyHeader(0x20, 0x00, "", rightToken))
	got := make([]byte, 4)
	if _, err := io.ReadFull(c, got); err != nil || !bytes.Equal(got, []byte{capture.RelayAccepted, capture.RelayBeat, capture.RelayBeat, capture.RelayBeat}) {
		t.Fatalf("got %x, %v", got, err)
	}
	if !r.proxy.RelayAlive() {
		t.Error("not alive while it holds its connection")
	}
	r.proxy.EndRelay()
	for got[0] != capture.RelayEnd {
		if _, err := io.ReadFull(c, got[:1]); err != nil {
			t.Fatal(err)
		}
	}
	c.Close()
	eventually(t, "the relay to be gone", func() bool { return !r.proxy.RelayAlive() })
}

func TestServeRelayNeedsAToken(t *testing.T) {
	r := newRig(t, echo)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if err := r.proxy.ServeRelay(l, &capture.Relay{App: func(int64, capture.Peer) {}}); err == nil {
		t.Error("it serves whoever comes")
	}
}
