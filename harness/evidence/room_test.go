package evidence

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/telltale-farm/telltale/assertions/leak"
)

func TestRoom(t *testing.T) {
	cell := func(phone, kind, scenario string, trials int) leak.Cell {
		return leak.Cell{Key: leak.Key{Phone: phone, Scenario: scenario, Variant: "default"}, Kind: kind, Trials: trials}
	}
	plan, err := json.Marshal(leak.Plan{Schema: leak.Schema, Cells: []leak.Cell{
		cell("a", "usb", "search", 0), cell("a", "usb", "visit", 0), cell("b", "usb", "open settings", 40), cell("v", "virtual", "search", 0),
	}})
	if err != nil {
		t.Fatal(err)
	}
	in := Inputs{Plan: plan, Policy: leak.Policy{Schema: leak.Schema, Phones: []leak.PhonePolicy{{ID: "a", Repeat: 3}, {ID: "b", Repeat: 3}, {ID: "v", Repeat: 1}}}}
	// two real phones of 8 attempts, one virtual; 3+3 attempts of a, 80 windows of b, 1 of v
	const least, most = 2*8*roomReal + 8*roomVirtual, 86*roomReal + roomVirtual
	for _, tt := range []struct {
		name    string
		free    int64
		warns   bool
		refuses bool
	}{
		{"nothing", 0, false, true},
		{"not enough to begin", least - 1, false, true},
		{"enough to begin", least, true, false},
		{"not quite enough", most - 1, true, false},
		{"enough", most, false, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			in := in
			in.Free = func(string) (int64, error) { return tt.free, nil }
			warning, err := CheckRoom(dir, in)
			var none *NoRoom
			if errors.As(err, &none) != tt.refuses || (err != nil) != tt.refuses || (warning != "") != tt.warns {
				t.Errorf("%q, %v", warning, err)
			}
			b, err := Create(dir, "run", in)
			if errors.As(err, &none) != tt.refuses || (b != nil) == tt.refuses {
				t.Fatalf("creating a bundle: %v", err)
			}
			left, rerr := os.ReadDir(dir)
			if rerr != nil || len(left) > 0 == tt.refuses {
				t.Errorf("%d files, %v", len(left), rerr)
			}
			if tt.refuses {
				if !strings.Contains(err.Error(), "--out") {
					t.Errorf("no remedy: %v", err)
				}
				return
			}
			if err := b.Release(); err != nil {
				t.Error(err)
			}
		})
	}
}

// The disk is asked about whatever of a folder is there already.
func TestRoomOfAFolderToCome(t *testing.T) {
	dir := t.TempDir()
	here, err := freeBytes(dir)
	if err != nil || here <= 0 {
		t.Fatalf("%d, %v", here, err)
	}
	if _, err := freeBytes(filepath.Join(dir, "a", "b", "c")); err != nil {
		t.Error(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := freeBytes(filepath.Join(dir, "file", "below")); err == nil {
		t.Error("a folder below a file has room")
	}
}
