package evidence

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// published are the files of a bundle that a redacted copy has. Everything else may hold what was typed, sent or shown.
func published(name string) bool {
	dir, file := path.Split(name)
	if dir == "" {
		return slices.Contains([]string{planName, policyName, runName, verdictsName, reportName, junitName, ctrfName, summaryName}, file) ||
			slices.Contains(signatures, file)
	}
	return strings.Count(name, "/") == 2 && slices.Contains([]string{phoneName, attemptsName}, file)
}

// Redact copies what may be published of a closed bundle to out, which must not exist: no secrets, bodies, flows, screens or
// logs. Its verdicts can no longer be judged again; the original's sums go along, so that whoever has the original can show
// that this is its copy.
func Redact(dir, out string) error {
	b, err := Open(dir)
	if err != nil {
		return err
	}
	defer b.Release()
	if err := b.redact(out); err != nil {
		return fmt.Errorf("redacting the bundle %s: %w", b.name, err)
	}
	return nil
}

// errRedacted refuses what needs the raw values that a copy to publish no longer has.
var errRedacted = errors.New("it is a redacted copy, which cannot be judged again: secrets and bodies were removed; use the original bundle")

// redacted says whether this is a copy that Redact made.
func (b *Bundle) redacted() bool {
	_, err := b.root.Lstat(originalName)
	return err == nil
}

// outside refuses a place for the copy that is the bundle or lies in it, by whatever name or link it is reached: a copy
// there would change what was recorded.
func (b *Bundle) outside(out string) error {
	source, err := os.Stat(b.dir)
	if err != nil {
		return err
	}
	at, err := filepath.EvalSymlinks(out)
	if err != nil { // it is not there yet
		if at, err = filepath.EvalSymlinks(filepath.Dir(out)); err != nil {
			return err
		}
	}
	for {
		if info, err := os.Stat(at); err == nil && os.SameFile(info, source) {
			return fmt.Errorf("the copy %s would lie in the bundle itself; name a folder outside it", out)
		}
		above := filepath.Dir(at)
		if above == at {
			return nil
		}
		at = above
	}
}

func (b *Bundle) redact(out string) error {
	if b.Partial() {
		return errors.New("it was never closed; `telltale run --resume` or a closed bundle is needed")
	}
	if b.redacted() {
		return errRedacted
	}
	out, err := filepath.Abs(out)
	if err != nil {
		return err
	}
	if err := b.outside(out); err != nil {
		return err
	}
	check, err := b.verify()
	if err != nil {
		return err
	}
	if !check.sound() {
		return check.refusal("it is not genuine")
	}
	if err := os.Mkdir(out, 0o700); err != nil {
		return err
	}
	root, err := os.OpenRoot(out)
	if err != nil {
		return err
	}
	c := &Bundle{dir: out, root: root, name: b.name}
	defer c.Release()
	l, err := list(b.root)
	if err != nil {
		return err
	}
	for _, name := range l.files {
		if name == sumsName {
			err = b.copyTo(c, name, originalName)
		} else if published(name) && !slices.Contains(rewritten, name) { // a copy that is not finished must not have the original's
			err = b.copyTo(c, name, name)
		}
		if err != nil {
			return err
		}
	}
	// The report is written anew: in the original it links to screens, and names canaries by their labels.
	v, err := c.stated()
	if err != nil {
		return err
	}
	raw, err := c.report(v)
	if err != nil {
		return err
	}
	if err := c.write(reportName, raw); err != nil {
		return err
	}
	return errors.Join(c.sum(), syncDir(c.root, "."), syncPath(filepath.Dir(out)))
}

func (b *Bundle) copyTo(to *Bundle, name, as string) error {
	raw, err := b.read(name)
	if err != nil {
		return err
	}
	if dir := path.Dir(as); dir != "." {
		if err := to.root.MkdirAll(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	return to.write(as, raw)
}
