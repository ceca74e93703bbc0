package capture

import (
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/elazarl/goproxy"

	"github.com/telltale-farm/telltale/capture/flow"
)

// tunnel is one CONNECT of the phone, from its request to the end of its connection.
type tunnel struct {
	p       *Proxy
	s       *served  // the connection it came on
	c       net.Conn // what is inside
	host    string   // asked for in CONNECT
	port    int
	name    string // SNI, else host
	route   string
	tls     *flow.TLS // set once a ClientHello came
	gather  *gather   // below our TLS
	classic bool      // the phone offers no post-quantum key exchange

	mu       sync.Mutex
	f        flow.Flow
	readErr  error      // the first error of reading what is inside
	requests int64      // exchanges begun
	live     int        // exchanges under way
	changed  *sync.Cond // one of both, under mu
}

// hijack is goproxy's way to give us the connection of a CONNECT.
func (p *Proxy) hijack(r *http.Request, c net.Conn, _ *goproxy.ProxyCtx) {
	s, ok := r.Context().Value(servedKey{}).(*served)
	if !ok {
		_ = c.Close()
		return
	}
	p.tunnels.Add(1)
	defer p.tunnels.Done()
	host, port := connectTarget(r.Host)
	t := &tunnel{p: p, s: s, c: c, host: host, name: host, port: port}
	t.route = route(host, port, "")
	t.changed = sync.NewCond(&t.mu)
	t.f = flow.Flow{Kind: flow.KindTunnel, Conn: s.conn.id, Start: s.conn.start, Sent: p.rec.Now(), Host: host, Port: port}
	p.rec.Begin(&t.f)
	up, down := s.conn.up.Load(), s.conn.down.Load()
	if pre, ok := c.(*prefixed); ok {
		up -= int64(len(pre.first))
	}
	defer func() {
		_ = c.Close()
		t.waitLive()
		t.mu.Lock()
		defer t.mu.Unlock()
		t.f.BytesUp, t.f.BytesDown = s.conn.up.Load()-up, s.conn.down.Load()-down
		t.f.Requests = t.requests
		p.rec.End(&t.f)
	}()
	if _, err := io.WriteString(c, "HTTP/1.1 200 Connection established\r\n\r\n"); err != nil {
		t.closedEarly(err)
		return
	}
	down = s.conn.down.Load()
	t.run()
}

// connectTarget reads host:port; the port of HTTPS is the default.
func connectTarget(s string) (string, int) {
	host, portText, err := net.SplitHostPort(s)
	if err != nil {
		return clean(strings.Trim(s, "[]")), 443
	}
	port, err := strconv.Atoi(portText)
	if err != nil || port < 1 || port > 1<<16-1 {
		port = 443
	}
	return clean(host), port
}

func (t *tunnel) seq() int64 { return t.f.Seq }

func (t *tunnel) enter() { t.count(1) }
func (t *tunnel) leave() { t.count(-1) }

func (t *tunnel) count(n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.live += n; n > 0 {
		t.requests++
	}
	t.changed.Broadcast()
}

// waitLive returns when no exchange is under way.
func (t *tunnel) waitLive() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for t.live > 0 {
		t.changed.Wait()
	}
}

// waitRequests returns when want exchanges have begun, or after d, and says how many have.
func (t *tunnel) waitRequests(want int64, d time.Duration) int64 {
	over := false
	timer := time.AfterFunc(d, func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		over = true
		t.changed.Broadcast()
	})
	defer timer.Stop()
	t.mu.Lock()
	defer t.mu.Unlock()
	for t.requests < want && !over {
		t.changed.Wait()
	}
	return t.requests
}

// readError keeps the first error of reading what is inside: it may be the alert that says why the phone left.
func (t *tunnel) readError(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.readErr == nil {
		t.readErr = err
	}
}

// run finds out what the phone speaks, and serves or relays it.
func (t *tunnel) run() {
	first, err := t.firstBytes(t.c, nil)
	if timeout(err) {
		t.silent(t.c, flow.ClassNotTLS, t.plainUpstream)
		return
	}
	t.speaks(first, err)
}

// speaks goes on from the first bytes that the phone sent.
func (t *tunnel) speaks(first []byte, err error) {
	switch {
	case len(first) == 0:
		t.closedEarly(err)
	case first[0] == recordHandshake:
		t.hello(first)
	default:
		t.sniffed(t.c, first, "http", flow.ClassNotTLS, t.plainUpstream)
	}
}

// firstBytes waits for the phone to speak, for as long as it may be silent.
func (t *tunnel) firstBytes(c net.Conn, b []byte) ([]byte, error) {
	_ = c.SetReadDeadline(time.Now().Add(t.p.limits.SpeakFirst))
	defer func() { _ = c.SetReadDeadline(time.Time{}) }()
	if b == nil {
		b = make([]byte, 0, 4096)
	}
	n, err := c.Read(b[len(b):cap(b)])
	return b[:len(b)+n], err
}

func timeout(err error) bool { return errors.Is(err, os.ErrDeadlineExceeded) }
