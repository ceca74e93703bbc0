package record_test

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/telltale-farm/telltale/capture/flow"
	"github.com/telltale-farm/telltale/capture/record"
)

func TestSnapshots(t *testing.T) {
	for name, c := range map[string]struct {
		limits record.Limits
		pieces []int
	}{
		"in memory":          {record.Limits{}, []int{9, 1, 100}},
		"in a file":          {record.Limits{Memory: 16}, []int{9, 9, 100, 1}},
		"beyond its cap":     {record.Limits{Memory: 16, BodyCap: 64}, []int{9, 100, 100}},
		"up to its cap only": {record.Limits{BodyCap: 10}, []int{10, 1}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "phone")
			w, err := record.Create(dir, c.limits)
			if err != nil {
				t.Fatal(err)
			}
			rd, err := record.Open(os.DirFS(dir))
			if err != nil {
				t.Fatal(err)
			}
			check := func(got *flow.Body, sent []byte, partial bool) {
				t.Helper()
				stored := sent[:min(int64(len(sent)), w.Limits().BodyCap)]
				if got == nil || got.Size != int64(len(sent)) || got.Stored != int64(len(stored)) || got.Partial != partial ||
					got.Truncated != (len(stored) < len(sent)) || (got.Full != "") != got.Truncated {
					t.Fatalf("%+v of %d bytes", got, len(sent))
				}
				rc, err := rd.Body(got)
				if err != nil {
					t.Fatal(err)
				}
				defer rc.Close()
				if b, err := io.ReadAll(rc); err != nil || !bytes.Equal(b, stored) {
					t.Fatalf("%d bytes, %v", len(b), err)
				}
			}
			b, sent := w.NewBody(), []byte(nil)
			if b.Snapshot() != nil {
				t.Error("a snapshot of nothing")
			}
			for i, n := range c.pieces {
				piece := bytes.Repeat([]byte{byte('a' + i)}, n)
				_, _ = b.Write(piece)
				sent = append(sent, piece...)
				check(b.Snapshot(), sent, true)
				if b.Snapshot() != nil {
					t.Error("a second snapshot of the same")
				}
			}
			check(b.Finish(false), sent, false)
			if b.Snapshot() != nil {
				t.Error("a snapshot after the end")
			}
			if err := w.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestSnapshotsAreBounded(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "phone")
	w, err := record.Create(dir, record.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	b := w.NewBody()
	_, _ = b.Write(make([]byte, 300<<10))
	for range 1000 { // a phone that says a byte, waits, and says another
		_, _ = b.Write([]byte{1})
		_ = b.Snapshot()
	}
	total := int64(0)
	files, err := os.ReadDir(filepath.Join(dir, "bodies"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if i, err := f.Info(); err == nil {
			total += i.Size()
		}
	}
	if total > 3<<20 {
		t.Errorf("%d bytes on disk for a body of 300 KiB", total)
	}
}
