package adb

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// fake is a scripted adb server. A request that the script does not know fails the test.
type fake struct {
	t     *testing.T
	ln    net.Listener
	wg    sync.WaitGroup
	mu    sync.Mutex
	asked []string
	conns map[net.Conn]bool

	// serve answers one request; the connection is closed when it returns. ok=false: not in the script.
	serve func(c *fakeConn, request string) (ok bool)
}

type fakeConn struct {
	net.Conn
	r *bufio.Reader
}

const fakeSerial = "7c2d9a10"

// startFake serves requests by exact text, longest prefix ending in "*" otherwise.
func startFake(t *testing.T, script map[string]func(*fakeConn)) *fake {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f := &fake{t: t, ln: ln, conns: map[net.Conn]bool{}}
	f.serve = func(c *fakeConn, request string) bool {
		if h, ok := script[request]; ok {
			h(c)
			return true
		}
		best := ""
		for k := range script {
			if p, ok := strings.CutSuffix(k, "*"); ok && strings.HasPrefix(request, p) && len(k) > len(best) {
				best = k
			}
		}
		if best == "" {
			return false
		}
		script[best](c)
		return true
	}
	f.wg.Go(f.accept)
	t.Cleanup(func() {
		ln.Close()
		f.mu.Lock()
		for c := range f.conns {
			c.Close()
		}
		f.mu.Unlock()
		f.wg.Wait()
	})
	return f
}

func (f *fake) server() Server { return Server{Addr: f.ln.Addr().String()} }

func (f *fake) device(o Options) *Device { return f.server().Device(fakeSerial, o) }

// requests that came so far, without those for the transport.
func (f *fake) requests() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]string(nil), f.asked...)
}

func (f *fake) accept() {
	for {
		conn, err := f.ln.Accept()
		if err != nil {
			return
		}
		f.mu.Lock()
		f.conns[conn] = true
		f.mu.Unlock()
		f.wg.Go(func() {
			defer conn.Close()
			f.talk(&fakeConn{conn, bufio.NewReader(conn)})
		})
	}
}

func (f *fake) talk(c *fakeConn) {
	for {
		request, err := c.request()
		if err != nil {
			return
		}
		if request == "host:transport:"+fakeSerial {
			c.okay()
			continue
		}
		f.mu.Lock()
		f.asked = append(f.asked, request)
		f.mu.Unlock()
		if !f.serve(c, request) {
			f.t.Errorf("fake adb server: unexpected request %q", request)
			c.fail("not in the script")
		}
		return
	}
}

func (c *fakeConn) request() (string, error) {
	var head [4]byte
	if _, err := io.ReadFull(c.r, head[:]); err != nil {
		return "", err
	}
	n, err := strconv.ParseUint(string(head[:]), 16, 16)
	if err != nil {
		return "", err
	}
	b := make([]byte, n)
	_, err = io.ReadFull(c.r, b)
	return string(b), err
}

func (c *fakeConn) okay()         { io.WriteString(c, "OKAY") }
func (c *fakeConn) text(s string) { fmt.Fprintf(c, "%04x%s", len(s), s) }
func (c *fakeConn) fail(s string) { io.WriteString(c, "FAIL"); c.text(s) }
func (c *fakeConn) packet(id byte, data string) {
	b := binary.LittleEndian.AppendUint32([]byte{id}, uint32(len(data)))
	c.Write(append(b, data...))
}

// answers with a text.
func says(s string) func(*fakeConn) { return func(c *fakeConn) { c.okay(); c.text(s) } }

// answers with FAIL.
func fails(s string) func(*fakeConn) { return func(c *fakeConn) { c.fail(s) } }

// streams raw bytes.
func streams(s string) func(*fakeConn) { return func(c *fakeConn) { c.okay(); io.WriteString(c, s) } }

// prints through shell_v2.
func prints(stdout, stderr string, exit byte) func(*fakeConn) {
	return func(c *fakeConn) {
		c.okay()
		if stdout != "" {
			c.packet(packetStdout, stdout)
		}
		if stderr != "" {
			c.packet(packetStderr, stderr)
		}
		c.packet(packetExit, string([]byte{exit}))
	}
}

// hangs until the client goes.
func hangs(c *fakeConn) { io.Copy(io.Discard, c.r) }

const featuresRequest = "host-serial:" + fakeSerial + ":features"

// v2 is a script for a phone with shell_v2, with more requests.
func v2(more map[string]func(*fakeConn)) map[string]func(*fakeConn) {
	out := map[string]func(*fakeConn){featuresRequest: says("shell_v2,cmd,stat_v2")}
	for k, v := range more {
		out[k] = v
	}
	return out
}

type script = map[string]func(*fakeConn)
