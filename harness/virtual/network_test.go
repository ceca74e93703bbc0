package virtual_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/telltale-farm/telltale/adb"
	"github.com/telltale-farm/telltale/adb/ui"
	"github.com/telltale-farm/telltale/harness/virtual/adbd"
	"github.com/telltale-farm/telltale/harness/virtual/internet"
	"github.com/telltale-farm/telltale/harness/virtual/personality"
)

// tunnels is a proxy that reads nothing: CONNECT only, towards the stand-in internet.
type tunnels struct {
	l   net.Listener
	web *internet.Internet

	mu    sync.Mutex
	hosts []string
}

func startTunnels(t *testing.T, web *internet.Internet) *tunnels {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &tunnels{l: l, web: web}
	var work sync.WaitGroup
	ctx, cancel := context.WithCancel(context.Background())
	work.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			work.Go(func() { p.serve(ctx, c) })
		}
	})
	t.Cleanup(func() { l.Close(); cancel(); work.Wait() })
	return p
}

func (p *tunnels) serve(ctx context.Context, c net.Conn) {
	defer context.AfterFunc(ctx, func() { c.Close() })()
	defer c.Close()
	r := bufio.NewReader(c)
	req, err := http.ReadRequest(r)
	if err != nil || req.Method != http.MethodConnect {
		return
	}
	host, _, _ := net.SplitHostPort(req.Host)
	p.mu.Lock()
	p.hosts = append(p.hosts, host)
	p.mu.Unlock()
	up, err := p.web.Dial(ctx, "tcp", host, 443)
	if err != nil {
		io.WriteString(c, "HTTP/1.1 502 Bad Gateway\r\n\r\n")
		return
	}
	defer up.Close()
	io.WriteString(c, "HTTP/1.1 200 OK\r\n\r\n")
	go func() { io.Copy(up, r); up.Close() }()
	io.Copy(c, up)
}

func (p *tunnels) port() int { return p.l.Addr().(*net.TCPAddr).Port }

func (p *tunnels) saw(host string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Contains(p.hosts, host)
}

// quiet is a phone that leaks nothing and keeps quiet.
func quiet() personality.Personality {
	p := personality.Clean()
	p.Leaks, p.Noise = nil, nil
	return p
}

// visit opens a page in Chrome, as `am start` does on a phone, and taps its first-run screens away.
func (b *bench) visit(t *testing.T, url string) {
	t.Helper()
	started, err := b.device.StartActivity(t.Context(), "-a", "android.intent.action.VIEW", "-d", url, "-p", "com.android.chrome")
	if err != nil || !started.OK() {
		t.Fatalf("am start: %+v, %v", started, err)
	}
	screen := ui.NewScreen(b.device)
	eventually(t, "Chrome's page", func() bool {
		if _, err := screen.Dismiss(t.Context(), []ui.Selector{
			{ID: "com.android.chrome:id/terms_accept"}, {ID: "com.android.chrome:id/negative_button"},
		}); err != nil {
			t.Fatal(err)
		}
		tree, err := screen.Dump(t.Context())
		return err == nil && tree.Find(ui.Selector{ID: "com.android.chrome:id/url_bar"}) != nil
	})
}

// A page goes through settings http_proxy, adb reverse and the host's proxy; the counters see nothing of it, since it
// uses the loopback, and everything of what goes around.
func TestProxyThroughReverse(t *testing.T) {
	b := open(t, quiet(), adbd.NoAuth)
	ctx := t.Context()
	proxy := startTunnels(t, b.web)
	const chrome = 10121
	sent := func() int64 {
		t.Helper()
		traffic, err := b.device.Traffic(ctx)
		if err != nil {
			t.Fatal(err)
		}
		return traffic[chrome].TX
	}

	before := sent()
	b.visit(t, "https://duckduckgo.com/?q=direct")
	eventually(t, "the direct visit to be counted", func() bool { return sent() > before })
	if proxy.saw("duckduckgo.com") {
		t.Error("the proxy saw a visit before it was set")
	}

	if err := b.device.EnsureReverse(ctx, 8080, proxy.port()); err != nil {
		t.Fatal(err)
	}
	if err := b.device.SetProxy(ctx, "127.0.0.1", 8080); err != nil {
		t.Fatal(err)
	}
	b.shell(t, "am force-stop com.android.chrome")
	before = sent()
	b.visit(t, "https://www.google.com/search?q=proxied")
	eventually(t, "the proxied visit", func() bool { return proxy.saw("www.google.com") })
	sockets, err := b.device.Sockets(ctx)
	if err != nil {
		t.Fatal(err)
	}
	var toProxy, listening bool
	for _, s := range sockets {
		toProxy = toProxy || s.UID == chrome && s.Remote.Port() == 8080
		listening = listening || s.State == adb.TCPListen && s.Local.Port() == 8080 && s.UID == 2000
	}
	if !toProxy || !listening {
		t.Errorf("Chrome's connection to the proxy is shown: %v, the daemon's listening socket: %v\n%+v", toProxy, listening, sockets)
	}
	if after := sent(); after != before {
		t.Errorf("%d bytes around the proxy", after-before)
	}

	b.phone.ADB().DropLinks() // the reverse is lost: the phone is behind a dead proxy
	b.online(t)
	eventually(t, "the daemon to stop listening", func() bool {
		sockets, err := b.device.Sockets(ctx)
		return err == nil && !slices.ContainsFunc(sockets, func(s adb.Socket) bool { return s.State == adb.TCPListen && s.Local.Port() == 8080 })
	})
	b.shell(t, "am force-stop com.android.chrome")
	before = sent()
	b.visit(t, "https://example-news.test/lost")
	screen := ui.NewScreen(b.device)
	failed, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	if err := screen.Await(failed, "an error page", func(tree *ui.Tree) bool {
		return strings.Contains(string(tree.XML), "ERR_PROXY_CONNECTION_FAILED")
	}); err != nil {
		t.Errorf("a phone behind a dead proxy: %v", err)
	}
	if proxy.saw("example-news.test") || sent() != before {
		t.Error("the visit went somewhere")
	}

	if err := b.device.ClearProxy(ctx); err != nil {
		t.Fatal(err)
	}
	b.shell(t, "am force-stop com.android.chrome")
	b.visit(t, "https://example-news.test/free")
	eventually(t, "the visit without a proxy", func() bool { return sent() > before })
}

func TestRebootOfAPhone(t *testing.T) {
	b := open(t, quiet(), adbd.NoAuth)
	ctx := t.Context()
	if err := b.device.EnsureReverse(ctx, 8080, 1); err != nil {
		t.Fatal(err)
	}
	if err := b.device.SetProxy(ctx, "127.0.0.1", 8080); err != nil {
		t.Fatal(err)
	}
	if err := b.device.Push(ctx, strings.NewReader("kept"), "/sdcard/kept", 0o644); err != nil {
		t.Fatal(err)
	}
	boot, err := b.device.BootID(ctx)
	if err != nil {
		t.Fatal(err)
	}
	b.device.Script(ctx, "reboot") // the link goes away under the command
	eventually(t, "the reboot", func() bool {
		b.server.Disconnect(ctx, b.device.Serial())
		if err := b.server.Connect(ctx, b.device.Serial()); err != nil {
			return false
		}
		now, err := b.device.BootID(ctx)
		return err == nil && now != boot
	})
	if list, err := b.device.Reverses(ctx); err != nil || len(list) != 0 {
		t.Errorf("reverses after the reboot: %v %v", list, err)
	}
	if v, err := b.device.Setting(ctx, adb.HTTPProxy); err != nil || v.Value != "127.0.0.1:8080" {
		t.Errorf("http_proxy after the reboot: %v %v", v, err)
	}
	if got := b.shell(t, "cat /sdcard/kept"); got != "kept" {
		t.Errorf("%q", got)
	}
}

// What the wire can do to a command must be a fault to our client, never an output.
func TestFaultsAreFaults(t *testing.T) {
	t.Parallel() // it mostly waits
	b := open(t, quiet(), adbd.NoAuth)
	daemon := b.phone.ADB()
	for _, tc := range []struct {
		name  string
		fault adbd.Fault
		want  adb.Code
	}{
		{"link lost", adbd.Fault{Kind: adbd.LoseLink, After: 100, Match: "getprop"}, adb.NoExit},
		{"link lost at the very end", adbd.Fault{Kind: adbd.LoseLink, After: 1 << 40, Match: "getprop"}, adb.NoExit},
		{"no exit packet", adbd.Fault{Kind: adbd.NoExit, After: 100, Match: "getprop"}, adb.NoExit},
		{"hang", adbd.Fault{Kind: adbd.Hang, Match: "getprop"}, adb.Timeout},
	} {
		t.Run(tc.name, func(t *testing.T) {
			struck := daemon.Inject(tc.fault)
			limit := time.Minute
			if tc.want == adb.Timeout {
				limit = 2 * time.Second
			}
			ctx, cancel := context.WithTimeout(t.Context(), limit)
			defer cancel()
			_, err := b.device.Props(ctx)
			if adb.CodeOf(err) != tc.want {
				t.Errorf("%v, want %s", err, tc.want)
			}
			<-struck
			b.online(t)
			if _, err := b.device.Props(t.Context()); err != nil {
				t.Errorf("afterwards: %v", err)
			}
		})
	}
	t.Run("refused", func(t *testing.T) {
		daemon.RefuseServices("shell")
		defer daemon.RefuseServices()
		if _, err := b.device.Props(t.Context()); adb.CodeOf(err) != adb.Closed {
			t.Errorf("%v", err)
		}
	})
	t.Run("frozen", func(t *testing.T) {
		daemon.Freeze()
		defer daemon.Thaw()
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		defer cancel()
		if _, err := b.device.Props(ctx); adb.CodeOf(err) != adb.Timeout {
			t.Errorf("%v", err)
		}
	})
	t.Run("off", func(t *testing.T) {
		daemon.PowerOff()
		eventually(t, "the phone to be gone", func() bool {
			_, err := b.device.Props(t.Context())
			var fault *adb.Fault
			return errors.As(err, &fault)
		})
		b.server.Disconnect(t.Context(), b.device.Serial())
		if err := b.server.Connect(t.Context(), b.device.Serial()); adb.CodeOf(err) != adb.Unreachable {
			t.Errorf("connecting: %v", err)
		}
		if err := daemon.PowerOn(); err != nil {
			t.Fatal(err)
		}
		b.connect(t)
	})
}

func TestUnauthorizedUntilAccepted(t *testing.T) {
	b := open(t, quiet(), adbd.Prompt)
	ctx := t.Context()
	b.server.Connect(ctx, b.device.Serial())
	if err := b.server.WaitState(ctx, b.device.Serial(), adb.StateUnauthorized); err != nil {
		t.Fatal(err)
	}
	if _, err := b.device.Props(ctx); adb.CodeOf(err) != adb.Unauthorized {
		t.Errorf("%v", err)
	}
	if n := b.phone.ADB().Accept(true); n != 1 {
		t.Errorf("accepted %d", n)
	}
	b.online(t)
	if _, err := b.device.Props(ctx); err != nil {
		t.Error(err)
	}
}
