package network

import (
	"context"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"time"
)

// hexes of what stands in the tables.
const (
	siteTCP  = "090712C6:01BB"                         // 198.18.7.9:443
	siteTCP6 = "0000000000000000FFFF0000090712C6:01BB" // the same, mapped
	homeTCP  = "0100007F:46A0"                         // 127.0.0.1:18080
	homeTCP6 = "0000000000000000FFFF00000100007F:46A0"
)

func TestTablesFollowSockets(t *testing.T) {
	for _, c := range []struct {
		name       string
		stack      Stack
		port       int
		table, rem string
		others     []string // tables that must stay empty
		adbd       bool
	}{
		{"Java direct", Java, 0, "tcp6", siteTCP6, []string{"tcp"}, false},
		{"Chromium direct", Chromium, 0, "tcp", siteTCP, []string{"tcp6"}, false},
		{"Java through proxy", Java, 18080, "tcp6", homeTCP6, nil, true},
		{"Chromium through proxy", Chromium, 18080, "tcp", homeTCP, []string{"tcp6"}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			w.setProxy(c.port)
			app := w.app(func(o *AppOptions) { o.Stack = c.stack })
			conn, err := app.DialTLS(context.Background(), "site.test:443")
			if err != nil {
				t.Fatal(err)
			}
			find := func(uid, state, rem string) []string {
				for _, row := range rows(w.ProcNet(c.table)) {
					if row[7] == uid && row[3] == state && (rem == "" || row[2] == rem) {
						return row
					}
				}
				return nil
			}
			row := find("10100", "01", c.rem)
			if row == nil {
				t.Fatalf("no row of the app to %s:\n%s", c.rem, w.ProcNet(c.table))
			}
			for _, other := range c.others {
				if got := rows(w.ProcNet(other)); len(got) != 0 {
					t.Errorf("%s has rows %v", other, got)
				}
			}
			var adbd []string
			for _, r := range rows(w.ProcNet("tcp")) {
				if r[7] == "2000" && r[1] == homeTCP {
					adbd = r
				}
			}
			if (adbd != nil) != c.adbd {
				t.Errorf("adbd's end: %v, want one: %v", adbd, c.adbd)
			}
			if adbd != nil && adbd[2][9:] != row[1][len(row[1])-4:] {
				t.Errorf("adbd's end is connected to port %s, the app's port is %s", adbd[2], row[1])
			}
			conn.Close()
			if find("10100", "01", "") != nil {
				t.Error("closed socket is still established")
			}
			if row := find("0", "06", c.rem); row == nil || row[9] != "0" {
				t.Errorf("after closing: row %v, want TIME_WAIT without owner and inode", row)
			}
		})
	}
}

func TestServerClosesFirst(t *testing.T) {
	w := newWorld(t)
	w.setProxy(18080)
	w.answer = " "
	app := w.app(func(o *AppOptions) { o.Stack = Chromium })
	conn, err := app.Dial(context.Background(), "tcp", "127.0.0.1:18080")
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	if _, err := io.ReadAll(conn); err != nil {
		t.Fatal(err)
	}
	if got := w.ProcNet("tcp"); !strings.Contains(got, " 08 ") {
		t.Errorf("no CLOSE_WAIT:\n%s", got)
	}
	conn.Close()
	got := rows(w.ProcNet("tcp"))
	if len(got) != 1 || got[0][3] != "06" || got[0][1] != homeTCP {
		t.Errorf("got %v, want only the proxy's end in TIME_WAIT", got)
	}
}

func TestTimeWaitEnds(t *testing.T) {
	now := time.Unix(1000, 0)
	table := newTable(time.Minute, func() time.Time { return now })
	for range maxTimeWait + 10 {
		table.close(table.open(socket{table: "tcp", local: siteLocal(), remote: siteLocal()}), true)
	}
	if got, _ := table.snapshot("tcp"); len(got) != maxTimeWait {
		t.Errorf("%d rows wait, want at most %d", len(got), maxTimeWait)
	}
	now = now.Add(59 * time.Second)
	if got, _ := table.snapshot("tcp"); len(got) != maxTimeWait {
		t.Errorf("%d rows after 59 s, want all", len(got))
	}
	now = now.Add(time.Second)
	if got, _ := table.snapshot("tcp"); len(got) != 0 || len(table.ports) != 0 {
		t.Errorf("%d rows and %d ports after a minute", len(got), len(table.ports))
	}
}

func TestDatagrams(t *testing.T) {
	for _, c := range []struct {
		stack Stack
		table string
		rem   string
	}{{Java, "udp6", siteTCP6}, {Chromium, "udp", siteTCP}} {
		t.Run(c.table, func(t *testing.T) {
			w := newWorld(t)
			w.setProxy(18080) // datagrams know no proxy
			conn, err := w.app(func(o *AppOptions) { o.Stack = c.stack }).Dial(context.Background(), "udp", "site.test:443")
			if err != nil {
				t.Fatal(err)
			}
			packet := make([]byte, 1200)
			packet[0] = 0xc3
			if _, err := conn.Write(packet); err != nil {
				t.Fatal(err)
			}
			if _, err := conn.Read(packet); err != nil {
				t.Fatal(err)
			}
			got := rows(w.ProcNet(c.table))
			if len(got) != 1 || got[0][2] != c.rem || got[0][3] != "01" || got[0][7] != "10100" {
				t.Errorf("rows %v", got)
			}
			if want := (traffic{1228, 1, 1228, 1}); w.counted(10100) != want {
				t.Errorf("counted %+v, want %+v", w.counted(10100), want)
			}
			conn.Close()
			if got := rows(w.ProcNet(c.table)); len(got) != 0 {
				t.Errorf("rows after closing: %v", got)
			}
		})
	}
}

func TestListen(t *testing.T) {
	w := newWorld(t)
	release := w.Listen(2000, 18080)
	other := w.Listen(10500, 9000)
	got := rows(w.ProcNet("tcp"))
	if len(got) != 2 || got[0][1] != homeTCP || got[0][3] != "0A" || got[0][7] != "2000" {
		t.Errorf("rows %v", got)
	}
	if uid := w.table.listener(9000); uid != 10500 {
		t.Errorf("port 9000 belongs to %d", uid)
	}
	release()
	release()
	other()
	if got := rows(w.ProcNet("tcp")); len(got) != 0 {
		t.Errorf("rows after release: %v", got)
	}
}

func TestForceStop(t *testing.T) {
	w := newWorld(t)
	mine := w.app(nil)
	other := w.app(func(o *AppOptions) { o.UID = 10200 })
	for _, a := range []*App{mine, other} {
		if _, err := get(t, a.HTTP(), "https://site.test/a"); err != nil {
			t.Fatal(err)
		}
	}
	w.CloseApp(10100)
	owners := map[string]int{}
	for _, r := range rows(w.ProcNet("tcp6")) {
		owners[r[7]+" "+r[3]]++
	}
	if owners["10100 01"] != 0 || owners["10200 01"] != 1 || owners["0 06"] != 1 {
		t.Errorf("rows by owner and state: %v", owners)
	}
	if _, err := get(t, mine.HTTP(), "https://site.test/a"); err != nil {
		t.Errorf("after a force-stop the app cannot connect: %v", err)
	}
	w.Reboot()
	if got := rows(w.ProcNet("tcp6")); len(got) != 0 || len(w.counters.live) != 0 {
		t.Errorf("after a reboot: rows %v, counters %v", got, w.counters.live)
	}
}

func TestForceStopEndsDials(t *testing.T) {
	w := newWorld(t)
	w.setProxy(18080)
	entered := make(chan struct{})
	loopback := w.options.Loopback
	w.options.Loopback = func(ctx context.Context, port int, bound func(uint16)) (net.Conn, error) {
		bound(0)
		close(entered)
		<-ctx.Done()
		return loopback(context.Background(), port, func(uint16) {}) // comes too late
	}
	done := make(chan error)
	go func() {
		_, err := w.app(nil).DialTunnel(context.Background(), "site.test:443")
		done <- err
	}()
	<-entered
	if got := w.ProcNet("tcp6"); !strings.Contains(got, " 02 ") {
		t.Errorf("no SYN_SENT while dialling:\n%s", got)
	}
	w.CloseApp(10100)
	if err := <-done; err == nil {
		t.Error("the dial of a stopped app came through")
	}
	if got := w.ProcNet("tcp6"); strings.Contains(got, " 01 ") {
		t.Errorf("a socket is left:\n%s", got)
	}
}

func TestProcNetText(t *testing.T) {
	for _, name := range []string{"tcp", "udp"} {
		w := newWorld(t)
		conn, err := w.app(func(o *AppOptions) { o.Stack = Chromium }).Dial(context.Background(), name, "site.test:443")
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		for line := range strings.Lines(w.ProcNet(name)) {
			if len(line) != widths[name]+1 {
				t.Errorf("%s: line of %d, want %d: %q", name, len(line), widths[name]+1, line)
			}
		}
	}
	// The row of app 10152 to a proxy on port 18080 in the form that a phone printed.
	s := socket{table: "tcp6", state: established, uid: 10152, inode: 90004, local: mappedLoopback(0xC824), remote: mappedLoopback(0x46A0)}
	const want = "   0: 0000000000000000FFFF00000100007F:C824 0000000000000000FFFF00000100007F:46A0 01 00000000:00000000 00:00000000 00000000 10152        0 90004 1 0000000000000000 20 4 30 10 -1"
	if got := s.row(0, time.Time{}); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if got := newWorld(t).ProcNet("../shadow"); got != "" {
		t.Errorf("an unknown table has text %q", got)
	}
}

// TestStoppedAppsAreForgotten: a phone makes a new App at each start of a process, for as long as it lives.
func TestStoppedAppsAreForgotten(t *testing.T) {
	w := newWorld(t)
	for range 20 {
		if _, err := get(t, w.app(nil).HTTP(), "https://site.test/a"); err != nil {
			t.Fatal(err)
		}
		w.CloseApp(10100)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if n := len(w.Network.apps) + len(w.Network.conns) + len(w.Network.dials); n != 0 {
		t.Errorf("%d apps, connections and dials are kept", n)
	}
}

// A connection to the loopback that is a real one of this computer has its port, and one that is not a port that none of
// this computer can have: whoever looks up a real connection must not find another's row. It has that one from the first
// to the last, as under a kernel: a row that changed its port would be taken for two connections.
func TestPortOfALoopbackConnection(t *testing.T) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for _, tc := range []struct {
		name        string
		local       uint16
		first, last uint16
	}{{"a real one", 45678, 45678, 45678}, {"another", 0, firstOwn, lastOwn}} {
		t.Run(tc.name, func(t *testing.T) {
			var n *Network
			ports := func() (out []uint16) {
				rows, _ := n.table.snapshot("tcp")
				for _, r := range rows {
					if r.remote.Port() == 18088 {
						out = append(out, r.local.Port())
					}
				}
				return out
			}
			var before, dialling []uint16
			n = New(Options{Loopback: func(ctx context.Context, _ int, bound func(uint16)) (net.Conn, error) {
				before = ports()
				bound(tc.local)
				dialling = ports()
				var d net.Dialer
				return d.DialContext(ctx, "tcp4", l.Addr().String())
			}})
			defer n.CloseAll()
			c, err := n.App(AppOptions{UID: 10100, Stack: Chromium}).Dial(t.Context(), "tcp", "127.0.0.1:18088")
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			if len(before) != 0 || len(dialling) != 1 || dialling[0] < tc.first || dialling[0] > tc.last || !slices.Equal(ports(), dialling) {
				t.Errorf("before it had a port %d, while it was made %d, then %d", before, dialling, ports())
			}
		})
	}
}
