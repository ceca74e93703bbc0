package record_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/telltale-farm/telltale/capture/flow"
	"github.com/telltale-farm/telltale/capture/record"
)

func TestARecordingGoesOn(t *testing.T) {
	for _, c := range []struct {
		name string
		stop func(t *testing.T, w *record.Writer, path string)
	}{
		{"after a close", func(t *testing.T, w *record.Writer, _ string) {
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
		}},
		{"after a cut", func(t *testing.T, w *record.Writer, path string) {
			if err := w.Sync(); err != nil {
				t.Fatal(err)
			}
			f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			_, _ = f.WriteString(`{"rec":"start","seq":3,"ki`)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w, dir := create(t, record.Limits{})
			path := filepath.Join(dir, "flows.jsonl")
			done, open := &flow.Flow{Kind: flow.KindExchange, Conn: w.NextConn()}, &flow.Flow{Kind: flow.KindTunnel, Conn: w.NextConn()}
			w.Begin(done)
			w.Begin(open)
			w.End(done)
			c.stop(t, w, path)
			before, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}

			w2, err := record.Resume(dir, record.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			f := &flow.Flow{Kind: flow.KindExchange, Conn: w2.NextConn(), Start: w2.Now()}
			w2.Begin(f)
			w2.End(f)
			if err := w2.Close(); err != nil {
				t.Fatal(err)
			}
			if f.Seq != 3 || f.Conn != 3 || f.Start <= done.End {
				t.Errorf("it went on with seq %d, conn %d, at %d after %d", f.Seq, f.Conn, f.Start, done.End)
			}
			after, _ := os.ReadFile(path)
			if !strings.HasPrefix(string(after), string(before)) {
				t.Error("what was recorded was rewritten")
			}
			fs, r := read(t, dir)
			if len(fs) != 3 || !r.Closed() || r.Incomplete() {
				t.Fatalf("%d flows, closed %v, incomplete %v", len(fs), r.Closed(), r.Incomplete())
			}
			if cut := fs[1]; cut.End < 0 || cut.Fault != flow.FaultHarness || fs[0].Fault != "" || fs[2].Fault != "" {
				t.Errorf("%+v", fs)
			}
		})
	}
}

func TestResumeNeedsARecording(t *testing.T) {
	if _, err := record.Resume(t.TempDir(), record.Limits{}); err == nil {
		t.Error("resumed nothing")
	}
}

// What the recording was read of before it was cut off, and what not.
func TestWhatACutTook(t *testing.T) {
	w, dir := create(t, record.Limits{})
	begin := func(w *record.Writer, f flow.Flow) *flow.Flow { f.Start = w.Now(); w.Begin(&f); return &f }
	tunnel := begin(w, flow.Flow{Kind: flow.KindTunnel, Conn: w.NextConn()})
	w.End(begin(w, flow.Flow{Kind: flow.KindExchange, Conn: 1, Parent: tunnel.Seq}))
	under := begin(w, flow.Flow{Kind: flow.KindExchange, Conn: 1, Parent: tunnel.Seq})
	silent := begin(w, flow.Flow{Kind: flow.KindTunnel, Conn: w.NextConn(), Class: flow.ClassNotTLS})
	w.App(w.NextConn(), record.App{Package: "com.example"})
	if err := w.Sync(); err != nil {
		t.Fatal(err)
	}
	part := filepath.Join(dir, "bodies", ".1.part")
	if err := os.WriteFile(part, []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	again, err := record.Resume(dir, record.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if again.GoOnBehind(3); again.LastSeq() != 4 {
		t.Errorf("it went back to %d", again.LastSeq())
	}
	again.GoOnBehind(7)
	late := begin(again, flow.Flow{Kind: flow.KindExchange, Conn: again.NextConn()})
	again.End(late)
	if err := again.Close(); err != nil {
		t.Fatal(err)
	}
	if late.Seq != 8 || late.Conn != 4 {
		t.Errorf("the next flow is %d on connection %d, want 8 and 4", late.Seq, late.Conn)
	}
	if _, err := os.Lstat(part); !os.IsNotExist(err) {
		t.Errorf("an unfinished body is left: %v", err)
	}
	flows, _ := read(t, dir)
	for _, f := range flows {
		blamed := f.Seq == under.Seq || f.Seq == silent.Seq
		if f.End < f.Start || (f.Fault == flow.FaultHarness) != blamed {
			t.Errorf("flow %d ended at %d with fault %q", f.Seq, f.End, f.Fault)
		}
	}
}
