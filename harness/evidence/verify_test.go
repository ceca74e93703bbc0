package evidence

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/assertions/leak/leaktest"
)

// closedCopy gives a closed bundle that the test may break.
func closedCopy(t *testing.T) string {
	t.Helper()
	c, err := recorded(t, leaktest.Clean()).Close()
	if err != nil {
		t.Fatal(err)
	}
	return c.Dir
}

func files(t *testing.T, dir string) (names []string) {
	t.Helper()
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			names = append(names, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// named checks what the bundle is called, and that the file that was touched is named.
func named(t *testing.T, dir, file string, state State) {
	t.Helper()
	check, err := Verify(dir)
	if err != nil {
		t.Fatal(err)
	}
	if check.State != state {
		t.Errorf("%s: the bundle is %s", file, check.State)
	}
	for _, p := range check.Problems {
		if p.File == file && p.Reason != "" {
			return
		}
	}
	t.Errorf("%s is not named in %v", file, check.Problems)
}

// Whatever file is changed, emptied or removed, verify names it.
func TestVerifyNamesEveryFile(t *testing.T) {
	dir := closedCopy(t)
	for _, name := range files(t, dir) {
		path := filepath.Join(dir, name)
		whole, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		put := func(b []byte) {
			t.Helper()
			if err := os.WriteFile(path, b, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		flipped := bytes.Clone(whole)
		flipped[len(flipped)/2] ^= 1
		put(flipped)
		if name == "SHA256SUMS" { // a flipped sum shows at the file that it stands for, or as a broken line
			if check, err := Verify(dir); err != nil || check.State != Tampered {
				t.Errorf("%s flipped: %+v, %v", name, check, err)
			}
		} else {
			named(t, dir, name, Tampered)
		}
		put(nil)
		if name != "SHA256SUMS" {
			named(t, dir, name, Tampered)
		} else if check, err := Verify(dir); err != nil || check.State != Tampered {
			t.Errorf("%s emptied: %+v, %v", name, check, err)
		}
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		named(t, dir, name, Tampered)
		put(whole)
	}
	if check, err := Verify(dir); err != nil || check.State != Genuine {
		t.Fatalf("put back, it is %+v, %v", check, err)
	}
}

// sums takes the sums again, as somebody would who wants to hide a change.
func sums(t *testing.T, dir string) {
	t.Helper()
	b, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Release()
	if err := b.sum(); err != nil {
		t.Fatal(err)
	}
}

func edit(t *testing.T, dir, name string, change func(string) string) {
	t.Helper()
	path := filepath.Join(dir, name)
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	out := change(string(raw))
	if out == string(raw) {
		t.Fatalf("the change to %s changes nothing", name)
	}
	if err := os.WriteFile(path, []byte(out), 0o600); err != nil {
		t.Fatal(err)
	}
}

// Changes that also fix the sums are still found where the files contradict each other.
func TestVerifyWithForgedSums(t *testing.T) {
	phone := "phones/phone-1/"
	swap := func(from, to string) func(string) string {
		return func(s string) string { return strings.Replace(s, from, to, 1) }
	}
	for name, c := range map[string]struct {
		file   string
		change func(string) string
		names  string // the file that is named, if another
		state  State  // tampered if none is given
	}{
		"verdicts made clean":     {"phones/phone-1/attempts.jsonl", func(s string) string { return strings.ReplaceAll(s, `"quiet":true`, `"quiet":false`) }, "verdicts.json", ""},
		"verdicts rewritten":      {"verdicts.json", swap(`"outcome":"clean"`, `"outcome":"leaked"`), "", ""},
		"verdicts in other JSON":  {"verdicts.json", func(s string) string { return s + "\n" }, "", ""},
		"verdicts of other rules": {"verdicts.json", swap(fmt.Sprintf(`"rules":%d`, leak.RulesVersion), `"rules":99`), "", Unjudged},
		"a journal line changed":  {phone + "journal.jsonl", swap(`"exit":0`, `"exit":1`), "", ""},
		"a journal line removed":  {phone + "journal.jsonl", func(s string) string { return s[strings.Index(s, "\n")+1:] }, "", ""},
		"journal lines swapped": {phone + "journal.jsonl", func(s string) string {
			l := strings.SplitAfter(s, "\n")
			l[1], l[2] = l[2], l[1]
			return strings.Join(l, "")
		}, "", ""},
		"a journal cut in its middle": {phone + "journal.jsonl", func(s string) string { return s[:len(s)-5] }, "", ""},
		"a future schema":             {"policy.json", swap(`"schema": 1`, `"schema": 2`), "", ""},
		"a foreign phone":             {phone + "phone.jsonl", swap(`"id":"phone-1"`, `"id":"phone-2"`), "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			dir := closedCopy(t)
			edit(t, dir, c.file, c.change)
			sums(t, dir)
			if c.names == "" {
				c.names = c.file
			}
			if c.state == "" {
				c.state = Tampered
			}
			named(t, dir, c.names, c.state)
		})
	}
}

func TestVerifyForeignFiles(t *testing.T) {
	write := func(name string) func(*testing.T, string) {
		return func(t *testing.T, dir string) {
			if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, name), []byte("x"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	link := func(to, name string) func(*testing.T, string) {
		return func(t *testing.T, dir string) {
			os.Remove(filepath.Join(dir, name))
			if err := os.Symlink(to, filepath.Join(dir, name)); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, c := range map[string]struct {
		do    func(*testing.T, string)
		names string
	}{
		"a file at the top":          {write("notes.txt"), "notes.txt"},
		"a file in a phone":          {write("phones/phone-1/notes.txt"), "phones/phone-1/notes.txt"},
		"a folder":                   {write("extra/file"), "extra"},
		"a folder in a phone":        {write("phones/phone-1/extra/file"), "phones/phone-1/extra"},
		"a body of another name":     {write("phones/phone-1/bodies/body"), "phones/phone-1/bodies/body"},
		"a body with a wrong digest": {write("phones/phone-1/bodies/" + strings.Repeat("0", 64)), "phones/phone-1/bodies/" + strings.Repeat("0", 64)},
		"a known file, added later":  {write("ginkgo.json"), "ginkgo.json"},
		"a pipe": {func(t *testing.T, dir string) {
			os.Remove(filepath.Join(dir, "plan.json"))
			if err := unix.Mkfifo(filepath.Join(dir, "plan.json"), 0o600); err != nil {
				t.Fatal(err)
			}
		}, "plan.json"},
		"a link out":      {link("/etc/passwd", "summary.md"), "summary.md"},
		"a link inside":   {link("plan.json", "ginkgo.json"), "ginkgo.json"},
		"a linked folder": {link("/etc", "phones/phone-1/certs"), "phones/phone-1/certs"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := closedCopy(t)
			if c.names == "phones/phone-1/certs" {
				os.RemoveAll(filepath.Join(dir, c.names))
			}
			c.do(t, dir)
			named(t, dir, c.names, Tampered)
			if _, _, same, err := Rejudge(dir); strings.Contains(name, "link") || name == "a pipe" {
				if err == nil {
					t.Errorf("it was judged, same %v", same)
				}
			}
		})
	}
}

// A signature may be added: it signs the sums, so they cannot list it.
func TestVerifyAllowsSignatures(t *testing.T) {
	dir := closedCopy(t)
	if err := os.WriteFile(filepath.Join(dir, "attestation.dsse.json"), []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	if check, err := Verify(dir); err != nil || check.State != Genuine {
		t.Errorf("%+v, %v", check, err)
	}
}

func TestVerifyALinkedBundle(t *testing.T) {
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(closedCopy(t), link); err != nil {
		t.Fatal(err)
	}
	if check, err := Verify(link); err != nil || check.State != Tampered {
		t.Errorf("%+v, %v", check, err)
	}
}

func FuzzSums(f *testing.F) {
	f.Add("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  plan.json\n")
	f.Add(strings.Repeat("0", 64) + "  ../../etc/passwd\n")
	f.Fuzz(func(t *testing.T, s string) {
		got, err := parseSums(strings.NewReader(s))
		if err != nil {
			return
		}
		for name, sum := range got {
			if !fs.ValidPath(name) || !isDigest(sum) {
				t.Fatalf("took %q %q", sum, name)
			}
		}
	})
}

func FuzzJournal(f *testing.F) {
	f.Add(`{"schema":1,"n":1,"prev":"","host_us":1,"event":"x","data":{}}` + "\n")
	f.Add("{}\n{}\n")
	f.Fuzz(func(t *testing.T, s string) {
		// Whatever it is, a chain that holds has numbered lines: doubling it cannot hold.
		if s != "" && followChain(strings.NewReader(s), false, func(JournalLine) {}) == nil && followChain(strings.NewReader(s+s), false, func(JournalLine) {}) == nil {
			t.Fatalf("a journal twice over is taken: %q", s)
		}
	})
}
