package capture_test

import (
	"bufio"
	"context"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/telltale-farm/telltale/capture"
	"github.com/telltale-farm/telltale/capture/flow"
	"github.com/telltale-farm/telltale/capture/record"
)

// childEnv makes the test binary a proxy: its value is the folder to work in.
const childEnv = "TELLTALE_TEST_PROXY"

// filesEnv bounds the open files of that proxy.
const filesEnv = childEnv + "_FILES"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childEnv); dir != "" {
		if err := proxyProcess(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	if os.Getenv(rawEnv) != "" {
		fmt.Fprintln(os.Stderr, rawProcess())
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// proxyProcess is a proxy in a process of its own, which ends in order on SIGTERM.
func proxyProcess(dir string) error {
	if n, err := strconv.ParseUint(os.Getenv(filesEnv), 10, 64); err == nil {
		if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: n, Max: n}); err != nil {
			return err
		}
	}
	ca, err := capture.LoadOrCreateCA(filepath.Join(dir, "ca"))
	if err != nil {
		return err
	}
	rec, err := record.Create(filepath.Join(dir, "phone"), record.Limits{})
	if err != nil {
		return err
	}
	pem, err := os.ReadFile(filepath.Join(dir, "roots.pem"))
	if err != nil {
		return err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	origin := os.Getenv(childEnv + "_ORIGIN")
	p, err := capture.New(capture.Options{CA: ca, Record: rec, Upstream: capture.Upstream{Roots: roots,
		Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, origin)
		}}})
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	term, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	go func() { _ = p.Serve(l) }()
	fmt.Println(l.Addr())
	<-term.Done()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := p.Shutdown(ctx); err != nil {
		return err
	}
	return rec.Close()
}

// crashRig is a proxy process under load.
type crashRig struct {
	*rig
	cmd      *exec.Cmd
	mu       sync.Mutex
	answered map[string]bool
	stopping chan struct{}
	workers  sync.WaitGroup
}

func newCrashRig(t *testing.T) *crashRig {
	t.Helper()
	return newCrashRigFor(t, func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.URL.Path) })
}

func newCrashRigFor(t testing.TB, handler http.HandlerFunc) *crashRig {
	t.Helper()
	c := &crashRig{rig: &rig{t: t, auth: newAuthority(t)}, answered: map[string]bool{}, stopping: make(chan struct{})}
	c.startOrigin(handler)
	dir := t.TempDir()
	c.dir = filepath.Join(dir, "phone")
	if err := os.WriteFile(filepath.Join(dir, "roots.pem"), pemOf(c.auth.cert.Raw), 0o600); err != nil {
		t.Fatal(err)
	}
	c.cmd = exec.Command(os.Args[0])
	c.cmd.Env = append(os.Environ(), childEnv+"="+dir, childEnv+"_ORIGIN="+c.origin.Listener.Addr().String())
	c.cmd.Stderr = os.Stderr
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.cmd.Process.Kill(); _ = c.cmd.Wait() })
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	c.addr = strings.TrimSpace(line)
	if c.ca, err = capture.LoadOrCreateCA(filepath.Join(dir, "ca")); err != nil {
		t.Fatal(err)
	}
	return c
}

// load sends requests, each with a path of its own, from several connections until stop.
func (c *crashRig) load() {
	for w := range 8 {
		client := c.client(w%2 == 0)
		c.workers.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-c.stopping:
					return
				default:
				}
				path := fmt.Sprintf("/%d-%d", w, i)
				resp, err := client.Get("https://origin.test" + path)
				if err != nil {
					return // the proxy is gone
				}
				b, err := io.ReadAll(resp.Body)
				_ = resp.Body.Close()
				if err == nil && resp.StatusCode == 200 && string(b) == path {
					c.mu.Lock()
					c.answered[path] = true
					c.mu.Unlock()
				}
			}
		})
	}
}

func (c *crashRig) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.answered)
}

// recorded counts the requests in the record by path.
func (c *crashRig) recorded() map[string]int {
	c.t.Helper()
	got := map[string]int{}
	for _, f := range of(c.now(), flow.KindExchange) {
		got[strings.TrimPrefix(f.Request.Target, "https://origin.test")]++
	}
	return got
}

func TestSIGTERMUnderLoadLosesNothing(t *testing.T) {
	c := newCrashRig(t)
	c.load()
	eventually(t, "load", func() bool { return c.count() > 500 })
	if err := c.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := c.cmd.Wait(); err != nil {
		t.Errorf("the proxy ended with %v", err)
	}
	close(c.stopping)
	c.workers.Wait()
	got := c.recorded()
	for path := range c.answered {
		if got[path] != 1 {
			t.Errorf("%s was answered and is in the record %d times", path, got[path])
		}
	}
	for _, f := range c.now() {
		if f.End < 0 || f.Fault == flow.FaultHarness {
			t.Errorf("after an orderly end: %+v", f)
		}
	}
	rd, err := record.Open(os.DirFS(c.dir))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := rd.Flows(); err != nil || !rd.Closed() || rd.Incomplete() {
		t.Errorf("%v closed %v incomplete %v", err, rd.Closed(), rd.Incomplete())
	}
	t.Logf("%d requests answered, %d recorded", len(c.answered), len(got))
}

func TestSIGKILLLosesAtMostWhatIsYoung(t *testing.T) {
	c := newCrashRig(t)
	c.load()
	eventually(t, "load", func() bool { return c.count() > 200 })
	c.mu.Lock()
	old := make([]string, 0, len(c.answered))
	for path := range c.answered {
		old = append(old, path)
	}
	c.mu.Unlock()
	// With requests going on all the time, what was answered by now reaches the file by itself.
	eventually(t, "the record catches up", func() bool {
		got := c.recorded()
		for _, path := range old {
			if got[path] != 1 {
				return false
			}
		}
		return true
	})
	if err := c.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = c.cmd.Wait()
	close(c.stopping)
	c.workers.Wait()
	got := c.recorded()
	for _, path := range old {
		if got[path] != 1 {
			t.Errorf("%s is in the record %d times", path, got[path])
		}
	}
	rd, err := record.Open(os.DirFS(c.dir))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := rd.Flows(); err != nil || rd.Closed() {
		t.Errorf("%v closed %v", err, rd.Closed())
	}
	t.Logf("%d requests answered, %d recorded", len(c.answered), len(got))
}
