package evidence

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/telltale-farm/telltale/assertions/leak"
)

// Closed is what a closed bundle says.
type Closed struct {
	Dir      string // its final folder
	Verdicts leak.Verdicts
	Beside   Beside // what stands beside the verdicts and decides none
}

// Close judges the bundle from its files, writes verdicts.json and what derives from it, takes the sums, and gives the
// folder its final name. It may be called on what a killed run left behind, too. If only a derived file could not be
// written, or a foreign one lies in the folder, the verdicts stand, the bundle is closed, and the error says so: look at
// Closed.Dir, which is the final folder then.
func (b *Bundle) Close() (Closed, error) {
	c := Closed{Dir: b.dir}
	if err := b.tidy(); err != nil {
		return c, fmt.Errorf("closing the bundle %s: %w", b.name, err)
	}
	v, raw, err := b.judge()
	if err != nil {
		return c, fmt.Errorf("closing the bundle %s: %w", b.name, err)
	}
	c.Verdicts = v
	if err := b.write(verdictsName, raw); err != nil {
		return c, fmt.Errorf("closing the bundle %s: %w", b.name, err)
	}
	beside, derived := b.derive(v)
	c.Beside = beside
	err = b.sum()
	if foreign := (*ForeignError)(nil); errors.As(err, &foreign) {
		derived, err = errors.Join(derived, err), nil // no reason to withhold the verdicts
	}
	if err != nil {
		return c, errors.Join(derived, fmt.Errorf("closing the bundle %s: %w", b.name, err))
	}
	if err := errors.Join(syncDir(b.root, "."), b.rename()); err != nil {
		return c, errors.Join(derived, fmt.Errorf("closing the bundle %s: %w", b.name, err))
	}
	c.Dir = b.dir
	b.unhold()
	return c, derived
}

// judge gives the verdicts that the files come to, and their bytes.
func (b *Bundle) judge() (leak.Verdicts, []byte, error) {
	l, err := list(b.root)
	if err != nil {
		return leak.Verdicts{}, nil, err
	}
	if len(l.odd) > 0 {
		return leak.Verdicts{}, nil, fmt.Errorf("reading %s: it is %s", l.odd[0].File, l.odd[0].Reason)
	}
	v, err := leak.Judge(b.FS())
	if err != nil {
		return v, nil, err
	}
	raw, err := v.Canonical()
	return v, raw, err
}

// rename drops the mark of an open bundle from its name.
func (b *Bundle) rename() error {
	if !b.Partial() {
		return nil
	}
	final := strings.TrimSuffix(b.dir, partial)
	if _, err := os.Lstat(final); err == nil {
		return fmt.Errorf("%s is there already", final)
	}
	if err := os.Rename(b.dir, final); err != nil {
		return err
	}
	b.dir = final
	return syncPath(filepath.Dir(final))
}

// tidy removes what a killed process left half written: files that were not yet at their place.
func (b *Bundle) tidy() error {
	return fs.WalkDir(b.root.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		if !halfWritten(name) {
			return nil
		}
		return b.root.Remove(name)
	})
}

// halfWritten says whether a file is one that a process was writing beside its place.
func halfWritten(name string) bool {
	if at, ok := strings.CutSuffix(name, ".tmp"); ok {
		return knownFile(at)
	}
	dir, file := path.Split(name)
	return path.Base(dir) == bodiesName && strings.HasPrefix(file, ".") && strings.HasSuffix(file, ".part")
}

// Reopen gives a bundle that was closed before its plan was done back to a run: what was derived goes, what was recorded
// stays, and the name says again that it is open. It refuses a bundle that is complete, and one whose files are not those
// that it was closed with.
func Reopen(dir string) (*Bundle, error) {
	b, err := Open(dir)
	if err != nil {
		return nil, err
	}
	if b.held, err = hold(b.dir, 0); err == nil {
		err = b.reopen()
	}
	if err != nil {
		b.Release()
		return nil, fmt.Errorf("resuming the bundle %s: %w", b.name, err)
	}
	return b, nil
}

func (b *Bundle) reopen() error {
	if !b.Partial() || b.link(sumsName) != "" { // a run may have been killed after it took the sums
		check, err := b.verify()
		if err != nil {
			return err
		}
		if !check.sound() {
			return check.refusal("its files are not those that it was closed with")
		}
		if check.Verdicts.Complete && !b.Partial() {
			return errors.New("it is complete: there is nothing left to run")
		}
	}
	// The name comes first, and then the sums: killed at any of these steps, it is a run that was not closed.
	if !b.Partial() {
		if err := os.Rename(b.dir, b.dir+partial); err != nil {
			return err
		}
		b.dir += partial
		if err := syncPath(filepath.Dir(b.dir)); err != nil {
			return err
		}
	}
	names := append([]string{sumsName}, signatures...)
	names = append(names, verdictsName, reportName, junitName, ctrfName, summaryName, ginkgoName)
	phones, err := fs.ReadDir(b.root.FS(), phonesName)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, f := range phones {
		names = append(names, phonesName+"/"+f.Name()+"/"+harName)
	}
	for _, name := range names {
		if err := b.root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// Rejudge judges a bundle again from its files. same says whether the stored verdicts.json holds the same bytes; a bundle
// that was never closed has none, which is not the same.
func Rejudge(dir string) (v leak.Verdicts, raw []byte, same bool, err error) {
	b, err := Open(dir)
	if err != nil {
		return v, nil, false, err
	}
	defer b.Release()
	if b.redacted() {
		return v, nil, false, fmt.Errorf("judging the bundle %s: %w", b.name, errRedacted)
	}
	if v, raw, err = b.judge(); err != nil {
		return v, nil, false, fmt.Errorf("judging the bundle %s: %w", b.name, err)
	}
	stored, err := b.read(verdictsName)
	if errors.Is(err, fs.ErrNotExist) {
		return v, raw, false, nil
	}
	return v, raw, string(stored) == string(raw), err
}
