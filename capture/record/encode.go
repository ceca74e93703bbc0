package record

import (
	"encoding/base64"
	"strconv"
	"unicode/utf8"

	"github.com/telltale-farm/telltale/capture/flow"
)

// The encoder writes what encoding/json without HTML escaping would write for flow.Flow, field for field; a test holds
// it to that. It exists because a flow is encoded twice per request, and reflection was a tenth of the proxy's time.

func appendRecord(b []byte, rec string, f *flow.Flow) []byte {
	b = append(b, `{"rec":"`...)
	b = append(b, rec...)
	b = append(b, '"', ',')
	b = appendFlow(b, f)
	return append(b, '}', '\n')
}

func appendFlow(b []byte, f *flow.Flow) []byte {
	b = append(b, `"seq":`...)
	b = strconv.AppendInt(b, f.Seq, 10)
	b = appendStr(b, `,"kind":`, string(f.Kind))
	b = appendInt(b, `,"conn":`, f.Conn)
	b = optInt(b, `,"parent":`, f.Parent)
	b = appendInt(b, `,"start_us":`, f.Start)
	b = appendInt(b, `,"sent_us":`, f.Sent)
	b = appendInt(b, `,"end_us":`, f.End)
	b = optStr(b, `,"app":`, f.App)
	b = optStr(b, `,"app_by":`, string(f.AppBy))
	b = optInt(b, `,"uid":`, int64(f.UID))
	b = optStrings(b, `,"candidates":`, f.Candidates)
	b = appendStr(b, `,"host":`, f.Host)
	b = appendInt(b, `,"port":`, int64(f.Port))
	b = optStr(b, `,"server":`, f.Server)
	b = optStr(b, `,"server_cert":`, f.ServerCert)
	if f.TLS != nil {
		b = append(b, `,"tls":`...)
		b = appendTLS(b, f.TLS)
	}
	if f.ServerTLS != nil {
		b = append(b, `,"server_tls":`...)
		b = appendTLS(b, f.ServerTLS)
	}
	b = optStr(b, `,"proto":`, f.Proto)
	b = optBool(b, `,"intercepted":`, f.Intercepted)
	b = optBool(b, `,"control":`, f.Control)
	if f.Request != nil {
		b = append(b, `,"request":`...)
		b = appendMessage(b, f.Request)
	}
	if f.Response != nil {
		b = append(b, `,"response":`...)
		b = appendMessage(b, f.Response)
	}
	b = appendInt(b, `,"bytes_up":`, f.BytesUp)
	b = appendInt(b, `,"bytes_down":`, f.BytesDown)
	b = optInt(b, `,"requests":`, f.Requests)
	b = optStr(b, `,"class":`, string(f.Class))
	b = optInt(b, `,"alert":`, int64(f.Alert))
	b = optStr(b, `,"error":`, f.Error)
	return optStr(b, `,"fault":`, string(f.Fault))
}

func appendTLS(b []byte, t *flow.TLS) []byte {
	n := len(b)
	b = optStr(b, `,"sni":`, t.SNI)
	b = optStr(b, `,"alpn":`, t.ALPN)
	b = optStrings(b, `,"offered":`, t.Offered)
	b = optStrings(b, `,"versions":`, t.Versions)
	b = optStr(b, `,"version":`, t.Version)
	b = optStr(b, `,"cipher":`, t.Cipher)
	b = optStr(b, `,"ja4":`, t.JA4)
	return object(b, n)
}

func appendMessage(b []byte, m *flow.Message) []byte {
	n := len(b)
	b = optStr(b, `,"method":`, m.Method)
	b = optStr(b, `,"target":`, m.Target)
	b = optInt(b, `,"status":`, int64(m.Status))
	b = optHeaders(b, `,"headers":`, m.Headers)
	b = optHeaders(b, `,"trailers":`, m.Trailers)
	b = optInt(b, `,"opcode":`, int64(m.Opcode))
	b = optBool(b, `,"from_app":`, m.FromApp)
	if m.Body != nil {
		b = append(b, `,"body":`...)
		b = appendBody(b, m.Body)
	}
	return object(b, n)
}

func appendBody(b []byte, m *flow.Body) []byte {
	b = appendStr(b, `{"sha256":`, m.SHA256)
	b = appendInt(b, `,"size":`, m.Size)
	b = appendInt(b, `,"stored":`, m.Stored)
	b = optBool(b, `,"truncated":`, m.Truncated)
	b = optStr(b, `,"full":`, m.Full)
	b = optBool(b, `,"partial":`, m.Partial)
	return append(b, '}')
}

// object turns the members appended since n, each with its comma in front, into an object.
func object(b []byte, n int) []byte {
	if len(b) == n {
		return append(b, '{', '}')
	}
	b[n] = '{'
	return append(b, '}')
}

func optHeaders(b []byte, key string, hs []flow.Header) []byte {
	if len(hs) == 0 {
		return b
	}
	b = append(b, key...)
	sep := byte('[')
	for _, h := range hs {
		b = append(b, sep, '[')
		b = appendString(b, h.Name)
		b = append(b, ',')
		if utf8.ValidString(h.Name) && utf8.ValidString(h.Value) {
			b = appendString(b, h.Value)
		} else {
			b = append(b, '"')
			b = base64.StdEncoding.AppendEncode(b, []byte(h.Value))
			b = append(b, `","base64"`...)
		}
		b = append(b, ']')
		sep = ','
	}
	return append(b, ']')
}

func optStrings(b []byte, key string, ss []string) []byte {
	if len(ss) == 0 {
		return b
	}
	b = append(b, key...)
	sep := byte('[')
	for _, s := range ss {
		b = append(b, sep)
		b = appendString(b, s)
		sep = ','
	}
	return append(b, ']')
}

func appendInt(b []byte, key string, v int64) []byte {
	return strconv.AppendInt(append(b, key...), v, 10)
}

func optInt(b []byte, key string, v int64) []byte {
	if v == 0 {
		return b
	}
	return appendInt(b, key, v)
}

func optBool(b []byte, key string, v bool) []byte {
	if !v {
		return b
	}
	return append(append(b, key...), "true"...)
}

func appendStr(b []byte, key, v string) []byte { return appendString(append(b, key...), v) }

func optStr(b []byte, key, v string) []byte {
	if v == "" {
		return b
	}
	return appendStr(b, key, v)
}

const hexDigits = "0123456789abcdef"

// appendString quotes s as encoding/json does. Bytes that are not UTF-8 become U+FFFD: who must keep them encodes first.
func appendString(b []byte, s string) []byte {
	b = append(b, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' && c < utf8.RuneSelf {
			i++
			continue
		}
		if c < utf8.RuneSelf {
			b = append(b, s[start:i]...)
			b = appendEscape(b, c)
			i++
			start = i
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && n == 1 || r == '\u2028' || r == '\u2029' {
			b = append(b, s[start:i]...)
			switch r {
			case '\u2028':
				b = append(b, `\u2028`...)
			case '\u2029':
				b = append(b, `\u2029`...)
			default:
				b = append(b, `\ufffd`...)
			}
			start = i + n
		}
		i += n
	}
	b = append(b, s[start:]...)
	return append(b, '"')
}

func appendEscape(b []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(b, '\\', c)
	case '\b':
		return append(b, '\\', 'b')
	case '\f':
		return append(b, '\\', 'f')
	case '\n':
		return append(b, '\\', 'n')
	case '\r':
		return append(b, '\\', 'r')
	case '\t':
		return append(b, '\\', 't')
	}
	return append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
}
