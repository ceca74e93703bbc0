package evidence

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/telltale-farm/telltale/assertions/leak"
)

// rewritten are the files that a redacted copy has in a form of its own.
var rewritten = []string{reportName}

// derive writes what follows from the verdicts and the files, and gives what stands beside the verdicts. One file that
// fails does not keep the others from being written.
func (b *Bundle) derive(v leak.Verdicts) (Beside, error) {
	run, err := b.run()
	errs := []error{err, b.hars(v, run)}
	w, err := b.view(v)
	beside := w.beside(run)
	for _, p := range pages(v, run, w, err) {
		if p.err == nil {
			p.err = b.write(p.name, p.raw)
		}
		errs = append(errs, p.err)
	}
	return beside, errors.Join(errs...)
}

// derivedFile is one that was made, or why there is none.
type derivedFile struct {
	name string
	raw  []byte
	err  error
}

// pages makes the derived files of the run as a whole; err says that the view could not be gathered.
func pages(v leak.Verdicts, run Run, w view, err error) []derivedFile {
	report := derivedFile{name: reportName, err: err}
	if err != nil {
		report.err = fmt.Errorf("writing %s: %w", reportName, err)
	} else {
		report.raw, report.err = w.page()
	}
	out := []derivedFile{report, {name: junitName}, {name: ctrfName}, {summaryName, summary(run.ID, v, w.beside(run).Text()), nil}}
	out[1].raw, out[1].err = junit(v)
	out[2].raw, out[2].err = ctrf(v, run)
	return out
}

// summary gives summary.md, for a pull request or a job's page.
func summary(name string, v leak.Verdicts, beside string) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "# Telltale %s: %s\n\n", name, v.Outcome)
	if text := banner(v.Kind); text != "" {
		fmt.Fprintf(&b, "**%s**\n\n", text)
	}
	fmt.Fprintf(&b, "%s\n\n", tally(v))
	// An indented block needs no escapes, whatever a phone's text holds.
	for line := range strings.Lines(Table(v) + beside) {
		b.WriteString("    " + line)
	}
	return []byte(b.String())
}

// WriteReport writes the derived files of a bundle again, and its sums if it was closed. It does not judge: verdicts.json
// is what it shows, or, if the bundle was never closed, what the files come to so far. It gives the bundle's folder and what
// the report says beside the verdicts.
func WriteReport(dir string) (string, Beside, error) {
	b, err := Open(dir)
	if err != nil {
		return "", Beside{}, err
	}
	defer b.Release()
	if b.redacted() { // its report is the one it was published with, and its files are compared with the original's
		return "", Beside{}, fmt.Errorf("writing the report of %s: %w", b.name, errRedacted)
	}
	if b.signed() {
		return "", Beside{}, fmt.Errorf("writing the report of %s: a signature lies in it (%s), which new sums would break; take a copy without it", b.name, b.links("", signatures...)[0].Name)
	}
	if !b.Partial() { // nobody writes it: what is half written is of a process that was killed
		if err := b.tidy(); err != nil {
			return "", Beside{}, fmt.Errorf("writing the report of %s: %w", b.name, err)
		}
	}
	v, err := b.stated()
	if err != nil {
		return "", Beside{}, fmt.Errorf("writing the report of %s: %w", b.name, err)
	}
	if b.Partial() {
		beside, err := b.derive(v)
		return b.dir, beside, err
	}
	check, err := b.verify()
	if err != nil {
		return "", Beside{}, fmt.Errorf("writing the report of %s: %w", b.name, err)
	}
	for _, p := range check.Problems {
		// Sums taken over changed files would make them look genuine.
		if !check.sound() && !derivedName(p.File) {
			check.Problems = []Problem{p}
			return "", Beside{}, fmt.Errorf("writing the report of %s: %w", b.name, check.refusal("it was changed since it was closed"))
		}
	}
	beside, err := b.derive(v)
	return b.dir, beside, errors.Join(err, b.sum())
}

func derivedName(name string) bool {
	switch name {
	case reportName, junitName, ctrfName, summaryName:
		return true
	}
	return path.Base(name) == harName
}

// stated gives the verdicts that a bundle states: the stored ones, or of an open bundle those so far.
func (b *Bundle) stated() (leak.Verdicts, error) {
	raw, err := b.read(verdictsName)
	if err == nil {
		return leak.ParseVerdicts(raw)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return leak.Verdicts{}, err
	}
	if !b.Partial() {
		return leak.Verdicts{}, fmt.Errorf("there is no %s in it", verdictsName)
	}
	v, _, err := b.judge()
	return v, err
}
