package adbd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

func TestReverseTable(t *testing.T) {
	adb := startADB(t)
	phone, _ := startPhone(t, Options{Limits: Limits{Reverses: 3}})
	adb.connect(t, phone)
	list := func() string {
		var lines []string
		for line := range strings.Lines(adb.adb(t, phone, "reverse", "--list")) {
			if f := strings.Fields(line); len(f) == 3 {
				lines = append(lines, f[1]+" "+f[2])
			}
		}
		return strings.Join(lines, ", ")
	}
	refused := func(want string, args ...string) {
		t.Helper()
		r := adb.run(t, nil, append([]string{"-s", phone.Addr().String(), "reverse"}, args...)...)
		if r.code == 0 || !strings.Contains(r.err, want) {
			t.Errorf("reverse %q: exit %d %q, want %q", args, r.code, r.err, want)
		}
	}
	adb.adb(t, phone, "reverse", "tcp:8080", "tcp:18888")
	if got := list(); got != "tcp:8080 tcp:18888" {
		t.Errorf("list: %q", got)
	}
	refused("cannot rebind existing socket", "--no-rebind", "tcp:8080", "tcp:1")
	adb.adb(t, phone, "reverse", "tcp:8080", "tcp:18889")
	if got := list(); got != "tcp:8080 tcp:18889" {
		t.Errorf("after rebind: %q", got)
	}
	port, err := strconv.Atoi(strings.TrimSpace(adb.adb(t, phone, "reverse", "tcp:0", "tcp:18890")))
	if err != nil || port < firstFreePort || port > lastFreePort {
		t.Errorf("tcp:0 gave %d, %v", port, err)
	}
	refused("unsupported listener", "localabstract:x", "tcp:1")
	refused("listener 'tcp:9999' not found", "--remove", "tcp:9999")
	adb.adb(t, phone, "reverse", "tcp:1", "tcp:18891")
	refused("Too many open files", "tcp:2", "tcp:18891")
	if got, want := fmt.Sprint(phone.Reverses()), fmt.Sprintf("[{1 tcp:18891 } {8080 tcp:18889 } {%d tcp:18890 }]", port); got != want {
		t.Errorf("Reverses: %s, want %s", got, want)
	}
	adb.adb(t, phone, "reverse", "--remove", "tcp:8080")
	adb.adb(t, phone, "reverse", "--remove-all")
	if got := list(); got != "" {
		t.Errorf("after remove-all: %q", got)
	}
}

// throughPhone is an HTTP client in an app of the phone, which dials one reversed port whatever the URL says.
func throughPhone(phone *Server, port int) *http.Client {
	return &http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) { return phone.DialReverse(ctx, port) },
	}}
}

func hostTarget(addr net.Addr) string { return fmt.Sprintf("tcp:%d", addr.(*net.TCPAddr).Port) }

func TestHTTPThroughReverse(t *testing.T) {
	adb := startADB(t)
	phone, _ := startPhone(t, Options{RealListeners: true})
	adb.connect(t, phone)
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n, _ := io.Copy(io.Discard, r.Body)
		fmt.Fprintf(w, "%s %s %d", r.Method, r.URL.Path, n)
	}))
	defer web.Close()
	adb.adb(t, phone, "reverse", "tcp:8080", hostTarget(web.Listener.Addr()))

	get := func(c *http.Client, url string) string {
		t.Helper()
		defer c.CloseIdleConnections()
		resp, err := c.Post(url, "text/plain", strings.NewReader(strings.Repeat("x", 100_000)))
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return string(body)
	}
	if got := get(throughPhone(phone, 8080), "http://anything.test/in-process"); got != "POST /in-process 100000" {
		t.Errorf("in-process app: %q", got)
	}
	real := phone.Reverses()[0].Real
	if got := get(&http.Client{Transport: &http.Transport{}}, "http://"+real+"/outside"); got != "POST /outside 100000" {
		t.Errorf("program outside: %q", got)
	}

	phone.DropLinks()
	adb.back(t, phone)
	if _, err := phone.DialReverse(t.Context(), 8080); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("a reverse survived its link: %v", err)
	}
	adb.adb(t, phone, "reverse", "tcp:8080", hostTarget(web.Listener.Addr()))
	if got := phone.Reverses()[0].Real; got != real {
		t.Errorf("the real listener moved from %s to %s", real, got)
	}
	if got := get(&http.Client{Transport: &http.Transport{}}, "http://"+real+"/again"); got != "POST /again 100000" {
		t.Errorf("after the drop: %q", got)
	}
}

func TestDialReverseRefused(t *testing.T) {
	adb := startADB(t)
	phone, _ := startPhone(t, Options{})
	adb.connect(t, phone)
	if _, err := phone.DialReverse(t.Context(), 8080); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("without a mapping: %v", err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	adb.adb(t, phone, "reverse", "tcp:8080", hostTarget(l.Addr()))
	kept, err := phone.DialReverse(t.Context(), 8080)
	if err != nil {
		t.Fatal(err)
	}
	defer kept.Close()
	phone.RefuseReversed(true)
	if _, err := phone.DialReverse(t.Context(), 8080); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("a port that refuses: %v", err)
	}
	if _, err := kept.Write([]byte("x")); err != nil {
		t.Errorf("what was open before: %v", err)
	}
	phone.RefuseReversed(false)
	kept.Close()
	l.Close()
	if _, err := phone.DialReverse(t.Context(), 8080); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("nothing listens on the host: %v", err)
	}
	adb.adb(t, phone, "reverse", "--remove", "tcp:8080")
	if _, err := phone.DialReverse(t.Context(), 8080); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("after the removal: %v", err)
	}
	adb.adb(t, phone, "reverse", "tcp:8080", hostTarget(echoServer(t).Addr()))
	phone.ForgetReverses()
	if _, err := phone.DialReverse(t.Context(), 8080); !errors.Is(err, syscall.ECONNREFUSED) || len(phone.Reverses()) > 0 {
		t.Errorf("after the phone forgot it: %v, %v", err, phone.Reverses())
	}
	adb.adb(t, phone, "shell", "echo", "the adb server still has the phone")
	if got := phone.Stats().Streams; got != 0 {
		t.Errorf("%d streams left", got)
	}
}

// echoServer echoes each connection until its end.
func echoServer(t testing.TB) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				io.Copy(c, c)
			}()
		}
	}()
	return l
}

func TestManyStreams(t *testing.T) {
	adb := startADB(t)
	phone, _ := startPhone(t, Options{})
	adb.connect(t, phone)
	adb.adb(t, phone, "reverse", "tcp:8080", hostTarget(echoServer(t).Addr()))
	const n = 200
	var all, open sync.WaitGroup
	open.Add(n)
	ports := sync.Map{}
	for i := range n {
		all.Go(func() {
			c, err := phone.DialReverse(t.Context(), 8080)
			if err != nil {
				t.Error(err)
				open.Done()
				return
			}
			defer c.Close()
			if _, twice := ports.LoadOrStore(c.LocalAddr().String(), i); twice {
				t.Errorf("port %v is used twice", c.LocalAddr())
			}
			open.Done()
			open.Wait() // all are open at once
			data := bytes.Repeat([]byte{byte(i)}, 1000+i*100)
			go c.Write(data)
			got := make([]byte, len(data))
			if _, err := io.ReadFull(c, got); err != nil || !bytes.Equal(got, data) {
				t.Errorf("stream %d: %v", i, err)
			}
		})
	}
	open.Wait()
	if got := adb.adb(t, phone, "shell", "echo", "alive"); got != "alive\n" {
		t.Errorf("shell beside the streams: %q", got)
	}
	all.Wait()
	eventually(t, func() bool { return phone.Stats().Streams == 0 }, func() string { return fmt.Sprintf("%+v", phone.Stats()) })
}

func TestBothDirections(t *testing.T) {
	adb := startADB(t)
	phone, _ := startPhone(t, Options{})
	adb.connect(t, phone)
	adb.adb(t, phone, "reverse", "tcp:8080", hostTarget(echoServer(t).Addr()))
	c, err := phone.DialReverse(t.Context(), 8080)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	data := make([]byte, 10<<20)
	rand.New(rand.NewSource(1)).Read(data)
	go c.Write(data)
	got := make([]byte, len(data))
	if _, err := io.ReadFull(c, got); err != nil || !bytes.Equal(got, data) {
		t.Errorf("echo of 10 MiB: %v", err)
	}
}

func TestReverseConnBehaviour(t *testing.T) {
	adb := startADB(t)
	phone, _ := startPhone(t, Options{})
	adb.connect(t, phone)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	adb.adb(t, phone, "reverse", "tcp:8080", hostTarget(l.Addr()))
	pair := func(t *testing.T) (app net.Conn, host net.Conn) {
		t.Helper()
		app, err := phone.DialReverse(t.Context(), 8080)
		if err != nil {
			t.Fatal(err)
		}
		host, err = l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { app.Close(); host.Close() })
		return app, host
	}

	t.Run("deadlines", func(t *testing.T) {
		app, host := pair(t)
		app.SetReadDeadline(time.Now().Add(10 * time.Millisecond))
		var timeout net.Error
		if _, err := app.Read(make([]byte, 1)); !errors.As(err, &timeout) || !timeout.Timeout() {
			t.Errorf("read: %v", err)
		}
		app.SetReadDeadline(time.Time{})
		host.Write([]byte("after"))
		buf := make([]byte, 5)
		if _, err := io.ReadFull(app, buf); err != nil || string(buf) != "after" {
			t.Errorf("read after the deadline: %q %v", buf, err)
		}
		app.SetWriteDeadline(time.Now().Add(100 * time.Millisecond))
		var err error
		for err == nil { // the host reads nothing, so the write must block and be cut
			_, err = app.Write(make([]byte, 1<<20))
		}
		if !errors.As(err, &timeout) || !timeout.Timeout() {
			t.Errorf("write: %v", err)
		}
	})
	t.Run("host closes", func(t *testing.T) {
		app, host := pair(t)
		host.Write([]byte("last words"))
		host.Close()
		if got, err := io.ReadAll(app); string(got) != "last words" || err != nil {
			t.Errorf("read: %q %v", got, err)
		}
		if _, err := app.Write([]byte("x")); !errors.Is(err, syscall.EPIPE) {
			t.Errorf("write after: %v", err)
		}
	})
	t.Run("app closes", func(t *testing.T) {
		app, host := pair(t)
		app.Write(make([]byte, 3<<20))
		app.Close()
		if n, err := io.Copy(io.Discard, host); n != 3<<20 || err != nil {
			t.Errorf("the host got %d bytes, %v", n, err)
		}
		if _, err := app.Read(make([]byte, 1)); !errors.Is(err, net.ErrClosed) {
			t.Errorf("read after Close: %v", err)
		}
	})
	t.Run("close unblocks", func(t *testing.T) {
		app, _ := pair(t)
		got := make(chan error)
		go func() { _, err := app.Read(make([]byte, 1)); got <- err }()
		app.Close()
		if err := <-got; !errors.Is(err, net.ErrClosed) {
			t.Errorf("%v", err)
		}
	})
	t.Run("dial is cut by its context", func(t *testing.T) {
		phone.Freeze()
		defer phone.Thaw()
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		defer cancel()
		if _, err := phone.DialReverse(ctx, 8080); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v", err)
		}
	})
	t.Run("link drops", func(t *testing.T) {
		app, _ := pair(t)
		phone.DropLinks()
		if _, err := app.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("read: %v", err)
		}
		if _, err := app.Write([]byte("x")); !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("write: %v", err)
		}
	})
	eventually(t, func() bool { return phone.Stats().Streams == 0 }, func() string { return fmt.Sprintf("%+v", phone.Stats()) })
}
