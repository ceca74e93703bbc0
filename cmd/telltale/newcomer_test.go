package main

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/telltale-farm/telltale/assertions/leak"
)

// TestNewcomer replays what it costs to add something: each patch of testdata/newcomer may touch as many files as it says,
// pages of docs apart; with all of them applied to the tree as it is, the parts prove themselves, and a run drives the new
// phone through the new scenarios. Nothing of the tree is written: Go overlays the files while it builds.
func TestNewcomer(t *testing.T) {
	r := newRig(t, built)
	o := overlay{t: t, dir: t.TempDir(), files: map[string]string{}}
	patches, err := filepath.Glob("testdata/newcomer/*.txtar")
	if err != nil || len(patches) < 7 {
		t.Fatalf("%d patches, %v", len(patches), err)
	}
	for _, patch := range patches {
		o.apply(patch)
	}
	o.run("test", "-vet=off", "-run", "^TestNewcomer$", "./capture/decode", "./assertions", "./harness/profile/catalogue")
	bin := t.TempDir()
	for _, tool := range []string{"telltale", "ginkgo"} { // they look for the scenarios beside their own file
		if err := os.Link(filepath.Join(r.bin, tool), filepath.Join(bin, tool)); err != nil {
			t.Fatal(err)
		}
	}
	o.run("test", "-vet=off", "-c", "-o", filepath.Join(bin, "scenarios.test"), "./scenarios")
	r.bin = bin
	code, stdout, stderr := r.telltale("run", "--devices", o.files["devices.yaml"], "--filter", "newcomer", "--out", r.out)
	if code != leak.ExitClean && code != leak.ExitLeaked {
		t.Fatalf("exit %d\n%s\n%s", code, stdout, stderr)
	}
	var v leak.Verdicts
	raw, err := os.ReadFile(filepath.Join(r.bundle(), "verdicts.json"))
	if err := errors.Join(err, json.Unmarshal(raw, &v)); err != nil {
		t.Fatal(err)
	}
	clean := map[string]bool{}
	for _, c := range v.Cells {
		if c.Phone == "newcomer" && c.Outcome == leak.Clean {
			clean[c.Scenario] = true
		}
	}
	if !clean["newcomer"] || !clean["newcomer verb"] || !clean["newcomer private tab"] || len(clean) != 3 {
		t.Errorf("clean on the new phone: %v\n%s", clean, stdout)
	}
}

// overlay is the tree with patches applied, for Go to build from.
type overlay struct {
	t     *testing.T
	dir   string
	files map[string]string // path in the tree -> the file in its place
}

// apply takes over one patch: sections that are new files, "edit" sections that change one, and "proof" sections that only
// test it.
func (o *overlay) apply(patch string) {
	o.t.Helper()
	a, err := txtar.ParseFile(patch)
	if err != nil {
		o.t.Fatal(err)
	}
	_, most, _ := strings.Cut(string(a.Comment), "files: ")
	limit, err := strconv.Atoi(strings.TrimSpace(most))
	if err != nil {
		o.t.Fatalf("%s: %v", patch, err)
	}
	for _, f := range a.Files {
		how, name, ok := strings.Cut(f.Name, " ")
		if !ok {
			how, name = "add", f.Name
		}
		text := string(f.Data)
		if how == "edit" {
			text = o.edited(patch, name, text)
		}
		if how != "proof" && !strings.HasPrefix(name, "docs/") {
			limit--
		}
		file := filepath.Join(o.dir, strings.ReplaceAll(name, "/", "_"))
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			o.t.Fatal(err)
		}
		o.files[name] = file
	}
	if limit < 0 {
		o.t.Errorf("%s touches %d files too many", patch, -limit)
	}
}

// edited is a file of the tree with what stands behind minus signs replaced by what stands behind plus signs.
func (o *overlay) edited(patch, name, edit string) string {
	o.t.Helper()
	source := filepath.Join("../..", filepath.FromSlash(name))
	if _, ok := o.files[name]; ok {
		source = o.files[name]
	}
	raw, err := os.ReadFile(source)
	if err != nil {
		o.t.Fatal(err)
	}
	var before, after []string
	for line := range strings.Lines(edit) {
		if rest, ok := strings.CutPrefix(line, "-"); ok {
			before = append(before, rest)
		} else if rest, ok := strings.CutPrefix(line, "+"); ok {
			after = append(after, rest)
		}
	}
	// The last line may be the beginning of one.
	old, now := strings.TrimSuffix(strings.Join(before, ""), "\n"), strings.TrimSuffix(strings.Join(after, ""), "\n")
	if n := strings.Count(string(raw), old); n != 1 || old == "" {
		o.t.Fatalf("%s: %s has %d places that read\n%s", patch, name, n, old)
	}
	return strings.Replace(string(raw), old, now, 1)
}

// run runs go with the overlay, in the root of the tree.
func (o *overlay) run(command string, args ...string) {
	o.t.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		o.t.Fatal(err)
	}
	replace := map[string]string{}
	for name, file := range o.files {
		replace[filepath.Join(root, filepath.FromSlash(name))] = file
	}
	raw, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		o.t.Fatal(err)
	}
	list := filepath.Join(o.dir, "overlay.json")
	if err := os.WriteFile(list, raw, 0o600); err != nil {
		o.t.Fatal(err)
	}
	cmd := exec.Command("go", append([]string{command, "-overlay", list}, args...)...)
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		o.t.Fatalf("go %s %s: %v\n%s", command, strings.Join(args, " "), err, out)
	}
}
