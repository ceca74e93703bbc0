package capture_test

import (
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/telltale-farm/telltale/capture"
	"github.com/telltale-farm/telltale/capture/flow"
)

const (
	mqttConnect = "\x10\x12\x00\x04MQTT\x04\x02\x00\x3c\x00\x06phone1"
	mqttPublish = "\x30\x0c\x00\x03a/bsecret!"
)

func TestMQTTIsRead(t *testing.T) {
	for _, c := range []struct {
		name  string
		open  func(*rig) net.Conn
		send  string
		class flow.Class
		want  []string
	}{
		{"in TLS", func(r *rig) net.Conn { return r.connectTLS("push.test:8883", "push.test", "mqtt") }, mqttConnect + mqttPublish, "",
			[]string{"\x00\x04MQTT\x04\x02\x00\x3c\x00\x06phone1", "secret!"}},
		{"plain", func(r *rig) net.Conn { return r.connect("push.test:1883") }, mqttConnect + mqttPublish, "",
			[]string{"\x00\x04MQTT\x04\x02\x00\x3c\x00\x06phone1", "secret!"}},
		{"and then something else", func(r *rig) net.Conn { return r.connect("push.test:1883") }, mqttConnect + mqttPublish + mqttConnect,
			flow.ClassNotTLS, []string{"\x00\x04MQTT\x04\x02\x00\x3c\x00\x06phone1", "secret!"}},
		{"and half a packet", func(r *rig) net.Conn { return r.connect("push.test:1883") }, mqttConnect + mqttPublish[:9],
			flow.ClassNotTLS, []string{"\x00\x04MQTT\x04\x02\x00\x3c\x00\x06phone1"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, echo, quick)
			drain := func(c net.Conn) { _, _ = io.WriteString(c, "\x20\x02\x00\x00"); _, _ = io.Copy(io.Discard, c) }
			r.server("1883", drain)
			r.tlsServer("8883", drain, "mqtt")
			conn := c.open(r)
			ask(t, conn, c.send, "\x20\x02\x00\x00")
			_ = conn.(interface{ CloseWrite() error }).CloseWrite()
			_, _ = io.Copy(io.Discard, conn)
			fs := r.flows()
			tunnel := one(t, fs, flow.KindTunnel)
			if tunnel.Class != c.class || tunnel.Proto != "mqtt" || tunnel.Requests != int64(len(c.want)) {
				t.Errorf("tunnel %+v", tunnel)
			}
			got := of(fs, flow.KindMessage)
			if len(got) != len(c.want) {
				t.Fatalf("%d messages", len(got))
			}
			for i, m := range got {
				if r.body(m.Request.Body) != c.want[i] || !m.Request.FromApp || m.Parent != tunnel.Seq {
					t.Errorf("message %+v", m)
				}
			}
			if len(got) > 1 && got[1].Request.Target != "mqtt://push.test/a/b" {
				t.Errorf("topic %q", got[1].Request.Target)
			}
		})
	}
}

func TestAHostThatRefusesIsPassedWhenPolicySaysSo(t *testing.T) {
	r := newRig(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "from the origin") }, func(o *capture.Options) { o.PassAfter = 2 })
	pinned := tls.Config{ServerName: "origin.test"} // trusts the origin's CA alone
	pinned.RootCAs = rootsOf(r.auth.cert)
	try := func() error {
		tc := tls.Client(r.connect("origin.test:443"), &pinned)
		if err := tc.Handshake(); err != nil {
			return err
		}
		_, _ = io.WriteString(tc, "GET / HTTP/1.1\r\nHost: origin.test\r\nConnection: close\r\n\r\n")
		b, err := io.ReadAll(tc)
		if err == nil && !strings.HasSuffix(string(b), "from the origin") {
			t.Errorf("got %q", b)
		}
		return err
	}
	for i := range 2 {
		if try() == nil {
			t.Errorf("attempt %d went through", i)
		}
		eventually(t, "the refusal is recorded", func() bool {
			_ = r.rec.Sync()
			fs := r.now()
			return len(fs) == i+1 && fs[i].End >= 0
		})
	}
	if err := try(); err != nil {
		t.Fatalf("after two refusals: %v", err)
	}
	fs := r.flows()
	last := fs[len(fs)-1]
	if last.TLS != nil && (last.TLS.Version != "TLS 1.3" || last.TLS.Cipher == "" || last.ServerTLS != nil) {
		t.Errorf("of the handshake that passed by: %+v, ours %+v", last.TLS, last.ServerTLS)
	}
	if last.Class != flow.ClassPassed || last.Intercepted || last.TLS == nil || last.TLS.SNI != "origin.test" || last.TLS.JA4 == "" {
		t.Errorf("%+v", last)
	}
}

func TestConnectionsAreBounded(t *testing.T) {
	for _, c := range []struct {
		name  string
		still time.Duration
		room  bool
	}{{"the oldest idle one makes room", time.Nanosecond, true}, {"none has been idle for long", time.Hour, false}} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, echo, func(o *capture.Options) { o.Limits.Conns, o.Limits.Still = 3, c.still })
			var held []net.Conn
			for i := range 3 {
				held = append(held, r.connectTLS("origin.test:443", "origin.test"))
				// The proxy ends its side of the handshake later than we ours; only then is this one older than the next.
				eventually(t, "the handshake is recorded", func() bool {
					_ = r.rec.Sync()
					done := 0
					for _, f := range of(r.now(), flow.KindTunnel) {
						if f.TLS != nil {
							done++
						}
					}
					return done == i+1
				})
			}
			resp, err := r.client(false).Get("http://origin.test/")
			if (err == nil) != c.room {
				t.Errorf("a fourth connection: %v", err)
			}
			if err == nil {
				_ = readAll(t, resp)
				_ = held[0].SetDeadline(time.Now().Add(time.Minute))
				if _, err := held[0].Read(make([]byte, 1)); err != io.EOF && !strings.Contains(err.Error(), "reset") {
					t.Errorf("the first is still there: %v", err)
				}
			}
			fs := r.flows()
			if errs := of(fs, flow.KindError); (len(errs) == 0) != c.room || len(errs) > 0 && errs[0].Fault != flow.FaultHarness {
				t.Errorf("%+v", errs)
			}
		})
	}
}
