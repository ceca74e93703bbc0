package telemetry

import (
	"bufio"
	"context"
	"crypto/x509"
	"encoding/hex"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/telltale-farm/telltale/harness/virtual/internet"
	"github.com/telltale-farm/telltale/harness/virtual/manifest"
	"github.com/telltale-farm/telltale/harness/virtual/network"
)

// TestOnAPhone sends every encoding from an app through a phone's network to the stand-in internet, directly and through
// a proxy, and asks the collector if it came and the counters what passed the Wi-Fi.
func TestOnAPhone(t *testing.T) {
	web, err := internet.Start(internet.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer web.Close()
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(web.RootPEM())
	proxied := false
	phoneNet := network.New(network.Options{
		Internet: web,
		Proxy:    func() (string, int, bool) { return "127.0.0.1", 18080, proxied },
		Loopback: func(_ context.Context, _ int, bound func(uint16)) (net.Conn, error) {
			bound(0)
			near, far := pipe(t)
			go tunnel(far, web)
			return near, nil
		},
	})
	defer phoneNet.CloseAll()
	app := phoneNet.App(network.AppOptions{UID: 10150, SystemRoots: func() *x509.CertPool { return roots }})
	for _, via := range []manifest.Via{manifest.Direct, manifest.Proxy} {
		proxied = via == manifest.Proxy
		phoneNet.Reboot()
		for _, name := range Names() {
			recorder := manifest.NewRecorder("p1", "test")
			host, port, url := internet.Collector, 443, "https://"+internet.Collector+"/c"
			counter, want, bypass := internet.Collector, int64(1), false
			switch name {
			case "websocket", "websocket-binary":
				host, url, counter = internet.StreamCollector, "https://"+internet.StreamCollector+"/c", internet.StreamCollector
			case "socket", "socket-binary":
				host, port, url, counter = internet.RawCollector, 8443, "tls://"+internet.RawCollector+":8443", internet.RawCollector
			case "mqtt":
				host, port, url, counter = internet.PushBinary, 1883, "tunnel://"+internet.PushBinary+":1883", internet.PushBinary
			case "hostname":
				host, url, counter = hex.EncodeToString([]byte("two words"))+".example-metrics.test", "https://example-metrics.test/c", "*.example-metrics.test"
			case "datagram", "quic", "dns":
				port, url, counter, bypass = 53, "udp://"+internet.Collector+":53", "udp", true
			}
			if bypass && via == manifest.Proxy {
				continue // datagrams know no proxy
			}
			before := web.Counts()[counter]
			encoding, _ := Named(name)
			c, err := NewClient(ClientOptions{
				UID: 10150, Device: phone, URL: url, Encoding: encoding, Network: app, Recorder: recorder, Interval: -1,
			})
			if err != nil {
				t.Fatal(err)
			}
			c.Track(event("two words"))
			if err := c.Flush(context.Background()); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			c.Close()
			queries := 0
			for _, e := range recorder.Manifest().Entries {
				if e.Delivered == (name == "datagram" || name == "quic") || !e.Written || e.Via != via || e.Host != host || e.Port != port {
					t.Errorf("%s: entry %+v", name, e)
				}
				if e.Kind == manifest.Query && e.Value == "two words" {
					queries++
				}
			}
			if queries != 1 {
				t.Errorf("%s: %d entries of the query", name, queries)
			}
			for deadline := time.Now().Add(time.Minute); web.Counts()[counter].Requests != before.Requests+want; time.Sleep(time.Millisecond) {
				if time.Now().After(deadline) {
					t.Fatalf("%s: the collector got %d requests", name, web.Counts()[counter].Requests-before.Requests)
				}
			}
		}
		if counted := phoneNet.Netstats(network.FormatTraffic); via == manifest.Proxy != (counted == emptyTraffic) {
			t.Errorf("%s: counters\n%s", via, counted)
		}
	}
}

const emptyTraffic = "mAppUidStatsMap::\n  uid rxBytes rxPackets txBytes txPackets\nmStatsMapA::\n  ifaceIndex ifaceName tag_hex uid_int cnt_set rxBytes rxPackets txBytes txPackets\n"

// TestRefusedCertificateSendsNothing is the manifest of an app that does not believe its collector.
func TestRefusedCertificateSendsNothing(t *testing.T) {
	web, err := internet.Start(internet.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer web.Close()
	phoneNet := network.New(network.Options{Internet: web})
	defer phoneNet.CloseAll()
	app := phoneNet.App(network.AppOptions{UID: 10150, Trust: network.TrustPinned, SystemRoots: x509.NewCertPool})
	recorder := manifest.NewRecorder("p1", "test")
	encoding, _ := Named("json")
	c, err := NewClient(ClientOptions{
		Device: phone, URL: "https://" + internet.PinnedCollector + "/c", Encoding: encoding, Network: app, Recorder: recorder, Interval: -1, Pinned: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	c.Track(event("two words"))
	if err := c.Flush(context.Background()); err == nil {
		t.Error("the collector was believed")
	}
	c.Close()
	entries := recorder.Manifest().Entries
	if len(entries) != 2 {
		t.Fatalf("%d entries", len(entries))
	}
	for _, e := range entries {
		if e.Delivered || e.Written || e.Readable || e.Status != 0 || e.Error == "" || e.Attempts != 1 {
			t.Errorf("entry %+v", e)
		}
	}
}

// pipe is a connection with buffers.
func pipe(t *testing.T) (near, far net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if near, err = net.Dial("tcp", l.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if far, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	return near, far
}

// tunnel serves one CONNECT.
func tunnel(c net.Conn, web *internet.Internet) {
	defer c.Close()
	r := bufio.NewReader(c)
	request, err := http.ReadRequest(r)
	if err != nil || request.Method != http.MethodConnect {
		return
	}
	upstream, err := net.Dial("tcp", web.Addr())
	if err != nil {
		return
	}
	defer upstream.Close()
	_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\n\r\n")
	go func() {
		_, _ = io.Copy(upstream, r)
		_ = upstream.Close()
	}()
	_, _ = io.Copy(c, upstream)
}

// TestAroundTheProxy: raw sockets and datagrams leave directly whatever the proxy is, and the manifest and the counters say so.
func TestAroundTheProxy(t *testing.T) {
	web, err := internet.Start(internet.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer web.Close()
	for name, url := range map[string]string{
		"socket": "tcp://" + internet.RawCollector + ":7000", "mqtt": "tcp://" + internet.PushBinary + ":1883",
		"quic": "udp://" + internet.Collector + ":443", "dns": "udp://" + internet.Collector + ":53",
	} {
		t.Run(name, func(t *testing.T) {
			phoneNet := network.New(network.Options{Internet: web, Proxy: func() (string, int, bool) { return "127.0.0.1", 18080, true }})
			defer phoneNet.CloseAll()
			recorder := manifest.NewRecorder("p1", "test")
			encoding, _ := Named(name)
			c, err := NewClient(ClientOptions{
				Device: phone, URL: url, Encoding: encoding, Recorder: recorder, Interval: -1,
				Network: phoneNet.App(network.AppOptions{UID: 10150, Trust: network.TrustPinned}),
			})
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			c.Track(event("two words"))
			if err := c.Flush(context.Background()); err != nil {
				t.Fatal(err)
			}
			entries := recorder.Manifest().Entries
			if len(entries) == 0 {
				t.Fatal("no entries")
			}
			for _, e := range entries {
				if e.Via != manifest.Direct || !e.Written || e.Readable {
					t.Errorf("entry %+v; the app is pinned", e)
				}
			}
			if phoneNet.Netstats(network.FormatTraffic) == emptyTraffic {
				t.Error("nothing was counted")
			}
		})
	}
}
