package capture

import (
	"compress/flate"
	"errors"
	"io"
	"strings"

	"github.com/telltale-farm/telltale/capture/flow"
	"github.com/telltale-farm/telltale/capture/record"
)

// wsStream records the messages of one direction of a WebSocket connection: joined from their frames, unmasked and,
// under permessage-deflate (RFC 7692), inflated.
type wsStream struct {
	x       *exchange
	fromApp bool
	deflate bool   // negotiated
	forget  bool   // no context takeover: each message stands alone
	window  []byte // the last 32 KiB inflated, for the next message

	frames  wsFrames
	message *wsMessage // data message under way
	control *wsMessage // control frame under way
	now     *wsMessage // the one that payload belongs to
	raw     *record.BodyWriter
	rawFlow flow.Flow
}

type wsMessage struct {
	f    flow.Flow
	m    flow.Message
	log  *record.BodyWriter
	pipe *io.PipeWriter // to the inflater
	done chan error     // its result
}

func (s *wsStream) feed(p []byte) {
	if s.fromApp && len(p) > 0 {
		s.x.p.rec.Sent()
	}
	if s.raw == nil {
		rest, err := s.frames.feed(p, s)
		if err == nil {
			return
		}
		s.unreadable(err)
		p = rest
	}
	_, _ = s.raw.Write(p)
}

func (s *wsStream) frameStart(f wsFrame) error {
	switch {
	case f.opcode >= wsClose:
		s.control = s.begin(f.opcode)
		s.now = s.control
	case f.opcode == wsContinuation:
		if s.message == nil || f.compressed {
			return errFrame
		}
		s.now = s.message
	case f.opcode > wsBinary, s.message != nil, f.compressed && !s.deflate:
		return errFrame
	default:
		s.message = s.begin(f.opcode)
		s.now = s.message
		if f.compressed {
			s.inflate(s.message)
		}
	}
	return nil
}

func (s *wsStream) begin(opcode int) *wsMessage {
	x := s.x
	m := &wsMessage{log: x.p.rec.NewBody()}
	if !s.fromApp {
		m.log = x.p.rec.NewReply()
	}
	m.m = flow.Message{Opcode: opcode, FromApp: s.fromApp}
	m.f = s.flow()
	return m
}

// flow gives a message flow that rides in the upgraded exchange.
func (s *wsStream) flow() flow.Flow {
	x, now := s.x, s.x.p.rec.Now()
	return flow.Flow{Kind: flow.KindMessage, Conn: x.f.Conn, Parent: x.f.Seq, Start: now, Sent: now, Host: x.f.Host, Port: x.f.Port,
		Server: x.f.Server, ServerCert: x.f.ServerCert, TLS: x.f.TLS, ServerTLS: x.f.ServerTLS, Proto: "websocket", Intercepted: x.f.Intercepted}
}

func (s *wsStream) framePayload(p []byte) {
	if s.now.pipe != nil {
		_, _ = s.now.pipe.Write(p)
		return
	}
	_, _ = s.now.log.Write(p)
}

func (s *wsStream) frameEnd() {
	if s.now == s.control {
		// An empty ping carries nothing.
		if s.control.log.Size() > 0 {
			s.end(s.control, false)
		}
		s.control = nil
		return
	}
	if s.frames.frame.final {
		s.end(s.message, false)
		s.message = nil
	}
}

// end records a message. A server's message goes in Response: the phone did not send it.
func (s *wsStream) end(m *wsMessage, partial bool) {
	f := &m.f
	if m.pipe != nil {
		if !partial {
			_, _ = m.pipe.Write(deflateTail)
		}
		_ = m.pipe.Close()
		if err := <-m.done; err != nil && !partial {
			partial, f.Error = true, "inflating: "+err.Error()
		}
	}
	m.m.Body = m.log.Finish(partial)
	if partial && m.m.Body != nil && f.Error != "" {
		m.m.Body.Truncated = true
	}
	if s.fromApp {
		f.Request, f.BytesUp, f.Sent = &m.m, m.log.Size(), s.x.p.rec.Now()
	} else {
		f.Response, f.BytesDown = &m.m, m.log.Size()
	}
	if f.Seq == 0 { // else it began ahead of its end
		s.x.p.rec.Begin(f)
	}
	s.x.p.rec.End(f)
}

// ahead records what has come so far of a message, or of bytes that are none, that goes on.
func (s *wsStream) ahead() {
	rec := s.x.p.rec
	if m := s.message; m != nil {
		if body := m.log.Snapshot(); body != nil {
			if m.f.Seq == 0 {
				rec.Begin(&m.f)
			}
			f, said := m.f, m.m
			said.Body = body
			f.Request, f.BytesUp, f.Sent = &said, body.Size, rec.LastSent()
			rec.Update(&f)
		}
	}
	if s.raw != nil {
		if body := s.raw.Snapshot(); body != nil {
			f := s.rawFlow
			f.Request, f.BytesUp, f.Sent = &flow.Message{FromApp: true, Body: body}, body.Size, rec.LastSent()
			rec.Update(&f)
		}
	}
}

// deflateTail is what a sender takes off each message (RFC 7692, section 7.2.2), and a last empty block.
var deflateTail = []byte{0, 0, 0xff, 0xff, 1, 0, 0, 0xff, 0xff}

var errInflated = errors.New("more than the body cap")

// inflate runs a message's payload through an inflater of its own, which starts from the window of earlier ones.
func (s *wsStream) inflate(m *wsMessage) {
	r, w := io.Pipe()
	m.pipe, m.done = w, make(chan error, 1)
	window := s.window
	if s.forget {
		window = nil
	}
	limit := s.x.p.rec.Limits().BodyCap
	go func() {
		z := flate.NewReaderDict(r, window)
		keep := &windowWriter{b: window, to: m.log}
		n, err := io.Copy(keep, io.LimitReader(z, limit+1))
		if err == nil && n > limit {
			err = errInflated
		}
		s.window = keep.b
		_, _ = io.Copy(io.Discard, r) // the relay never waits for us
		m.done <- err
	}()
}

// windowWriter passes bytes on and keeps the last 32 KiB of them.
type windowWriter struct {
	b  []byte
	to io.Writer
}

const deflateWindow = 32 << 10

func (w *windowWriter) Write(p []byte) (int, error) {
	b := append(w.b[:len(w.b):len(w.b)], p...)
	if len(b) > deflateWindow {
		b = append([]byte(nil), b[len(b)-deflateWindow:]...)
	}
	w.b = b
	return w.to.Write(p)
}

// unreadable turns the rest of the direction into raw bytes: it is recorded, and said to be unread.
func (s *wsStream) unreadable(err error) {
	s.raw = s.x.p.rec.NewLog(s.x.p.limits.RelayLog)
	s.rawFlow = s.flow()
	s.rawFlow.Class, s.rawFlow.Error = flow.ClassNotHTTP, err.Error()
	s.x.p.rec.Begin(&s.rawFlow)
}

// finish records what was under way when the connection ended.
func (s *wsStream) finish() {
	if s.control != nil && s.control.log.Size() > 0 {
		s.end(s.control, true)
	}
	if s.message != nil {
		s.end(s.message, true)
	}
	if s.raw == nil {
		return
	}
	m := &flow.Message{FromApp: s.fromApp, Body: s.raw.Finish(false)}
	if s.fromApp {
		s.rawFlow.Request, s.rawFlow.BytesUp = m, s.raw.Size()
	} else {
		s.rawFlow.Response, s.rawFlow.BytesDown = m, s.raw.Size()
	}
	s.x.p.rec.End(&s.rawFlow)
}

// deflateParams reads the server's answer in Sec-WebSocket-Extensions.
func deflateParams(ext string) (on, clientForgets, serverForgets bool) {
	for e := range strings.SplitSeq(ext, ",") {
		name, params, _ := strings.Cut(e, ";")
		if strings.TrimSpace(name) != "permessage-deflate" {
			continue
		}
		for p := range strings.SplitSeq(params, ";") {
			switch strings.TrimSpace(p) {
			case "client_no_context_takeover":
				clientForgets = true
			case "server_no_context_takeover":
				serverForgets = true
			}
		}
		return true, clientForgets, serverForgets
	}
	return false, false, false
}
