package profile

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"unicode"

	"github.com/rogpeppe/go-internal/txtar"
)

// Whatever stands in the file, Load says where it is wrong, or gives a config that keeps its promises.
func FuzzLoad(f *testing.F) {
	seeds, err := filepath.Glob("testdata/broken/*.txt")
	if err != nil || len(seeds) == 0 {
		f.Fatalf("no seeds: %v", err)
	}
	for _, s := range seeds {
		archive, err := txtar.ParseFile(s)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(archive.Files[0].Data)
	}
	whole, err := os.ReadFile("testdata/whole.yaml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole)
	path := filepath.Join(f.TempDir(), "devices.yaml")
	f.Fuzz(func(t *testing.T, src []byte) {
		if err := os.WriteFile(path, src, 0o600); err != nil {
			t.Fatal(err)
		}
		cfg, err := Load(path)
		if err != nil {
			var e *Error
			if !errors.As(err, &e) || e.Message == "" || e.Remedy == "" {
				t.Fatalf("an error without a message or a remedy: %#v", err)
			}
			for _, c := range err.Error() {
				if c != '\n' && !unicode.IsPrint(c) {
					t.Fatalf("the message holds %U: %q", c, err.Error())
				}
			}
			return
		}
		for _, p := range cfg.Phones {
			if p.ID == "" || p.Line < 1 || p.Repeat < 1 || p.Settle.Min <= 0 || p.Settle.Min >= p.Settle.Max || p.Record.BodyCap < 1 {
				t.Errorf("phone %+v is not whole", p)
			}
			if (p.Kind == USB) != (p.Serial != "") || (p.Kind == Virtual) != (p.Personality != "") {
				t.Errorf("phone %+v is of two kinds", p)
			}
		}
	})
}
