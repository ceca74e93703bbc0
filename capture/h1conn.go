package capture

import (
	"bufio"
	"context"
	"errors"
	"net"
	"net/http"
	"sync"
	"syscall"
	"time"

	"github.com/telltale-farm/telltale/capture/flow"
)

// h1Conn is a connection to a server that HTTP/1.1 is spoken on. It is ours and not net/http's for two reasons: the
// head goes out as the phone wrote it, order and case included, and a request costs no goroutine of its own.
type h1Conn struct {
	net.Conn
	br     *bufio.Reader
	gather *gather         // below TLS; nil without
	raw    syscall.RawConn // nil when the connection is not a socket
	route  string
	addr   string
	cert   string    // name in certs/
	tls    *flow.TLS // nil without
	reused bool
	idleAt time.Time
	left   int    // bytes a head may still have; negative outside of a head
	head   []byte // of the response, as read
}

var errHeadTooLong = errors.New("the server's header is too long")

// Read feeds br, and keeps and bounds what it reads while a head is awaited.
func (c *h1Conn) Read(p []byte) (int, error) {
	if c.left < 0 {
		return c.Conn.Read(p)
	}
	if c.left == 0 {
		return 0, errHeadTooLong
	}
	n, err := c.Conn.Read(p[:min(len(p), c.left)])
	c.left -= n
	c.head = append(c.head, p[:n]...)
	return n, err
}

func (c *h1Conn) Write(p []byte) (int, error) {
	if c.gather != nil && len(p) >= longWrite {
		return c.gather.send(c.Conn, p)
	}
	return c.Conn.Write(p)
}

// readHead reads the head of a response, and gives it as it was on the wire too.
func (c *h1Conn) readHead(req *http.Request, limit int) (*http.Response, head, error) {
	c.left = limit
	c.head = c.head[:0]
	if n := c.br.Buffered(); n > 0 { // what came along with an interim response
		b, _ := c.br.Peek(n)
		c.head = append(c.head, b...)
	}
	resp, err := http.ReadResponse(c.br, req)
	c.left = -1
	if err != nil {
		return nil, head{}, err
	}
	end := headEnd(c.head, 0)
	if end < 0 {
		return nil, head{}, errHeadTooLong
	}
	return resp, parseHead(string(c.head[:end])), nil
}

// continueWait is how long a server may take to ask for a body that the phone announced with Expect: 100-continue. Then
// the phone is asked for it all the same (RFC 9110, section 10.1.1).
const continueWait = time.Second

// silent says whether the server has said nothing for d.
func (c *h1Conn) silent(d time.Duration) bool {
	_ = c.SetReadDeadline(time.Now().Add(d))
	_, err := c.br.Peek(1)
	_ = c.SetReadDeadline(time.Time{})
	return timeout(err)
}

// alive says whether an idle connection can be used again: nothing has come on it, not even its end.
func (c *h1Conn) alive() bool {
	if c.br.Buffered() > 0 {
		return false
	}
	if c.raw == nil {
		return true
	}
	quiet := false
	err := c.raw.Read(func(fd uintptr) bool {
		var b [1]byte
		_, _, err := syscall.Recvfrom(int(fd), b[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		quiet = err == syscall.EAGAIN || err == syscall.EWOULDBLOCK
		return true
	})
	return err == nil && quiet
}

// h1Pool keeps idle connections by route, the youngest first.
type h1Pool struct {
	mu     sync.Mutex
	idle   map[string][]*h1Conn
	n      int
	limit  int
	timer  *time.Timer
	closed bool
}

// get gives an idle connection that is alive, or nil.
func (p *h1Pool) get(route string) *h1Conn {
	for {
		p.mu.Lock()
		stack := p.idle[route]
		if len(stack) == 0 {
			p.mu.Unlock()
			return nil
		}
		c := stack[len(stack)-1]
		stack[len(stack)-1] = nil
		p.idle[route] = stack[:len(stack)-1]
		p.n--
		p.mu.Unlock()
		if c.alive() {
			c.reused = true
			return c
		}
		_ = c.Close()
	}
}

// put takes a connection back.
func (p *h1Pool) put(c *h1Conn) {
	p.mu.Lock()
	stack := p.idle[c.route]
	if p.closed || len(stack) >= idlePerHost {
		p.mu.Unlock()
		_ = c.Close()
		return
	}
	if p.n >= p.limit {
		defer p.evict().Close()
		stack = p.idle[c.route]
	}
	c.idleAt = time.Now()
	p.idle[c.route] = append(stack, c)
	if p.n++; p.timer == nil {
		p.timer = time.AfterFunc(idleTime, p.expire)
	}
	p.mu.Unlock()
}

// evict takes the oldest connection of some route out. The caller holds mu, and sees to it that there is one.
func (p *h1Pool) evict() *h1Conn {
	for route, stack := range p.idle {
		if len(stack) == 0 {
			delete(p.idle, route)
			continue
		}
		p.n--
		c := stack[0]
		stack[0] = nil
		p.idle[route] = stack[1:]
		return c
	}
	return nil
}

// expire closes what has been idle for too long, and comes again while anything is left.
func (p *h1Pool) expire() {
	p.mu.Lock()
	var old []*h1Conn
	limit := time.Now().Add(-idleTime)
	for route, stack := range p.idle {
		keep := 0
		for keep < len(stack) && stack[keep].idleAt.Before(limit) {
			keep++
		}
		old = append(old, stack[:keep]...)
		if keep == len(stack) {
			delete(p.idle, route)
			continue
		}
		p.idle[route] = append([]*h1Conn(nil), stack[keep:]...)
	}
	p.n -= len(old)
	p.timer = nil
	if p.n > 0 && !p.closed {
		p.timer = time.AfterFunc(idleTime/2, p.expire)
	}
	p.mu.Unlock()
	for _, c := range old {
		_ = c.Close()
	}
}

// close closes all idle connections; those in use are closed when they come back.
func (p *h1Pool) close() {
	p.mu.Lock()
	all := p.idle
	p.idle, p.n, p.closed = map[string][]*h1Conn{}, 0, true
	if p.timer != nil {
		p.timer.Stop()
	}
	p.mu.Unlock()
	for _, stack := range all {
		for _, c := range stack {
			_ = c.Close()
		}
	}
}

// dialH1 opens a connection for a scheme and a route.
func (u *upstream) dialH1(ctx context.Context, scheme, route string) (*h1Conn, error) {
	c := &h1Conn{route: scheme + route, left: -1}
	var socket net.Conn
	if scheme == "https" {
		tc, err := u.dialTLS(ctx, route, u.tls1.as(ctx))
		if err != nil {
			return nil, err
		}
		c.Conn, socket = tc, tc.NetConn()
		if c.gather, _ = socket.(*gather); c.gather != nil {
			socket = c.gather.Conn
		}
		state := tc.ConnectionState()
		c.cert, c.tls = u.p.rec.Cert(state.PeerCertificates), agreed(state)
	} else {
		tc, err := u.dialTCP(ctx, "tcp", route)
		if err != nil {
			return nil, err
		}
		c.Conn, socket = tc, tc
	}
	c.addr = c.RemoteAddr().String()
	if s, ok := socket.(syscall.Conn); ok {
		if raw, err := s.SyscallConn(); err == nil {
			c.raw = raw
		}
	}
	c.br = bufio.NewReaderSize(c, 8<<10)
	return c, nil
}
