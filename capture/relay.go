package capture

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/telltale-farm/telltale/capture/flow"
	"github.com/telltale-farm/telltale/capture/record"
)

// dialer connects to the server that a tunnel is for.
type dialer func(ctx context.Context) (net.Conn, error)

func (t *tunnel) plainUpstream(ctx context.Context) (net.Conn, error) {
	return t.p.up.dial(ctx, t.host, t.port)
}

// tlsUpstream connects with the protocol that the phone agreed on with us.
func (t *tunnel) tlsUpstream(ctx context.Context) (net.Conn, error) {
	var protos []string
	if t.tls.ALPN != "" {
		protos = []string{t.tls.ALPN}
	}
	tc, err := t.p.up.dialTLS(ctx, t.route, t.p.up.tlsConfig(protos...))
	if err != nil {
		return nil, err
	}
	state := tc.ConnectionState()
	t.mu.Lock()
	defer t.mu.Unlock()
	t.f.ServerCert, t.f.ServerTLS = t.p.rec.Cert(state.PeerCertificates), agreed(state)
	return tc, nil
}

// relay connects to the server and passes bytes both ways, unread: the flow has class and a log of what was sent.
func (t *tunnel) relay(phone net.Conn, class flow.Class, dial dialer) {
	t.opaque(class)
	server, err := dial(context.Background())
	if err != nil {
		// What the phone sends is evidence even when nobody takes it.
		t.unreachable(phone, err)
		return
	}
	t.pass(phone, server)
}

func (t *tunnel) opaque(class flow.Class) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.f.Class, t.f.Sent = class, t.p.rec.Sent()
	t.p.rec.Update(&t.f)
}

func (t *tunnel) unreachable(phone net.Conn, err error) {
	log := t.p.rec.NewLog(t.p.limits.RelayLog)
	if p, ok := phone.(*prefixed); ok {
		_, _ = log.Write(p.first)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.said(log.Finish(true))
	t.f.Error, t.f.Fault = err.Error(), flow.FaultUpstream
}

// silent is for a phone that says nothing after CONNECT, or after the handshake: the server is connected to, and
// whoever speaks first decides what this is.
func (t *tunnel) silent(phone net.Conn, class flow.Class, dial dialer) {
	server, err := dial(context.Background())
	if err != nil {
		server = nil
	}
	type read struct {
		b   []byte
		err error
	}
	spoke := make(chan read, 1)
	_ = phone.SetReadDeadline(time.Now().Add(t.p.limits.Idle)) // before the other end may shorten it
	if server != nil {
		defer server.Close()
		go func() {
			b := make([]byte, 4096)
			n, err := server.Read(b)
			spoke <- read{b[:n], err}
			if n > 0 {
				_ = phone.SetReadDeadline(past)
			}
		}()
	}
	b := make([]byte, 4096)
	n, perr := phone.Read(b)
	b = b[:n]
	if server != nil {
		_ = server.SetReadDeadline(past)
	}
	var first read
	if server != nil {
		first = <-spoke
		_ = server.SetReadDeadline(time.Time{})
	}
	_ = phone.SetReadDeadline(time.Time{})
	switch {
	case len(first.b) > 0: // the server speaks first
		t.opaque(class)
		t.pass(&prefixed{Conn: phone, first: b}, &prefixed{Conn: server, first: first.b})
	case n > 0 && class == flow.ClassNotTLS:
		t.speaks(b, perr)
	case n > 0:
		t.sniffed(phone, b, "https", class, dial)
	default:
		if timeout(perr) {
			perr = errors.New("no byte before the idle limit")
		}
		t.readError(perr)
		if class == flow.ClassNotTLS {
			t.closedEarly(perr)
		}
	}
}

// pass copies both ways until both sides have ended or nothing has moved for too long.
func (t *tunnel) pass(phone, server net.Conn) {
	defer server.Close()
	r := &relayed{t: t, idle: t.p.limits.RelayIdle}
	r.moved()
	t.mu.Lock()
	mqtt := t.watchMQTT(t.f.Class)
	if t.f.Class == flow.ClassPassed && t.tls != nil {
		r.answer.done = t.answered
	}
	t.mu.Unlock()
	r.watch = mqtt.feed
	up, down := t.p.rec.NewLog(t.p.limits.RelayLog), t.p.rec.NewLog(min(t.p.limits.RelayLog, 64<<10))
	r.early.show = func() { t.soFar(up, r.sent.Load()) }
	var wg sync.WaitGroup
	wg.Go(func() { r.copy(server, phone, up, true) })
	wg.Go(func() { r.copy(phone, server, down, false) })
	wg.Wait()
	mqtt.end()
	r.early.stop()
	t.mu.Lock()
	defer t.mu.Unlock()
	t.f.Server = server.RemoteAddr().String()
	t.said(up.Finish(false))
	t.f.Response = &flow.Message{Body: down.Finish(false)}
	t.f.Sent = max(t.f.Sent, r.sent.Load())
	if t.p.stopping() {
		t.f.Error = "the proxy was stopped"
	}
}

// soFar records what the phone has sent through a tunnel that stays open.
func (t *tunnel) soFar(up *record.BodyWriter, sent int64) {
	body := up.Snapshot()
	if body == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.said(body)
	t.f.Sent = max(t.f.Sent, sent)
	t.p.rec.Update(&t.f)
}

// relayed is a pair of connections that bytes pass between.
type relayed struct {
	t     *tunnel
	idle  time.Duration
	last  atomic.Int64 // us of the last byte either way
	sent  atomic.Int64 // us of the last byte from the phone
	watch func([]byte) // told of what the phone sends, before it is sent on
	early early

	answer answerWatch // of the server, where a handshake passes by unread
}

func (r *relayed) moved() { r.last.Store(r.t.p.rec.Now()) }

// quiet says how long nothing has moved.
func (r *relayed) quiet() time.Duration {
	return time.Duration(r.t.p.rec.Now()-r.last.Load()) * time.Microsecond
}

func (r *relayed) copy(to, from net.Conn, log *record.BodyWriter, fromPhone bool) {
	buf := getBuffer()
	defer putBuffer(buf)
	for {
		_ = from.SetReadDeadline(time.Now().Add(max(r.idle-r.quiet(), time.Second)))
		n, err := from.Read(*buf)
		if n > 0 {
			r.moved()
			if fromPhone {
				r.sent.Store(r.t.p.rec.Sent())
				r.watch((*buf)[:n])
			} else {
				r.answer.feed((*buf)[:n])
			}
			_, _ = log.Write((*buf)[:n])
			if fromPhone {
				r.early.came()
			}
			if _, werr := to.Write((*buf)[:n]); werr != nil {
				err = werr
			}
		}
		switch {
		case err == nil:
		case timeout(err) && r.quiet() < r.idle:
		case err == io.EOF:
			if closeWrite(to) != nil {
				_ = to.Close()
			}
			return
		default:
			_, _ = from.Close(), to.Close()
			return
		}
	}
}
