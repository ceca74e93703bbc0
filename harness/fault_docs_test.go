package harness_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// docs/faults.md says which test shows what: each that it names is there, and so is each case of a table.
func TestFaultsAreShown(t *testing.T) {
	page, err := os.ReadFile("../docs/faults.md")
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	err = filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		all.Write(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	named := 0
	last := ""
	for _, m := range regexp.MustCompile("`(Test\\w+)?(?:/([^`.]+))?(?:\\.\\.\\.)?`").FindAllStringSubmatch(string(page), -1) {
		name, of := m[1], strings.ReplaceAll(m[2], "_", " ")
		if name == "" && !strings.HasPrefix(last, "Test") || name == "" && of == "" {
			continue
		}
		named++
		if last = name; name == "" {
			last = "Test"
		} else if !strings.Contains(all.String(), "func "+name+"(t *testing.T)") {
			t.Errorf("docs/faults.md names %s, and there is no such test", name)
		}
		if of != "" && !strings.Contains(all.String(), `"`+of) {
			t.Errorf("docs/faults.md names the case %q of %s, and there is no such case", of, name)
		}
	}
	if named < 30 {
		t.Errorf("only %d tests are named in docs/faults.md", named)
	}
}
