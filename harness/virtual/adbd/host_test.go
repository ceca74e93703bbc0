package adbd

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"testing"
	"time"
)

// host is an adb server that says what a test wants.
type host struct {
	t *testing.T
	c net.Conn
}

func dialHost(t *testing.T, phone *Server) *host {
	t.Helper()
	c, err := net.Dial("tcp", phone.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(time.Minute))
	return &host{t, c}
}

// online connects without authentication.
func online(t *testing.T, phone *Server) *host {
	t.Helper()
	h := dialHost(t, phone)
	h.send(packet{cmd: cmdCNXN, arg0: versionNow, arg1: 1 << 20, data: []byte("host::features=shell_v2")})
	if p := h.read(); p.cmd != cmdCNXN || p.arg0 != versionNow || p.arg1 != phone.cnxnMax {
		t.Fatalf("handshake: %+v", p)
	}
	return h
}

func (h *host) send(p packet) {
	h.t.Helper()
	header := p.header(true)
	if _, err := h.c.Write(append(header[:], p.data...)); err != nil {
		h.t.Fatal(err)
	}
}

func (h *host) read() packet {
	h.t.Helper()
	p, err := readPacket(h.c, 1<<20)
	if err != nil {
		h.t.Fatal(err)
	}
	return p
}

// silent wants that nothing comes for a while.
func (h *host) silent() {
	h.t.Helper()
	h.c.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
	if p, err := readPacket(h.c, 1<<20); err == nil {
		h.t.Errorf("unexpected packet %+v", p)
	}
	h.c.SetDeadline(time.Now().Add(time.Minute))
}

// closed wants that the phone has closed the link.
func (h *host) closed() {
	h.t.Helper()
	for {
		if _, err := readPacket(h.c, 1<<20); err != nil {
			if e, ok := err.(net.Error); ok && e.Timeout() {
				h.t.Error("the link is still open")
			}
			return
		}
	}
}

func (h *host) open(id uint32, dest string) {
	h.send(packet{cmd: cmdOPEN, arg0: id, data: append([]byte(dest), 0)})
}

// want reads a packet and compares it; arg0 of the phone's streams is returned.
func (h *host) want(cmd, arg1 uint32, data string) uint32 {
	h.t.Helper()
	p := h.read()
	if p.cmd != cmd || p.arg1 != arg1 || string(p.data) != data {
		h.t.Fatalf("got %#x(%d, %d) %q, want %#x(_, %d) %q", p.cmd, p.arg0, p.arg1, p.data, cmd, arg1, data)
	}
	return p.arg0
}

// dialOnly is an Options.Dial that knows one target.
func dialOnly(target, addr string) func(context.Context, string) (net.Conn, error) {
	return func(ctx context.Context, t string) (net.Conn, error) {
		if t != target {
			return nil, fmt.Errorf("no %s on this phone", strconv.Quote(t))
		}
		return new(net.Dialer).DialContext(ctx, "tcp", addr)
	}
}
