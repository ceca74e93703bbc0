package profile

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
)

var update = flag.Bool("update", false, "write the messages as they are into testdata")

// Each file of testdata/broken holds a devices.yaml with one mistake, and the message that it must give.
func TestBrokenFilesSayWhatIsWrong(t *testing.T) {
	files, err := filepath.Glob("testdata/broken/*.txt")
	if err != nil || len(files) < 40 {
		t.Fatalf("want at least 40 broken files, got %d (%v)", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			dir := t.TempDir()
			var want *txtar.File
			for i, f := range archive.Files {
				if f.Name == "want" {
					want = &archive.Files[i]
					continue
				}
				if err := os.WriteFile(filepath.Join(dir, f.Name), f.Data, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			_, err = Load(filepath.Join(dir, "devices.yaml"))
			var e *Error
			if !errors.As(err, &e) {
				t.Fatalf("want an *Error, got %v", err)
			}
			if e.Message == "" || e.Remedy == "" || e.Line < 1 || e.Column < 1 {
				t.Errorf("the error lacks a place, a message or a remedy: %+v", e)
			}
			got := strings.ReplaceAll(err.Error(), dir+string(filepath.Separator), "") + "\n"
			if *update {
				want.Data = []byte(got)
				if err := os.WriteFile(file, txtar.Format(archive), 0o600); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(string(want.Data), got); diff != "" {
				t.Errorf("message (-want +got):\n%s", diff)
			}
		})
	}
}

// Bytes that a text archive cannot hold.
func TestBrokenBytes(t *testing.T) {
	tests := []struct{ name, src, want string }{
		{"not UTF-8", "version: 1\n# \xff\n", "devices.yaml:2:3: this byte is not UTF-8; save the file as UTF-8"},
		{"too large", strings.Repeat("# 345678\n", 120_000), "devices.yaml: cannot be read: it is larger than 1 MiB; name the file with --devices FILE"},
		{"carriage returns alone", "version: 1\rphones: []\r", "devices.yaml:1:11: a line ends with a carriage return alone; save the file with LF or CRLF line ends"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "devices.yaml")
			if err := os.WriteFile(path, []byte(tt.src), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := Load(path)
			if err == nil {
				t.Fatal("want an error")
			}
			got, _, _ := strings.Cut(strings.ReplaceAll(err.Error(), dir+string(filepath.Separator), ""), "\n")
			if got != tt.want {
				t.Errorf("got  %q\nwant %q", got, tt.want)
			}
		})
	}
}

func TestMissingFile(t *testing.T) {
	_, err := Load("testdata/none.yaml")
	if want := "testdata/none.yaml: cannot be read: no such file or directory; name the file with --devices FILE"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}
