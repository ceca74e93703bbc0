package record

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/telltale-farm/telltale/capture/flow"
)

// A disk that is full for a moment takes records away. The recording says so to its writer, and to whoever reads it: it
// was never closed, so that nothing can be called clean, whatever was written after there was room again.
func TestAFullDisk(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip("no device that is always full:", err)
	}
	defer full.Close()
	for _, runsFull := range []bool{false, true} {
		dir := filepath.Join(t.TempDir(), "phone")
		w, err := Create(dir, Limits{})
		if err != nil {
			t.Fatal(err)
		}
		w.Begin(&flow.Flow{Kind: flow.KindExchange, End: -1})
		if err := w.Sync(); err != nil {
			t.Fatal(err)
		}
		was := w.file
		if runsFull {
			w.file = full
		}
		w.Begin(&flow.Flow{Kind: flow.KindExchange, End: -1})
		if err := w.Sync(); (err != nil) != runsFull {
			t.Errorf("full: %v; syncing: %v", runsFull, err)
		}
		w.file = was
		w.Begin(&flow.Flow{Kind: flow.KindExchange, End: -1})
		if err := w.Close(); (err != nil) != runsFull {
			t.Errorf("full: %v; closing: %v", runsFull, err)
		}
		r, err := Open(os.DirFS(dir))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.Flows(); err != nil {
			t.Fatal(err)
		}
		if r.Closed() == runsFull {
			t.Errorf("full: %v, and the recording is closed: %v", runsFull, r.Closed())
		}
	}
}
