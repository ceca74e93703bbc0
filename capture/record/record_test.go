package record_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/telltale-farm/telltale/capture/flow"
	"github.com/telltale-farm/telltale/capture/record"
)

func create(t *testing.T, limits record.Limits) (*record.Writer, string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "phone")
	w, err := record.Create(dir, limits)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Close() })
	return w, dir
}

func read(t *testing.T, dir string) ([]flow.Flow, *record.Reader) {
	t.Helper()
	r, err := record.Open(os.DirFS(dir))
	if err != nil {
		t.Fatal(err)
	}
	fs, err := r.Flows()
	if err != nil {
		t.Fatal(err)
	}
	return fs, r
}

func TestFlowsComeBackAsRecorded(t *testing.T) {
	w, dir := create(t, record.Limits{})
	tunnel := &flow.Flow{Kind: flow.KindTunnel, Conn: w.NextConn(), Start: 1, Host: "a.test", Port: 443}
	w.Begin(tunnel)
	poll := &flow.Flow{Kind: flow.KindExchange, Conn: 1, Parent: tunnel.Seq, Start: 2, Host: "a.test", Port: 443,
		Request: &flow.Message{Method: "GET", Target: "https://a.test/poll"}}
	w.Begin(poll)
	tunnel.Class = flow.ClassNotTLS
	w.Update(tunnel)
	if err := w.Sync(); err != nil {
		t.Fatal(err)
	}

	open, r := read(t, dir)
	if len(open) != 2 || open[0].End != -1 || open[1].End != -1 || open[0].Class != flow.ClassNotTLS {
		t.Fatalf("while open: %+v", open)
	}
	if r.Closed() || r.Incomplete() {
		t.Errorf("closed %v, incomplete %v of a recording that goes on", r.Closed(), r.Incomplete())
	}

	poll.Response = &flow.Message{Status: 204}
	w.End(poll)
	w.App(1, record.App{Package: "com.android.browser", UID: 10071, By: flow.ByElimination})
	w.End(tunnel)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	got, r := read(t, dir)
	if !r.Closed() {
		t.Error("a closed recording does not say so")
	}
	want := []flow.Flow{*tunnel, *poll}
	for i := range want {
		want[i].App, want[i].UID, want[i].AppBy = "com.android.browser", 10071, flow.ByElimination
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
	if w.LastSeq() != 2 {
		t.Errorf("last seq %d", w.LastSeq())
	}
}

func TestCreateNeverTouchesARecordingThatIsThere(t *testing.T) {
	w, dir := create(t, record.Limits{})
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := record.Create(dir, record.Limits{}); !errors.Is(err, os.ErrExist) {
		t.Errorf("want an error that the file exists, got %v", err)
	}
}

func TestBodies(t *testing.T) {
	const limit = 100
	text := strings.Repeat("0123456789", 30)
	hash := func(s string) string { h := sha256.Sum256([]byte(s)); return hex.EncodeToString(h[:]) }
	for _, c := range []struct {
		name    string
		reply   bool
		bytes   string
		partial bool
		want    *flow.Body
	}{
		{name: "empty", want: nil},
		{name: "in memory", bytes: text[:8], want: &flow.Body{SHA256: hash(text[:8]), Size: 8, Stored: 8}},
		{name: "spilled", bytes: text[:90], want: &flow.Body{SHA256: hash(text[:90]), Size: 90, Stored: 90}},
		{name: "as long as the cap", bytes: text[:100], want: &flow.Body{SHA256: hash(text[:100]), Size: 100, Stored: 100}},
		{name: "over the cap", bytes: text, want: &flow.Body{SHA256: hash(text[:100]), Size: 300, Stored: 100, Truncated: true, Full: hash(text)}},
		{name: "reply over the cap", reply: true, bytes: text, want: &flow.Body{SHA256: hash(text[:50]), Size: 300, Stored: 50, Truncated: true}},
		{name: "partial", bytes: text[:90], partial: true, want: &flow.Body{SHA256: hash(text[:90]), Size: 90, Stored: 90, Partial: true}},
	} {
		for _, step := range []int{1, 7, 50, 1000} {
			w, dir := create(t, record.Limits{BodyCap: limit, ReplyCap: limit / 2, Memory: 32})
			b := w.NewBody()
			if c.reply {
				b = w.NewReply()
			}
			for rest := c.bytes; rest != ""; {
				n := min(step, len(rest))
				if _, err := io.WriteString(b, rest[:n]); err != nil {
					t.Fatal(err)
				}
				rest = rest[n:]
			}
			got := b.Finish(c.partial)
			if d := cmp.Diff(c.want, got); d != "" {
				t.Errorf("%s, %d at a time (-want +got)\n%s", c.name, step, d)
			}
			if d := cmp.Diff(got, b.Finish(false)); d != "" {
				t.Errorf("%s: a second Finish differs\n%s", c.name, d)
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			_, r := read(t, dir)
			rc, err := r.Body(got)
			if err != nil {
				t.Fatal(err)
			}
			stored, err := io.ReadAll(rc)
			if err != nil || got != nil && string(stored) != c.bytes[:got.Stored] {
				t.Errorf("%s: stored %q, %v", c.name, stored, err)
			}
			names, _ := filepath.Glob(filepath.Join(dir, "bodies", ".*"))
			if len(names) > 0 {
				t.Errorf("%s: left %v", c.name, names)
			}
		}
	}
}

func TestEqualBodiesAreStoredOnce(t *testing.T) {
	w, dir := create(t, record.Limits{Memory: 4})
	for range 3 {
		b := w.NewBody()
		_, _ = io.WriteString(b, "the same bytes")
		b.Finish(false)
	}
	entries, err := os.ReadDir(filepath.Join(dir, "bodies"))
	if err != nil || len(entries) != 1 {
		t.Errorf("%v %v", entries, err)
	}
}

func TestAChangedBodyIsNoticed(t *testing.T) {
	w, dir := create(t, record.Limits{})
	b := w.NewBody()
	_, _ = io.WriteString(b, "evidence")
	body := b.Finish(false)
	path := filepath.Join(dir, "bodies", body.SHA256)
	for name, change := range map[string]string{"flipped": "Evidence", "shorter": "eviden", "longer": "evidence!"} {
		t.Run(name, func(t *testing.T) {
			if err := os.WriteFile(path, []byte(change), 0o600); err != nil {
				t.Fatal(err)
			}
			_, r := read(t, dir)
			rc, err := r.Body(body)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := io.ReadAll(rc); !errors.Is(err, record.ErrChanged) {
				t.Errorf("want ErrChanged, got %v", err)
			}
		})
	}
	_, r := read(t, dir)
	for _, name := range []string{"", "../flows.jsonl", strings.ToUpper(body.SHA256)} {
		if _, err := r.Body(&flow.Body{SHA256: name}); err == nil {
			t.Errorf("opened a body named %q", name)
		}
	}
}

func TestReaderRefuses(t *testing.T) {
	const open = `{"rec":"open","schema":1,"epoch_utc":"2026-11-20T00:00:00Z"}` + "\n"
	const start = `{"rec":"start","seq":1,"kind":"exchange","conn":1,"start_us":1,"sent_us":1,"end_us":-1,"host":"a","port":1}` + "\n"
	end := strings.NewReplacer("start\"", "end\"", "-1", "5").Replace(start)
	for _, c := range []struct{ name, text, want string }{
		{"nothing", "", "EOF"},
		{"no open line", start, "want the record"},
		{"future schema", strings.Replace(open, ":1", ":2", 1), "schema 2"},
		{"unknown record", open + `{"rec":"huh"}` + "\n", "line 2: unknown record"},
		{"not ours", open + `{"seq":1,"rec":"start"}` + "\n", "does not begin"},
		{"two starts", open + start + start, "line 3: flow 1 starts twice"},
		{"two ends", open + start + end + end, "line 4: flow 1 goes on after its end"},
		{"update without start", open + strings.Replace(start, "start", "update", 1), "no start"},
		{"start after the end", open + end + start, "flow 1 starts twice"},
		{"seq 0", open + strings.Replace(start, `"seq":1`, `"seq":0`, 1), "seq 0"},
		{"after the close", open + `{"rec":"close","end_us":1}` + "\n" + start, "after the recording was closed"},
		{"not JSON", open + `{"rec":"start",` + "\n", "line 2"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := record.Open(fstest.MapFS{"flows.jsonl": {Data: []byte(c.text)}})
			if err == nil {
				_, err = r.Flows()
			}
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("want %q, got %v", c.want, err)
			}
		})
	}
	t.Run("near miss", func(t *testing.T) {
		r, err := record.Open(fstest.MapFS{"flows.jsonl": {Data: []byte(open + start + end + start[:40])}})
		if err != nil {
			t.Fatal(err)
		}
		fs, err := r.Flows()
		if err != nil || len(fs) != 1 || fs[0].End != 5 || !r.Incomplete() || r.Closed() {
			t.Errorf("%+v %v incomplete %v", fs, err, r.Incomplete())
		}
	})
}

func TestManyWritersLoseNothing(t *testing.T) {
	w, dir := create(t, record.Limits{Flush: time.Millisecond})
	const workers, each = 8, 500
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for range each {
				f := &flow.Flow{Kind: flow.KindExchange, Host: strings.Repeat("x", 300)}
				w.Begin(f)
				w.End(f)
			}
		})
	}
	wg.Wait()
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	fs, _ := read(t, dir)
	if len(fs) != workers*each {
		t.Fatalf("%d flows of %d", len(fs), workers*each)
	}
	for i, f := range fs {
		if f.Seq != int64(i+1) || f.End < 0 {
			t.Fatalf("flow %d: seq %d end %d", i, f.Seq, f.End)
		}
	}
}

func TestARecordAfterCloseIsAnError(t *testing.T) {
	w, _ := create(t, record.Limits{})
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	w.Begin(&flow.Flow{})
	if w.Err() == nil {
		t.Error("a lost record went unnoticed")
	}
}

func TestWaitQuiet(t *testing.T) {
	w, _ := create(t, record.Limits{})
	w.Sent()
	before := w.Now()
	if err := w.WaitQuiet(t.Context(), 20*time.Millisecond); err != nil {
		t.Fatal(err)
	}
	if got := w.Now() - before; got < 20_000 {
		t.Errorf("quiet after %d us", got)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := w.WaitQuiet(ctx, time.Hour); !errors.Is(err, context.Canceled) {
		t.Errorf("want canceled, got %v", err)
	}
}

func FuzzReader(f *testing.F) {
	f.Add([]byte(`{"rec":"open","schema":1,"epoch_utc":"2026-11-20T00:00:00Z"}` + "\n" +
		`{"rec":"start","seq":1,"kind":"tunnel","conn":1,"end_us":-1,"host":"a","port":1,"tls":{"sni":"a"}}` + "\n" +
		`{"rec":"app","conn":1,"app":"b"}` + "\n" +
		`{"rec":"end","seq":1,"end_us":4,"request":{"headers":[["a","b"],["c","/w==","base64"]],"body":{"sha256":"00"}}}` + "\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		fsys := fstest.MapFS{"flows.jsonl": {Data: data}}
		r, err := record.Open(fsys)
		if err != nil {
			return
		}
		fs, err := r.Flows()
		if err != nil {
			return
		}
		for i := range fs {
			if i > 0 && fs[i].Seq <= fs[i-1].Seq {
				t.Fatal("not sorted")
			}
			if m := fs[i].Request; m != nil && m.Body != nil {
				if rc, err := r.Body(m.Body); err == nil {
					_, _ = io.Copy(io.Discard, rc)
					_ = rc.Close()
				}
			}
		}
		if lines := bytes.Count(data, []byte("\n")); len(fs) > lines {
			t.Fatalf("%d flows from %d lines", len(fs), lines)
		}
	})
}
