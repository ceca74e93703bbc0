package telemetry

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/telltale-farm/telltale/harness/virtual/manifest"
)

// bench is a collector, and the network to it.
type bench struct {
	t        *testing.T
	server   *httptest.Server
	recorder *manifest.Recorder

	mu     sync.Mutex
	answer func(n int) int // status of the n-th request, from 1; 0: hang up; nil: 200
	bodies []string
	came   chan struct{} // a token a request
}

func newBench(t *testing.T) *bench {
	before := runtime.NumGoroutine()
	b := &bench{t: t, came: make(chan struct{}, 100), recorder: manifest.NewRecorder("p1", "test")}
	b.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		b.mu.Lock()
		b.bodies = append(b.bodies, string(body))
		status := 200
		if b.answer != nil {
			status = b.answer(len(b.bodies))
		}
		b.mu.Unlock()
		defer func() { b.came <- struct{}{} }()
		if status == 0 {
			panic(http.ErrAbortHandler)
		}
		w.WriteHeader(status)
	}))
	t.Cleanup(func() {
		b.server.Client().CloseIdleConnections()
		b.server.Close()
		for deadline := time.Now().Add(time.Minute); runtime.NumGoroutine() > before; time.Sleep(time.Millisecond) {
			if time.Now().After(deadline) {
				stack := make([]byte, 1<<20)
				t.Errorf("goroutines: %d before, %d after\n%s", before, runtime.NumGoroutine(), stack[:runtime.Stack(stack, true)])
				return
			}
		}
	})
	return b
}

func (b *bench) HTTP() *http.Client { return b.server.Client() }

func (b *bench) DialTLS(context.Context, string, ...string) (*tls.Conn, error) {
	return nil, fmt.Errorf("no TLS here")
}

func (b *bench) DialTunnel(ctx context.Context, address string) (net.Conn, error) {
	var d net.Dialer
	return d.DialContext(ctx, "tcp", address)
}

func (b *bench) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	var d net.Dialer
	return d.DialContext(ctx, network, address)
}

func (b *bench) client(encoding string, change func(*ClientOptions)) *Client {
	b.t.Helper()
	e, ok := Named(encoding)
	if !ok {
		b.t.Fatalf("no encoding %s", encoding)
	}
	o := ClientOptions{UID: 10100, Device: phone, URL: b.server.URL + "/c", Encoding: e, Network: b, Recorder: b.recorder, Interval: -1, Count: -1}
	if change != nil {
		change(&o)
	}
	c, err := NewClient(o)
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(c.Close)
	return c
}

func (b *bench) seen() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]string(nil), b.bodies...)
}

// await waits for n requests.
func (b *bench) await(n int) {
	b.t.Helper()
	for range n {
		select {
		case <-b.came:
		case <-time.After(time.Minute):
			b.t.Fatalf("%d requests came, not %d", len(b.seen()), n)
		}
	}
}

// empty waits until nothing is queued: the last answer was read and recorded.
func (b *bench) empty(c *Client) {
	b.t.Helper()
	for deadline := time.Now().Add(time.Minute); c.queue.Len() > 0; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			b.t.Fatalf("%d still queued", c.queue.Len())
		}
	}
}

func event(word string) Event {
	return Event{Time: time.UnixMilli(1), Name: "search", Values: []Value{{Key: "q", Kind: manifest.Query, Text: word}}}
}

func TestTriggers(t *testing.T) {
	for _, c := range []struct {
		name    string
		change  func(*ClientOptions)
		act     func(*Client)
		trigger string
	}{
		{"interval", func(o *ClientOptions) { o.Interval = time.Millisecond }, nil, ByInterval},
		{"count", func(o *ClientOptions) { o.Count = 3 }, nil, ByCount},
		{"background", nil, (*Client).Background, ByBackground},
		{"call", nil, func(c *Client) { _ = c.Flush(context.Background()) }, ByCall},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t)
			client := b.client("form", c.change)
			for _, word := range []string{"one", "two", "three"} {
				client.Track(event(word))
			}
			if c.act != nil {
				c.act(client)
			}
			b.await(3)
			b.empty(client)
			client.Close()
			entries := b.recorder.Manifest().Entries
			if len(entries) != 3 {
				t.Fatalf("%d entries", len(entries))
			}
			for i, word := range []string{"one", "two", "three"} {
				e := entries[i]
				if e.Value != word || e.Trigger != c.trigger || e.Status != 200 || !e.Delivered || !e.Written || !e.Readable ||
					e.Via != manifest.Direct || e.Attempts != 1 || e.App != phone.Package || e.UID != 10100 || e.Host != "127.0.0.1" ||
					e.Port == 0 || e.Method != "POST" || e.Encoding != "form" || e.Seq != int64(i)+1 || e.Event != "search" || e.AtUS == 0 {
					t.Errorf("entry %+v", e)
				}
			}
		})
	}
	t.Run("nothing asks", func(t *testing.T) {
		b := newBench(t)
		client := b.client("form", nil)
		client.Track(event("one"))
		client.Close()
		if len(b.seen()) != 0 || client.queue.Len() != 1 || len(b.recorder.Manifest().Entries) != 0 {
			t.Errorf("sent %v, queued %d", b.seen(), client.queue.Len())
		}
	})
}

func TestRetries(t *testing.T) {
	for _, c := range []struct {
		status int
		keeps  bool
	}{
		{200, false}, {204, false}, {299, false}, {400, false}, {413, false}, {403, true}, {404, true}, {500, true}, {502, true}, {302, true}, {0, true},
	} {
		t.Run(fmt.Sprint(c.status), func(t *testing.T) {
			b := newBench(t)
			b.answer = func(int) int { return c.status }
			client := b.client("json", nil)
			client.Track(event("word"))
			err := client.Flush(context.Background())
			if (err == nil) != (c.status/100 == 2) {
				t.Errorf("error %v", err)
			}
			if got := client.queue.Len() == 1; got != c.keeps {
				t.Errorf("kept: %v, want %v", got, c.keeps)
			}
			b.mu.Lock()
			b.answer = nil
			b.mu.Unlock()
			client.Track(event("later"))
			if err := client.Flush(context.Background()); err != nil {
				t.Fatal(err)
			}
			for _, e := range b.recorder.Manifest().Entries {
				if e.Value != "word" {
					continue
				}
				want := 1
				if c.keeps {
					want = 2
				}
				if e.Attempts != want || !e.Written || e.Delivered != (c.keeps || c.status != 0) {
					t.Errorf("entry %+v, want %d attempts", e, want)
				}
				if c.keeps && (e.Status != 200 || e.Error != "") {
					t.Errorf("after a retry that worked: %+v", e)
				}
			}
			if got := len(b.recorder.Manifest().Entries); got != 3 && c.keeps || got < 3 {
				t.Errorf("%d entries", got)
			}
		})
	}
}

func TestUnreachableCollector(t *testing.T) {
	b := newBench(t)
	client := b.client("json", func(o *ClientOptions) { o.URL = "http://127.0.0.1:1/c" })
	client.Track(event("word"))
	if err := client.Flush(context.Background()); err == nil {
		t.Fatal("no error")
	}
	for _, e := range b.recorder.Manifest().Entries {
		if e.Delivered || e.Written || e.Via != manifest.Unsent || e.Error == "" || e.Status != 0 {
			t.Errorf("entry %+v", e)
		}
	}
	if client.queue.Len() != 1 {
		t.Error("the event is lost")
	}
}

func TestFailedFlushIsRepeatedByTheClock(t *testing.T) {
	b := newBench(t)
	b.answer = func(n int) int {
		if n < 3 {
			return 502
		}
		return 200
	}
	client := b.client("json", func(o *ClientOptions) { o.Interval = time.Millisecond })
	client.Track(event("word"))
	b.await(3)
	b.empty(client)
}

func TestBatches(t *testing.T) {
	b := newBench(t)
	client := b.client("sensors", nil)
	for i := range 2*sensorsBatch + 1 {
		client.Track(event(fmt.Sprint("word ", i)))
	}
	if err := client.Flush(context.Background()); err != nil {
		t.Fatal(err)
	}
	got := b.seen()
	if len(got) != 3 {
		t.Fatalf("%d requests, want 3", len(got))
	}
	for i, want := range []int{sensorsBatch, sensorsBatch, 1} {
		if _, _, events := unpack(t, got[i]); len(events) != want {
			t.Errorf("request %d has %d events, want %d", i, len(events), want)
		}
	}
}

func TestQueueOutlivesItsClient(t *testing.T) {
	b := newBench(t)
	queue := NewQueue()
	first := b.client("json", func(o *ClientOptions) { o.Queue = queue })
	first.Track(event("before the force-stop"))
	first.Close()
	b.client("json", func(o *ClientOptions) { o.Queue, o.Interval = queue, time.Millisecond })
	b.await(1)
	if got := b.seen(); !strings.Contains(got[0], "before the force-stop") {
		t.Errorf("sent %q", got)
	}
	queue = NewQueue()
	queue.push(event("x"))
	queue.Clear()
	if queue.Len() != 0 {
		t.Error("cleared data is still there")
	}
	for i := range MaxQueued + 5 {
		queue.push(event(fmt.Sprint(i)))
	}
	if head := queue.head(1); queue.Len() != MaxQueued || head[0].event.Values[0].Text != "5" {
		t.Errorf("%d queued, the oldest is %v", queue.Len(), head[0].event)
	}
}

func TestCloseCutsWhatHangs(t *testing.T) {
	b := newBench(t)
	release := make(chan struct{})
	entered := make(chan struct{})
	hang := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		close(entered)
		<-release
	}))
	defer hang.Close()
	defer close(release)
	client := b.client("json", func(o *ClientOptions) { o.URL = hang.URL })
	client.Track(event("word"))
	done := make(chan error)
	go func() { done <- client.Flush(context.Background()) }()
	<-entered
	client.Close()
	if err := <-done; err == nil {
		t.Error("a cut flush says all is well")
	}
	client.Close()
	if client.queue.Len() != 1 {
		t.Error("the event is lost")
	}
	b.HTTP().CloseIdleConnections()
}

func TestNewClientRefuses(t *testing.T) {
	b := newBench(t)
	e, _ := Named("json")
	for name, o := range map[string]ClientOptions{
		"no network":  {URL: "https://a.test/", Encoding: e},
		"no encoding": {URL: "https://a.test/", Network: b},
		"no URL":      {Encoding: e, Network: b},
		"no port":     {URL: "tcp://a.test", Encoding: e, Network: b},
		"port 0":      {URL: "tls://a.test:0", Encoding: e, Network: b},
		"ftp":         {URL: "ftp://a.test/", Encoding: e, Network: b},
		"no host":     {URL: "https:///x", Encoding: e, Network: b},
	} {
		if c, err := NewClient(o); err == nil {
			c.Close()
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestConcurrentUse(t *testing.T) {
	b := newBench(t)
	client := b.client("json", func(o *ClientOptions) { o.Count, o.Interval = 5, time.Millisecond })
	go func() {
		for range b.came { // never full
		}
	}()
	var work sync.WaitGroup
	for i := range 8 {
		work.Go(func() {
			for k := range 20 {
				client.Track(event(fmt.Sprint(i, " ", k)))
				if k%7 == 0 {
					client.Background()
				}
			}
		})
	}
	work.Wait()
	if err := client.Flush(context.Background()); err != nil {
		t.Fatal(err)
	}
	client.Close()
	sent := map[string]int{}
	for _, e := range b.recorder.Manifest().Entries {
		if e.Kind == manifest.Query {
			sent[e.Value] += e.Attempts
		}
	}
	if len(sent) != 160 {
		t.Errorf("%d words recorded, want 160", len(sent))
	}
	for word, n := range sent {
		if n != 1 {
			t.Errorf("%s was sent %d times", word, n)
		}
	}
	b.server.Client().CloseIdleConnections()
	b.server.Close()
	close(b.came)
}
