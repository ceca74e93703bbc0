package world

import (
	"os"
	"path/filepath"
	"testing"
)

func TestSweepLeavesWhatLives(t *testing.T) {
	state := t.TempDir()
	folder := func(name string, lifeline bool) *Lifeline {
		t.Helper()
		dir := filepath.Join(state, name)
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		if !lifeline {
			return nil
		}
		l, err := OpenLifeline(filepath.Join(dir, lifelineName))
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	living := folder("run-living", true)
	defer living.Close()
	folder("run-killed", true).file.Close() // as a death does it
	folder("run-begun", false)
	folder("undo", false)
	folder("swept-run-half", false) // by one that was killed in the middle
	if err := sweep(t.Context(), state); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]bool{"run-living": true, "run-killed": false, "run-begun": true, "undo": true, "swept-run-half": false, "swept-run-killed": false} {
		if _, err := os.Stat(filepath.Join(state, name)); (err == nil) != want {
			t.Errorf("%s is there: %v, want %v", name, err == nil, want)
		}
	}
}
