package leak

import (
	"github.com/telltale-farm/telltale/capture/decode"
	"github.com/telltale-farm/telltale/capture/flow"
)

// Said gives what the phone said in a flow, in the decoder's terms and as the judge searches it: beside a message of its own
// also what only surrounds it. body reads a stored body; it is asked for none but those that the phone sent.
func Said(f *flow.Flow, body func(*flow.Body) []byte) []decode.Sent {
	var out []decode.Sent
	if beside, ok := outside(f); ok {
		out = append(out, beside)
	}
	if m, ok := sent(f); ok {
		if r := f.Request.Body; r != nil {
			m.Body, m.BodyCut = body(r), r.Truncated || r.Stored < r.Size
		}
		out = append(out, m)
	}
	return out
}

// sent is what the phone sent in a flow, without its body; false if it sent nothing that can be looked at.
func sent(f *flow.Flow) (decode.Sent, bool) {
	m := f.Request
	if m == nil {
		return decode.Sent{}, false
	}
	switch f.Kind {
	case flow.KindMessage:
		return decode.Sent{Kind: decode.KindMessage}, m.FromApp
	case flow.KindExchange:
		return decode.Sent{Kind: decode.KindRequest, Method: m.Method, Target: m.Target, Headers: m.Headers, Trailers: m.Trailers}, true
	}
	// Relayed bytes are searched too, though they cannot make a tunnel clean.
	return decode.Sent{Kind: decode.KindRaw}, m.Body != nil
}

// outside is what the phone said beside what it sent in a flow that is no request: the topic of an MQTT message, where a
// tunnel was to lead, and what a ClientHello shows to everybody.
func outside(f *flow.Flow) (decode.Sent, bool) {
	m := f.Request
	out := decode.Sent{Kind: decode.KindRequest}
	switch f.Kind {
	case flow.KindExchange:
		return out, false
	case flow.KindMessage:
		if m == nil || !m.FromApp {
			return out, false
		}
		out.Target, out.Headers = m.Target, m.Headers
		return out, out.Target != "" || len(out.Headers) > 0
	}
	if f.Host != "" {
		out.Method, out.Target = "CONNECT", "https://"+f.Host+"/"
	}
	header := func(name, value string) { out.Headers = append(out.Headers, flow.Header{Name: name, Value: value}) }
	if m != nil && m.Target != "" {
		header("CONNECT", m.Target)
	}
	if f.TLS != nil && f.TLS.SNI != f.Host {
		header("SNI", f.TLS.SNI)
	}
	if f.TLS != nil {
		for _, proto := range f.TLS.Offered {
			header("ALPN", proto)
		}
	}
	return out, out.Target != "" || len(out.Headers) > 0
}
