package capture_test

import (
	"io"
	"net"
	"net/http"
	"testing"

	"github.com/telltale-farm/telltale/capture/flow"
)

func TestIdleTunnelsDisturbNobody(t *testing.T) {
	const files = 300
	t.Setenv(filesEnv, "300")
	c := newCrashRigFor(t, echo)
	idle := files * 4 / 10
	for range idle { // each takes a second file after a second: the server may want to speak first
		c.connect("origin.test:443")
	}
	open := func() (n int) {
		for _, f := range of(c.now(), flow.KindTunnel) {
			if f.End < 0 {
				n++
			}
		}
		return n
	}
	eventually(t, "all of them are in the record", func() bool { return open() == idle })
	fine := func(h2 bool) bool {
		resp, err := c.client(h2).Get("https://origin.test/fine")
		return err == nil && readAll(t, resp) != "" && resp.StatusCode == http.StatusOK
	}
	for _, h2 := range []bool{false, true} {
		if !fine(h2) {
			t.Errorf("http/2 %v: not served with 0.4 of the open-file limit idle", h2)
		}
	}
	// Beyond that the longest still make room, and are recorded as ended; what comes when none is still is refused.
	for range files {
		conn, err := net.Dial("tcp", c.addr)
		if err != nil {
			continue
		}
		t.Cleanup(func() { _ = conn.Close() })
		_, _ = io.WriteString(conn, "CONNECT origin.test:443 HTTP/1.1\r\nHost: origin.test:443\r\n\r\n")
	}
	for _, h2 := range []bool{false, true} {
		eventually(t, "a request is served again", func() bool { return fine(h2) })
	}
	eventually(t, "the oldest made room", func() bool { return open() <= files*45/100+4 })
	if refused := len(of(c.now(), flow.KindError)); refused == 0 {
		t.Error("no connection was refused, or that is in no record")
	}
}
