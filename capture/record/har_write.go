package record

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/telltale-farm/telltale/capture/flow"
)

// HARMeta is what a HAR says of its making.
type HARMeta struct {
	Version string // of this program
	Phone   string // id of the phone
	Comment string // for instance that the phone is a virtual one
}

// WriteHAR writes a recording as HAR 1.2, one entry at a time. Binary bodies are base64 text with encoding base64, in
// requests too, where the standard has no such field (PCAPdroid writes them so). WebSocket messages are in
// _webSocketMessages as Chrome writes them; messages that ride in no request, such as MQTT's, are entries of the method
// MESSAGE. Flows that are neither, or could not be read, are in log._telltale, so that no reader takes silence for
// nothing sent. The same recording gives the same bytes.
func WriteHAR(w io.Writer, r *Reader, meta HARMeta) error {
	flows, err := r.Flows()
	if err != nil {
		return fmt.Errorf("writing a HAR: %w", err)
	}
	out := bufio.NewWriterSize(w, 64<<10)
	h := harWriter{r: r, out: out, comment: meta.Comment, messages: map[int64][]*flow.Flow{}}
	exchanges := map[int64]bool{}
	for i := range flows {
		switch f := &flows[i]; {
		case f.Kind == flow.KindExchange:
			exchanges[f.Seq] = true
		case f.Kind == flow.KindMessage && exchanges[f.Parent]:
			h.messages[f.Parent] = append(h.messages[f.Parent], f)
		}
	}
	h.raw(`{"log":{"version":"1.2","creator":`)
	h.json(harTool{"telltale", orUnknown(meta.Version)})
	if meta.Comment != "" {
		h.raw(`,"comment":`)
		h.json(meta.Comment)
	}
	h.raw(`,"entries":[`)
	first := true
	unread := []harUnread{}
	for i := range flows {
		f := &flows[i]
		switch {
		case f.Kind == flow.KindMessage && exchanges[f.Parent]:
			continue
		case f.Kind == flow.KindMessage && f.Request != nil:
			f = alone(f)
		case f.Kind == flow.KindMessage:
			continue // of the server
		case f.Kind != flow.KindExchange || f.Request == nil:
			unread = append(unread, unreadOf(f))
			continue
		}
		if !first {
			h.raw(",")
		}
		first = false
		h.raw("\n")
		h.json(h.entry(f))
	}
	h.raw("\n],\"_telltale\":")
	h.json(harTelltale{flow.Schema, meta.Phone, unread})
	h.raw("}}\n")
	if h.err == nil {
		h.err = out.Flush()
	}
	if h.err != nil {
		return fmt.Errorf("writing a HAR: %w", h.err)
	}
	return nil
}

func orUnknown(s string) string {
	if s == "" {
		return "unknown"
	}
	return s
}

// alone makes a request of a message that rides in none.
func alone(f *flow.Flow) *flow.Flow {
	g, m := *f, *f.Request
	if m.Method = "MESSAGE"; m.Target == "" {
		m.Target = "https://" + net.JoinHostPort(f.Host, strconv.Itoa(f.Port)) + "/"
		if f.TLS == nil {
			m.Target = "http" + m.Target[len("https"):]
		}
	}
	g.Request = &m
	return &g
}

type harWriter struct {
	r        *Reader
	out      *bufio.Writer
	comment  string
	messages map[int64][]*flow.Flow
	err      error
}

func (h *harWriter) raw(s string) {
	if h.err == nil {
		_, h.err = h.out.WriteString(s)
	}
}

func (h *harWriter) json(v any) {
	if h.err != nil {
		return
	}
	enc := json.NewEncoder(trimNewline{h.out})
	enc.SetEscapeHTML(false)
	h.err = enc.Encode(v)
}

// trimNewline drops the line end that an Encoder writes after a value.
type trimNewline struct{ w *bufio.Writer }

func (t trimNewline) Write(b []byte) (int, error) {
	if n := len(b); n > 0 && b[n-1] == '\n' {
		n, err := t.w.Write(b[:n-1])
		return n + 1, err
	}
	return t.w.Write(b)
}

func (h *harWriter) entry(f *flow.Flow) harEntry {
	e := harEntry{
		Started: h.r.Epoch().Add(time.Duration(f.Start) * time.Microsecond).UTC().Format("2006-01-02T15:04:05.000000Z"),
		Time:    millis(f.End - f.Start), Request: h.request(f), Response: h.response(f), Server: hostOnly(f.Server), Connection: strconv.FormatInt(f.Conn, 10),
		Timings: harTimings{Send: millis(f.Sent - f.Start), Wait: millis(f.End - f.Sent), Receive: "0"},
		Own:     harOwn{f.Seq, f.App, f.AppBy, f.Control, f.Class, f.Error, f.TLS, f.ServerTLS}, Comment: h.comment,
	}
	if f.End < 0 {
		e.Time, e.Timings.Wait = "-1", "-1"
	}
	for _, m := range h.messages[f.Seq] {
		e.Messages = append(e.Messages, h.message(m))
	}
	return e
}

func (h *harWriter) request(f *flow.Flow) harRequest {
	m := f.Request
	q := harRequest{Method: m.Method, URL: m.Target, Version: f.Proto, Cookies: []struct{}{}, Headers: harHeaders(m.Headers), Query: queryOf(m.Target), HeadersSize: -1}
	if len(m.Trailers) > 0 {
		q.Trailers = harHeaders(m.Trailers)
	}
	if m.Body == nil {
		return q
	}
	q.BodySize = m.Body.Size
	mime, _ := m.Get("Content-Type")
	p := harPost{MIME: mime, Params: []struct{}{}, Truncated: cut(f, m.Body), Partial: m.Body.Partial, SHA256: m.Body.SHA256}
	p.Text, p.Encoding, p.Missing = h.body(m.Body)
	q.Post = &p
	return q
}

func (h *harWriter) response(f *flow.Flow) harResponse {
	m := f.Response
	if m == nil {
		return harResponse{Version: f.Proto, Cookies: []struct{}{}, Headers: []harHeader{}, HeadersSize: -1, BodySize: -1, Comment: f.Error}
	}
	s := harResponse{Status: m.Status, Version: f.Proto, Cookies: []struct{}{}, Headers: harHeaders(m.Headers), HeadersSize: -1, BodySize: 0}
	s.Redirect, _ = m.Get("Location")
	s.Content.MIME, _ = m.Get("Content-Type")
	if m.Body != nil {
		s.BodySize, s.Content.Size = m.Body.Size, m.Body.Size
		s.Content.Text, s.Content.Encoding, s.Content.Missing = h.body(m.Body)
	}
	return s
}

func (h *harWriter) message(f *flow.Flow) harMessage {
	m, kind := f.Request, "send"
	if m == nil {
		m, kind = f.Response, "receive"
	}
	if m == nil {
		return harMessage{Type: "receive", Time: "0"}
	}
	at := h.r.Epoch().Add(time.Duration(f.Start) * time.Microsecond).UnixMicro()
	out := harMessage{Type: kind, Time: json.Number(fmt.Sprintf("%d.%06d", at/1e6, at%1e6)), Opcode: m.Opcode}
	if m.Body != nil {
		text, encoding, missing := h.body(m.Body)
		if m.Opcode == 2 && encoding == "" {
			text = base64.StdEncoding.EncodeToString([]byte(text))
		}
		out.Data, out.Missing, out.Truncated = text, missing, cut(f, m.Body)
		if m.Opcode != 2 {
			out.Encoding = encoding
		}
	}
	return out
}

// cut says whether a body is known not to be all that was sent: the record may break off while more came.
func cut(f *flow.Flow, b *flow.Body) bool { return b.Truncated || b.Partial && f.End < 0 }

// body reads stored bytes as text, or as base64 when they are not plain UTF-8.
func (h *harWriter) body(b *flow.Body) (text, encoding, missing string) {
	f, err := h.r.Body(b)
	if err != nil {
		return "", "", err.Error()
	}
	defer f.Close()
	raw, err := io.ReadAll(f)
	if err != nil {
		missing = err.Error()
	}
	if plainText(raw) {
		return string(raw), "", missing
	}
	return base64.StdEncoding.EncodeToString(raw), "base64", missing
}

// plainText says whether bytes survive as JSON text and as a person's reading.
func plainText(b []byte) bool {
	if !utf8.Valid(b) {
		return false
	}
	for _, c := range b {
		if c < ' ' && c != '\n' && c != '\r' && c != '\t' {
			return false
		}
	}
	return true
}

func harHeaders(hs []flow.Header) []harHeader {
	out := make([]harHeader, 0, len(hs))
	for _, x := range hs {
		v := harHeader{Name: strings.ToValidUTF8(x.Name, "?"), Value: x.Value}
		if !utf8.ValidString(x.Value) {
			v.Value, v.Exact = strings.ToValidUTF8(x.Value, "?"), base64.StdEncoding.EncodeToString([]byte(x.Value))
		}
		out = append(out, v)
	}
	return out
}

// queryOf splits the query for readers that want it so; the URL itself is what was sent.
func queryOf(target string) []harHeader {
	out := []harHeader{}
	_, query, ok := strings.Cut(target, "?")
	if !ok {
		return out
	}
	query, _, _ = strings.Cut(query, "#")
	for _, pair := range strings.Split(query, "&") {
		k, v, _ := strings.Cut(pair, "=")
		out = append(out, harHeader{Name: unescapeQuery(k), Value: unescapeQuery(v)})
	}
	return out
}

func unescapeQuery(s string) string {
	if u, err := url.QueryUnescape(s); err == nil && utf8.ValidString(u) {
		return u
	}
	return strings.ToValidUTF8(s, "?")
}

// millis writes microseconds as milliseconds.
func millis(us int64) json.Number {
	if us < 0 {
		return "0"
	}
	return json.Number(fmt.Sprintf("%d.%03d", us/1000, us%1000))
}

func hostOnly(addr string) string {
	if i := strings.LastIndexByte(addr, ':'); i > 0 {
		return strings.Trim(addr[:i], "[]")
	}
	return addr
}
