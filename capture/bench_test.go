package capture_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/elazarl/goproxy"
)

// The benchmarks measure, in one run and in turn, the origin without a proxy, through ours with recording on, and
// through goproxy as it comes; each proxy in a process of its own. What they report is ours/direct and goproxy/direct
// (ratio of requests per second) and the proxies' CPU time for a request.

// rawEnv makes the test binary goproxy as it comes: its value is the origin's address.
const rawEnv = "TELLTALE_TEST_GOPROXY"

// rawProcess intercepts everything with goproxy's own means. It trusts any server: the benchmark's CA is not the
// system's.
func rawProcess() error {
	g := goproxy.NewProxyHttpServer()
	origin := os.Getenv(rawEnv)
	g.Tr = &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true},
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, origin)
		}}
	g.OnRequest().HandleConnect(goproxy.AlwaysMitm)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println(l.Addr())
	return http.Serve(l, g)
}

// contender is a way to the origin.
type contender struct {
	name string
	addr string // proxy; empty for direct
	pid  int
	tls  *tls.Config
}

// benchRig starts the origin and both proxies.
func benchRig(b *testing.B, handler http.HandlerFunc) (*rig, []*contender) {
	b.Helper()
	c := newCrashRigFor(b, handler)
	raw := exec.Command(os.Args[0])
	raw.Env = append(os.Environ(), rawEnv+"="+c.origin.Listener.Addr().String())
	out, err := raw.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := raw.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = raw.Process.Kill(); _ = raw.Wait() })
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		b.Fatal(err)
	}
	return c.rig, []*contender{
		{name: "direct", tls: &tls.Config{RootCAs: rootsOf(c.auth.cert)}},
		{name: "ours", addr: c.addr, pid: c.cmd.Process.Pid, tls: &tls.Config{RootCAs: c.roots()}},
		{name: "goproxy", addr: strings.TrimSpace(line), pid: raw.Process.Pid, tls: &tls.Config{InsecureSkipVerify: true}},
	}
}

// open connects to a host: through the proxy, or to the origin whatever the host.
func (c *contender) open(r *rig, host string, protos ...string) (*tls.Conn, error) {
	addr := c.addr
	if addr == "" {
		addr = r.origin.Listener.Addr().String()
	}
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	if c.addr != "" {
		fmt.Fprintf(conn, "CONNECT %s:443 HTTP/1.1\r\nHost: %s:443\r\n\r\n", host, host)
		resp, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: "CONNECT"})
		if err != nil || resp.StatusCode != 200 {
			_ = conn.Close()
			return nil, fmt.Errorf("CONNECT: %v %v", resp, err)
		}
	}
	config := c.tls.Clone()
	config.ServerName, config.NextProtos = host, protos
	tc := tls.Client(conn, config)
	if err := tc.Handshake(); err != nil {
		_ = conn.Close()
		return nil, err
	}
	return tc, nil
}

// phase is what is measured.
type phase struct {
	name       string
	n          int // requests; goproxy makes a tenth of them
	conc       int
	method     string
	path       string
	body       int
	h2         bool
	connection bool // a new one for every request
	hosts      int  // different hosts, with connection
}

var phases = []phase{
	{name: "GET 1 KiB, keep-alive, c16", n: 10_000, conc: 16, method: "GET", path: "/1024"},
	{name: "GET 1 KiB, HTTP/2, c16", n: 10_000, conc: 16, method: "GET", path: "/1024", h2: true},
	{name: "POST 4 KiB, keep-alive, c16", n: 10_000, conc: 16, method: "POST", path: "/1024", body: 4 << 10},
	{name: "GET 64 KiB, keep-alive, c16", n: 10_000, conc: 16, method: "GET", path: "/65536"},
	{name: "10 MiB down, c4", n: 60, conc: 4, method: "GET", path: "/10485760"},
	{name: "10 MiB up, c4", n: 60, conc: 4, method: "POST", path: "/1", body: 10 << 20},
	{name: "new connection, same host, c8", n: 600, conc: 8, method: "GET", path: "/1024", connection: true},
	{name: "new connection, cold hosts, c8", n: 600, conc: 8, method: "GET", path: "/1024", connection: true, hosts: 1 << 20},
}

// sized answers with as many bytes as its path says.
func sized(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	n, _ := strconv.Atoi(r.URL.Path[1:])
	w.Header().Set("Content-Length", strconv.Itoa(n))
	_, _ = w.Write(blob[:n])
}

var blob = bytes.Repeat([]byte("0123456789abcdef"), 10<<20/16)

// drive makes n requests and says how long they took, and how much of the proxy's CPU time.
func (ph phase) drive(b *testing.B, r *rig, c *contender, n int) (took, cpu time.Duration, err error) {
	b.Helper()
	var next atomic.Int64
	var first atomic.Pointer[error]
	var wg sync.WaitGroup
	ready, gate := sync.WaitGroup{}, make(chan struct{})
	for range ph.conc {
		ready.Add(1)
		wg.Go(func() {
			client := ph.client(r, c)
			if !ph.connection {
				_ = ph.one(client, 0) // the connection is open before the clock starts
			}
			ready.Done()
			<-gate
			for {
				i := next.Add(1)
				if i > int64(n) || first.Load() != nil {
					break
				}
				if err := ph.one(client, int(i)); err != nil {
					first.CompareAndSwap(nil, &err)
				}
			}
			client.CloseIdleConnections()
		})
	}
	ready.Wait()
	start, before := time.Now(), cpuTime(c.pid)
	close(gate)
	wg.Wait()
	took, cpu = time.Since(start), cpuTime(c.pid)-before
	if e := first.Load(); e != nil {
		err = *e
	}
	return took, cpu, err
}

func (ph phase) client(r *rig, c *contender) *http.Client {
	protos := []string{"http/1.1"}
	if ph.h2 {
		protos = []string{"h2"}
	}
	p := new(http.Protocols)
	p.SetHTTP1(!ph.h2)
	p.SetHTTP2(ph.h2)
	return &http.Client{Transport: &http.Transport{DisableCompression: true, DisableKeepAlives: ph.connection, Protocols: p,
		DialTLSContext: func(_ context.Context, _, addr string) (net.Conn, error) {
			host, _, _ := net.SplitHostPort(addr)
			return c.open(r, host, protos...)
		}}}
}

func (ph phase) one(client *http.Client, i int) error {
	host := "origin.test"
	if ph.hosts > 0 {
		host = fmt.Sprintf("h%d-%d.cold.test", i%ph.hosts, os.Getpid())
	}
	var body io.Reader
	if ph.body > 0 {
		body = bytes.NewReader(blob[:ph.body])
	}
	req, err := http.NewRequest(ph.method, "https://"+host+ph.path, body)
	if err != nil {
		return err
	}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	n, err := io.Copy(io.Discard, resp.Body)
	if err == nil && strconv.FormatInt(n, 10) != ph.path[1:] {
		err = fmt.Errorf("%d bytes for %s", n, ph.path)
	}
	return err
}

// BenchmarkProxy measures each phase. ns/op is of all contenders together and means nothing.
func BenchmarkProxy(b *testing.B) {
	for _, ph := range phases {
		b.Run(strings.ReplaceAll(ph.name, " ", "-"), func(b *testing.B) {
			r, contenders := benchRig(b, sized)
			b.ResetTimer()
			took, cpu, made := map[string]time.Duration{}, map[string]time.Duration{}, map[string]int{}
			for range b.N {
				for _, c := range contenders {
					n := ph.n
					if c.name == "goproxy" {
						n /= 10
					}
					d, used, err := ph.drive(b, r, c, n)
					if err != nil && c.name == "goproxy" {
						continue // it does not speak HTTP/2 to the phone
					}
					if err != nil {
						b.Fatalf("%s: %v", c.name, err)
					}
					took[c.name] += d
					cpu[c.name] += used
					made[c.name] += n
				}
			}
			rate := func(name string) float64 { return float64(made[name]) / took[name].Seconds() }
			for _, c := range contenders[1:] {
				if made[c.name] > 0 {
					b.ReportMetric(rate(c.name)/rate("direct"), c.name+"/direct")
					b.ReportMetric(float64(cpu[c.name].Microseconds())/float64(made[c.name]), c.name+"-cpu-us")
				}
			}
		})
	}
}

// BenchmarkMillion makes a million requests through ours and reports how much more memory it holds at the end than
// after the first hundred thousand.
func BenchmarkMillion(b *testing.B) {
	r, contenders := benchRig(b, sized)
	ph := phases[0]
	for range b.N {
		if _, _, err := ph.drive(b, r, contenders[1], 100_000); err != nil {
			b.Fatal(err)
		}
		before := residentMB(contenders[1].pid)
		if _, _, err := ph.drive(b, r, contenders[1], 900_000); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(residentMB(contenders[1].pid)-before, "MB-more")
		b.ReportMetric(before, "MB-resident")
	}
}

// BenchmarkManyDownloads streams 50 x 10 MiB at once and reports how much memory that takes.
func BenchmarkManyDownloads(b *testing.B) {
	r, contenders := benchRig(b, sized)
	ph := phase{conc: 50, method: "GET", path: "/10485760"}
	warm := phase{conc: 50, method: "GET", path: "/1024"}
	for range b.N {
		if _, _, err := warm.drive(b, r, contenders[1], 1000); err != nil {
			b.Fatal(err)
		}
		before, peak := residentMB(contenders[1].pid), 0.0
		stop, done := make(chan struct{}), make(chan struct{})
		go func() {
			defer close(done)
			tick := time.NewTicker(20 * time.Millisecond)
			defer tick.Stop()
			for {
				peak = max(peak, residentMB(contenders[1].pid))
				select {
				case <-tick.C:
				case <-stop:
					return
				}
			}
		}()
		if _, _, err := ph.drive(b, r, contenders[1], 50); err != nil {
			b.Fatal(err)
		}
		close(stop)
		<-done
		b.ReportMetric(peak-before, "MB-more")
	}
}

// cpuTime gives a process's CPU time, 0 where /proc does not tell.
func cpuTime(pid int) time.Duration {
	b, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(b), ") ")
	f := strings.Fields(rest)
	if len(f) < 13 {
		return 0
	}
	user, _ := strconv.Atoi(f[11])
	system, _ := strconv.Atoi(f[12])
	return time.Duration(user+system) * 10 * time.Millisecond // USER_HZ is 100 on every Linux that Go runs on
}

func residentMB(pid int) float64 {
	b, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "statm"))
	if err != nil {
		return 0
	}
	f := strings.Fields(string(b))
	pages, _ := strconv.Atoi(f[1])
	return float64(pages*os.Getpagesize()) / 1e6
}
