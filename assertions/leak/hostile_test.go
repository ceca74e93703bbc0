package leak_test

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/assertions/leak/leaktest"
	"github.com/telltale-farm/telltale/capture/flow"
)

// stranger is a collector that no canary is meant for.
const stranger = "https://sa.collector.example/sa"

// ride records a flow inside another, which comes before it.
func ride(p *leaktest.Phone, outer, inner leaktest.Flow) {
	p.AddFlow(outer)
	inner.Parent, inner.Conn = int64(len(p.Flows)), outer.Conn
	p.AddFlow(inner)
}

// connect is a CONNECT whose handshake we answered, and in which requests were made.
func connect(target, sni string, at int64) leaktest.Flow {
	f := leaktest.Tunnel(leaktest.Browser, target, 443, flow.ClassReadable, at)
	f.Request = &flow.Message{Method: "CONNECT", Target: target + ":443"}
	f.Requests, f.Intercepted = 1, sni != ""
	if sni != "" {
		f.Host, f.TLS = sni, &flow.TLS{SNI: sni}
	}
	return f
}

// askFor is a request with the query in its address, to a host by its Host header.
func askFor(host string, at int64) leaktest.Flow {
	return leaktest.Get(leaktest.Browser, "https://"+host+"/?q="+url.QueryEscape(leaktest.Query), at)
}

func with(f leaktest.Flow, change func(*leaktest.Flow)) leaktest.Flow { change(&f); return f }

func header(name, value string) func(*leaktest.Flow) {
	return func(f *leaktest.Flow) {
		f.Request.Headers = append(f.Request.Headers, flow.Header{Name: name, Value: value})
	}
}

func said(text string) string { return fmt.Sprintf(`{"event":"search","q":%q}`, text) }

// pressed is gzip of a text between runs of zeros.
func pressed(text string, zeros int) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write(make([]byte, zeros))
	_, _ = w.Write([]byte(text))
	_, _ = w.Write(make([]byte, zeros))
	_ = w.Close()
	return b.String()
}

// TestHostileWays sends the query, or hides it, in ways meant to get past the judge; each has a near-miss that must not
// be taken for it.
func TestHostileWays(t *testing.T) {
	const q = leaktest.Query
	for name, c := range map[string]struct {
		do   func(b *leaktest.Bundle, p *leaktest.Phone)
		want leak.Outcome // of the search
	}{
		// Who sent it, and when.
		"by another app": {func(_ *leaktest.Bundle, p *leaktest.Phone) {
			p.AddFlow(leaktest.Post("com.other", stranger, 22*s, said(q)))
		}, leaked},
		"by an unknown app": {func(_ *leaktest.Bundle, p *leaktest.Phone) { p.AddFlow(leaktest.Post("", stranger, 22*s, said(q))) }, leaked},
		"another app says something else": {func(_ *leaktest.Bundle, p *leaktest.Phone) {
			p.AddFlow(leaktest.Post("com.other", stranger, 22*s, said("quokka gantry 00000000")))
		}, clean},
		"between the windows": {func(_ *leaktest.Bundle, p *leaktest.Phone) {
			p.AddFlow(leaktest.Post(leaktest.Browser, stranger, 29*s+s/2, said(q)))
		}, leaked},
		"after the drain": {func(_ *leaktest.Bundle, p *leaktest.Phone) {
			p.AddFlow(leaktest.Post(leaktest.Browser, stranger, 60*s, said(q)))
		}, leaked},
		"on a request begun before the window": {func(_ *leaktest.Bundle, p *leaktest.Phone) {
			p.AddFlow(with(leaktest.Post(leaktest.Browser, stranger, 19*s+s/2, said(q)), func(f *leaktest.Flow) { f.Sent, f.End = 23*s, 24*s }))
		}, leaked},
		"unread on a request begun before the window": {func(_ *leaktest.Bundle, p *leaktest.Phone) {
			p.AddFlow(with(leaktest.Post(leaktest.Browser, stranger, 15*s, said("x")), func(f *leaktest.Flow) { f.Body, f.Sent, f.End = bytesOfNoise(400), 23*s, 24*s }))
		}, inconclusive},
		"unread on a request over before the window": {func(_ *leaktest.Bundle, p *leaktest.Phone) {
			p.AddFlow(with(leaktest.Post(leaktest.Browser, stranger, 15*s, said("x")), func(f *leaktest.Flow) { f.Body, f.Sent, f.End = bytesOfNoise(400), 16*s, 17*s }))
		}, clean},
		"on a long poll open over the window's end": {func(_ *leaktest.Bundle, p *leaktest.Phone) {
			p.AddFlow(with(leaktest.Post(leaktest.Browser, stranger, 22*s, "x"), func(f *leaktest.Flow) { f.Body, f.Sent, f.End = bytesOfNoise(400), 55*s, 56*s }))
		}, inconclusive},
		"on a connection of before": {func(_ *leaktest.Bundle, p *leaktest.Phone) {
			ride(p, connect("sa.collector.example", "sa.collector.example", 12*s), leaktest.Post(leaktest.Browser, stranger, 22*s, said(q)))
		}, leaked},
		"in an upload that has no end": {func(_ *leaktest.Bundle, p *leaktest.Phone) {
			p.AddFlow(with(leaktest.Post(leaktest.Browser, stranger, 22*s, "x"), func(f *leaktest.Flow) {
				f.Body, f.End = nil, -1
				header("Transfer-Encoding", "chunked")(f)
			}))
		}, inconclusive},
		"in a message after the window": {func(_ *leaktest.Bundle, p *leaktest.Phone) {
			ride(p, with(leaktest.Get(leaktest.Browser, "https://sa.collector.example/ws", 15*s), func(f *leaktest.Flow) { f.End, f.Proto = 60*s, "websocket" }), message(said(q), 45*s))
		}, leaked},

		// To whom.
		"a look-alike of the recipient": {func(_ *leaktest.Bundle, p *leaktest.Phone) { p.AddFlow(askFor("duckduckgo.com.evil.example", 22*s)) }, leaked},
		"another look-alike":            {func(_ *leaktest.Bundle, p *leaktest.Phone) { p.AddFlow(askFor("notduckduckgo.com", 22*s)) }, leaked},
		"another host of the recipient": {func(_ *leaktest.Bundle, p *leaktest.Phone) { p.AddFlow(askFor("ac.duckduckgo.com", 22*s)) }, clean},
		"a tunnel to another than the name in TLS": {func(_ *leaktest.Bundle, p *leaktest.Phone) {
			ride(p, connect("evil.example", leaktest.Search, 22*s), askFor(leaktest.Search, 22*s+1))
		}, leaked},
		"another name in TLS than in Host": {func(_ *leaktest.Bundle, p *leaktest.Phone) {
			ride(p, connect("evil.example", "evil.example", 22*s), askFor(leaktest.Search, 22*s+1))
		}, leaked},
		"a tunnel to the recipient": {func(_ *leaktest.Bundle, p *leaktest.Phone) {
			ride(p, connect(leaktest.Search, leaktest.Search, 22*s), askFor(leaktest.Search, 22*s+1))
		}, clean},
		"a tunnel to an address, with the recipient's name in TLS": {func(_ *leaktest.Bundle, p *leaktest.Phone) {
			ride(p, connect("203.0.113.9", leaktest.Search, 22*s), askFor(leaktest.Search, 22*s+1))
		}, clean},
		"a tunnel to an address, and nothing but a Host header": {func(_ *leaktest.Bundle, p *leaktest.Phone) {
			ride(p, connect("203.0.113.9", "", 22*s), askFor(leaktest.Search, 22*s+1))
		}, leaked},
		"an address itself": {func(_ *leaktest.Bundle, p *leaktest.Phone) { p.AddFlow(askFor("203.0.113.9", 22*s)) }, leaked},
		"our control host by name alone": {func(_ *leaktest.Bundle, p *leaktest.Phone) {
			ride(p, connect("evil.example", "evil.example", 22*s), with(askFor(leaktest.Control, 22*s+1), func(f *leaktest.Flow) { f.Control = true }))
		}, leaked},
		"our control host": {func(_ *leaktest.Bundle, p *leaktest.Phone) {
			ride(p, connect(leaktest.Control, leaktest.Control, 22*s), with(askFor(leaktest.Control, 22*s+1), func(f *leaktest.Flow) { f.Control = true }))
		}, clean},
		"encrypted, to an accepted host by name alone": {func(b *leaktest.Bundle, p *leaktest.Phone) {
			b.PhonePolicy(leaktest.PhoneID).Accept = []leak.Accept{{App: leaktest.Browser, Host: "push.example"}}
			ride(p, connect("evil.example", "evil.example", 22*s), with(leaktest.Post(leaktest.Browser, "https://push.example/", 22*s+1, "x"), func(f *leaktest.Flow) { f.Body = bytesOfNoise(400) }))
		}, inconclusive},
		"encrypted, to an accepted host": {func(b *leaktest.Bundle, p *leaktest.Phone) {
			b.PhonePolicy(leaktest.PhoneID).Accept = []leak.Accept{{App: leaktest.Browser, Host: "push.example"}}
			ride(p, connect("push.example", "push.example", 22*s), with(leaktest.Post(leaktest.Browser, "https://push.example/", 22*s+1, "x"), func(f *leaktest.Flow) { f.Body = bytesOfNoise(400) }))
		}, clean},
		"a server that could not be reached": {func(_ *leaktest.Bundle, p *leaktest.Phone) {
			p.AddFlow(with(leaktest.Post(leaktest.Browser, stranger, 22*s, said(q)), func(f *leaktest.Flow) { f.Response, f.Fault = nil, flow.FaultUpstream }))
		}, leaked},
		"a server that answers 500": {func(_ *leaktest.Bundle, p *leaktest.Phone) {
			p.AddFlow(with(leaktest.Post(leaktest.Browser, stranger, 22*s, said(q)), func(f *leaktest.Flow) { f.Response.Status = 500 }))
		}, leaked},
		"plain HTTP": {func(_ *leaktest.Bundle, p *leaktest.Phone) {
			p.AddFlow(leaktest.Post(leaktest.Browser, "http://sa.collector.example/sa", 22*s, said(q)))
		}, leaked},

		// Where it stands.
		"Referer of the results": {func(_ *leaktest.Bundle, p *leaktest.Phone) {
			p.AddFlow(with(leaktest.Get(leaktest.Browser, "https://cdn.third.example/x.js", 22*s), header("Referer", "https://duckduckgo.com/?q="+url.QueryEscape(q))))
		}, leaked},
		"Referer without the query": {func(_ *leaktest.Bundle, p *leaktest.Phone) {
			p.AddFlow(with(leaktest.Get(leaktest.Browser, "https://cdn.third.example/x.js", 22*s), header("Referer", "https://duckduckgo.com/")))
		}, clean},
		"favicon of the engine": {func(_ *leaktest.Bundle, p *leaktest.Phone) {
			p.AddFlow(leaktest.Get(leaktest.Browser, "https://www.faviconservice.example/s2?domain=duckduckgo.com", 22*s))
		}, clean},
		"a redirect that carries it on": {func(_ *leaktest.Bundle, p *leaktest.Phone) {
			p.AddFlow(leaktest.Get(leaktest.Browser, "https://go.third.example/r?u="+url.QueryEscape("https://duckduckgo.com/?q="+url.QueryEscape(q)), 22*s))
		}, leaked},
		"a trailer": {func(_ *leaktest.Bundle, p *leaktest.Phone) {
			p.AddFlow(with(leaktest.Post(leaktest.Browser, stranger, 22*s, said("x")), func(f *leaktest.Flow) { f.Request.Trailers = []flow.Header{{Name: "X-Sum", Value: q}} }))
		}, leaked},
		"a file's name": {func(_ *leaktest.Bundle, p *leaktest.Phone) {
			p.AddFlow(with(leaktest.Post(leaktest.Browser, stranger, 22*s, "--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\""+q+".txt\"\r\n\r\nhello\r\n--b--\r\n"), header("Content-Type", "multipart/form-data; boundary=b")))
		}, leaked},
		"a user's name": {func(_ *leaktest.Bundle, p *leaktest.Phone) {
			p.AddFlow(with(leaktest.Get(leaktest.Browser, stranger, 22*s), header("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte("u:"+q)))))
		}, leaked},
		"a method": {func(_ *leaktest.Bundle, p *leaktest.Phone) {
			p.AddFlow(with(leaktest.Get(leaktest.Browser, stranger, 22*s), func(f *leaktest.Flow) { f.Request.Method = "QUOKKA-GANTRY-4F1C8A9E" }))
		}, leaked},
		"the name of a header": {func(_ *leaktest.Bundle, p *leaktest.Phone) {
			p.AddFlow(with(leaktest.Get(leaktest.Browser, stranger, 22*s), header("X-quokka-gantry-4f1c8a9e", "1")))
		}, leaked},
		"a label of a tunnel's host": {func(_ *leaktest.Bundle, p *leaktest.Phone) {
			p.AddFlow(leaktest.Tunnel("com.other", "quokka-gantry-4f1c8a9e.evil.example", 443, flow.ClassUntrustedCA, 22*s))
		}, leaked},
		"a label of a relayed tunnel's host": {func(_ *leaktest.Bundle, p *leaktest.Phone) {
			p.AddFlow(with(leaktest.Tunnel("com.other", "quokka-gantry-4f1c8a9e.evil.example", 443, flow.ClassNotTLS, 22*s), func(f *leaktest.Flow) { f.Body = bytesOfNoise(40) }))
		}, leaked},
		"a name in TLS that is no name": {func(_ *leaktest.Bundle, p *leaktest.Phone) {
			p.AddFlow(with(leaktest.Tunnel("com.other", "evil.example", 443, flow.ClassUntrustedCA, 22*s), func(f *leaktest.Flow) { f.TLS = &flow.TLS{SNI: q} }))
		}, leaked},
		"a protocol offered in TLS": {func(_ *leaktest.Bundle, p *leaktest.Phone) {
			p.AddFlow(with(leaktest.Tunnel("com.other", "evil.example", 443, flow.ClassUntrustedCA, 22*s), func(f *leaktest.Flow) { f.TLS = &flow.TLS{SNI: "evil.example", Offered: []string{"h2", q}} }))
		}, leaked},
		"the target of a tunnel under another name in TLS": {func(_ *leaktest.Bundle, p *leaktest.Phone) {
			ride(p, connect("quokka-gantry-4f1c8a9e.evil.example", "evil.example", 22*s), leaktest.Get(leaktest.Browser, "https://evil.example/", 22*s+1))
		}, leaked},
		"the topic of an MQTT message": {func(_ *leaktest.Bundle, p *leaktest.Phone) {
			ride(p, connect("push.example", "push.example", 22*s), with(message("1", 22*s+1), func(f *leaktest.Flow) { f.Proto, f.Request.Target = "mqtt", "mqtt://push.example/searches/"+q }))
		}, leaked},
		"the properties of an MQTT message": {func(_ *leaktest.Bundle, p *leaktest.Phone) {
			ride(p, connect("push.example", "push.example", 22*s), with(message("1", 22*s+1), func(f *leaktest.Flow) {
				f.Proto, f.Request.Target, f.Request.Headers = "mqtt", "mqtt://push.example/t", []flow.Header{{Name: "properties", Value: "\x03\x00\x15" + q}}
			}))
		}, leaked},
		"a frame beside the requests of HTTP/2": {func(_ *leaktest.Bundle, p *leaktest.Phone) {
			ride(p, connect("evil.example", "evil.example", 22*s), with(message("1", 22*s+1), func(f *leaktest.Flow) {
				f.Proto, f.Body, f.Request.Headers = "HTTP/2.0", nil, []flow.Header{{Name: "ping", Value: "\x00\x00\x00\x00\x00\x00\x00\x01"}, {Name: "frame 0xbe", Value: q}}
			}))
		}, leaked},
		"a ping of HTTP/2": {func(_ *leaktest.Bundle, p *leaktest.Phone) {
			ride(p, connect("evil.example", "evil.example", 22*s), with(message("1", 22*s+1), func(f *leaktest.Flow) {
				f.Proto, f.Body, f.Request.Headers = "HTTP/2.0", nil, []flow.Header{{Name: "ping", Value: "\x8e\x01\xf3\x77\x10\x9a\xc4\x52"}}
			}))
		}, clean},
		"an extension of a chunk": {func(_ *leaktest.Bundle, p *leaktest.Phone) {
			p.AddFlow(with(leaktest.Post(leaktest.Browser, stranger, 22*s, "x=1"), func(f *leaktest.Flow) {
				f.Request.Trailers = []flow.Header{{Name: ":chunk-extension", Value: "q=" + q}}
			}))
		}, leaked},
		"the topic of another MQTT message": {func(_ *leaktest.Bundle, p *leaktest.Phone) {
			ride(p, connect("push.example", "push.example", 22*s), with(message("1", 22*s+1), func(f *leaktest.Flow) { f.Proto, f.Request.Target = "mqtt", "mqtt://push.example/heartbeats" }))
		}, clean},
		"bytes that broke the protocol": {func(_ *leaktest.Bundle, p *leaktest.Phone) {
			p.AddFlow(leaktest.Flow{Flow: flow.Flow{Kind: flow.KindError, Start: 22 * s, Sent: 22 * s, End: 22 * s, App: "com.other", Host: "evil.example", BytesUp: 50}, Body: []byte("\x01\x02" + q + "\r\n\r\n")})
		}, leaked},

		// What hides it.
		"behind the body cap": {func(_ *leaktest.Bundle, p *leaktest.Phone) {
			p.AddFlow(with(leaktest.Post(leaktest.Browser, stranger, 22*s, `{"pad":"`+strings.Repeat("a", 5000)+`","q":"`+q+`"}`), func(f *leaktest.Flow) { f.Cap = 4096 }))
		}, inconclusive},
		"before the body cap": {func(_ *leaktest.Bundle, p *leaktest.Phone) {
			p.AddFlow(with(leaktest.Post(leaktest.Browser, stranger, 22*s, `{"q":"`+q+`","pad":"`+strings.Repeat("a", 5000)+`"}`), func(f *leaktest.Flow) { f.Cap = 4096 }))
		}, leaked},
		"in a bomb": {func(_ *leaktest.Bundle, p *leaktest.Phone) {
			p.AddFlow(leaktest.Post(leaktest.Browser, stranger, 22*s, pressed(said(q), 4<<20)))
		}, inconclusive},
		"in a large body that is no bomb": {func(_ *leaktest.Bundle, p *leaktest.Phone) {
			p.AddFlow(leaktest.Post(leaktest.Browser, stranger, 22*s, pressed(said(q), 100<<10)))
		}, leaked},
		"in a short message that nothing explains": {func(_ *leaktest.Bundle, p *leaktest.Phone) {
			ride(p, leaktest.Get(leaktest.Browser, "https://sa.collector.example/ws", 22*s), message(string(bytesOfNoise(48)), 22*s+1))
		}, inconclusive},
		"behind a record of a handshake": {func(_ *leaktest.Bundle, p *leaktest.Phone) {
			p.AddFlow(leaktest.Get(leaktest.Browser, "https://sa.collector.example/ok", 22*s))
			p.AddFlow(with(leaktest.Tunnel(leaktest.Browser, "sa.collector.example", 443, flow.ClassClosedEarly, 22*s), func(f *leaktest.Flow) {
				f.Body, f.BytesUp = append([]byte("\x16\x03\x01\x10\x00"), bytesOfNoise(900)...), 905
			}))
		}, inconclusive},
		"a handshake that a browser gave up": {func(_ *leaktest.Bundle, p *leaktest.Phone) {
			p.AddFlow(leaktest.Get(leaktest.Browser, "https://sa.collector.example/ok", 22*s))
			p.AddFlow(leaktest.Tunnel(leaktest.Browser, "sa.collector.example", 443, flow.ClassClosedEarly, 22*s))
		}, clean},

		// After the window.
		"unread in the drain, but accepted": {func(b *leaktest.Bundle, p *leaktest.Phone) {
			b.PhonePolicy(leaktest.PhoneID).Accept = []leak.Accept{{App: leaktest.Browser, Host: "push.example"}}
			p.AddFlow(leaktest.Tunnel(leaktest.Browser, "push.example", 443, flow.ClassPinned, 42*s))
		}, clean},
		"unread once the app was driven again": {func(_ *leaktest.Bundle, p *leaktest.Phone) {
			again := p.Attempts[1]
			again.ID, again.Key.Scenario, again.Window = 5, "visit", leaktest.At(5)
			again.Window.First, again.Window.Last = 4, 3
			p.Attempts = append(p.Attempts, again)
			p.AddFlow(leaktest.Tunnel(leaktest.Browser, "push.example", 443, flow.ClassPinned, 52*s))
		}, clean},
		"bytes around the proxy in the drain": {func(_ *leaktest.Bundle, p *leaktest.Phone) {
			p.Attempt(leak.DrainScenario).Counters.Deltas = []leak.Delta{{UID: 10001, Apps: []string{leaktest.Browser}, TX: 900}}
		}, inconclusive},
		"a drain that failed": {func(_ *leaktest.Bundle, p *leaktest.Phone) {
			p.Attempt(leak.DrainScenario).Fault = &leak.Fault{Class: leak.FaultPhone, Code: leak.CodeDeviceLost, Detail: "it went away"}
		}, inconclusive},
		"no drain": {func(_ *leaktest.Bundle, p *leaktest.Phone) { p.Attempts = p.Attempts[:3] }, inconclusive},
		"bytes of another around the proxy in the drain": {func(_ *leaktest.Bundle, p *leaktest.Phone) {
			p.Attempt(leak.DrainScenario).Counters.Deltas = []leak.Delta{{UID: 10009, Apps: []string{"com.other"}, TX: 900}}
		}, clean},
		"refused in an attempt that was made again": {func(_ *leaktest.Bundle, p *leaktest.Phone) {
			voided(p)
			p.AddFlow(leaktest.Tunnel(leaktest.Browser, "sa.collector.example", 443, flow.ClassUntrustedCA, 16*s))
		}, inconclusive},
		"around the proxy in an attempt that was made again": {func(_ *leaktest.Bundle, p *leaktest.Phone) {
			voided(p).Counters.Deltas = []leak.Delta{{UID: 10001, Apps: []string{leaktest.Browser}, TX: 900}}
		}, inconclusive},
		"a handshake cut in an attempt that was made again": {func(_ *leaktest.Bundle, p *leaktest.Phone) {
			voided(p)
			p.AddFlow(leaktest.Tunnel(leaktest.Browser, "sa.collector.example", 443, flow.ClassClosedEarly, 16*s))
		}, clean},
	} {
		t.Run(name, func(t *testing.T) {
			b := leaktest.Clean()
			c.do(b, b.Phone(leaktest.PhoneID))
			got := claimOf(t, judge(t, b), leaktest.SearchKey, leak.ClaimContent)
			if got.Outcome != c.want {
				t.Errorf("%s, want %s\nreasons %+v\nfindings %+v", got.Outcome, c.want, got.Reasons, got.Findings)
			}
		})
	}
}

// voided puts an attempt before that of the search, which a fault ended and the search restarts.
func voided(p *leaktest.Phone) *leak.Attempt {
	first := p.Attempts[1]
	first.ID, first.RetriedBy = 5, 6
	first.Fault = &leak.Fault{Class: leak.FaultNetwork, Code: leak.CodeCaptureGap, Detail: "the tunnel dropped"}
	first.Window = flow.Window{First: 2, Last: 1, Start: 15 * s, End: 18 * s}
	p.Attempts[1].ID, p.Attempts[1].RetryOf = 6, 5
	p.Attempts = append(p.Attempts, first)
	return &p.Attempts[len(p.Attempts)-1]
}

// message is a WebSocket message of the browser.
func message(text string, at int64) leaktest.Flow {
	return leaktest.Flow{Body: []byte(text), Flow: flow.Flow{Kind: flow.KindMessage, Start: at, Sent: at, End: at, App: leaktest.Browser, AppBy: flow.ByRelay,
		Host: "sa.collector.example", Port: 443, Proto: "websocket", Intercepted: true, Request: &flow.Message{Opcode: 2, FromApp: true}}}
}

// noise is bytes that no decoder explains, the same each time.
func bytesOfNoise(n int) []byte {
	out := make([]byte, n)
	x := uint64(0x9e3779b97f4a7c15)
	for i := range out {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
		out[i] = byte(x >> 32)
	}
	return out
}
