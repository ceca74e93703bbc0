package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/telltale-farm/telltale/harness/evidence"
)

// judgeCmd recomputes the verdicts of a bundle from its files.
type judgeCmd struct {
	Dir  string `arg:"" help:"Evidence bundle."`
	JSON bool   `name:"json" help:"Print the recomputed verdicts.json in place of the table: byte for byte, but on a terminal with escapes for what it would obey."`
}

// Help is shown below the flags.
func (judgeCmd) Help() string {
	return `Judges a bundle again from the files that were recorded, and says whether its verdicts.json holds the same bytes. No
phone, clock or network is asked: the same files give the same bytes on any computer. A redacted copy cannot be judged.

Example:
  telltale judge evidence/20261121T120000Z
  telltale judge --json evidence/20261121T120000Z | jq .outcome

EXIT STATUS
  0  clean, also with named exceptions
  1  usage error, or the bundle could not be read
  3  leaked
  4  inconclusive
  5  the plan was not carried out whole
  6  the stored verdicts.json differs`
}

// Run judges and compares.
func (j *judgeCmd) Run(_ context.Context, c *console) error {
	dir, err := bundlePath(j.Dir)
	if err != nil {
		return err
	}
	verdicts, raw, same, err := evidence.Rejudge(dir)
	if err != nil {
		return err
	}
	if j.JSON {
		err = printStored(c.Out, raw)
	} else {
		_, err = fmt.Fprint(c.Out, evidence.Table(verdicts))
	}
	if err != nil {
		return err
	}
	switch {
	case same:
		fmt.Fprintln(c.Err, "verdicts.json: the stored bytes are the same")
	case neverClosed(dir):
		fmt.Fprintln(c.Err, "verdicts.json: there is none to compare with, for the run was never closed")
	default:
		return &exitStatus{Code: exitTampered, Err: errors.New("verdicts.json: the stored bytes differ from what the recorded files say; telltale verify names what was changed, or that other rules judged it")}
	}
	if code := verdicts.ExitCode(); code != exitClean {
		return &exitStatus{Code: code}
	}
	return nil
}

// neverClosed says that a bundle has neither verdicts nor sums: a run that was killed left it, or still writes it.
func neverClosed(dir string) bool {
	for _, name := range []string{"verdicts.json", "SHA256SUMS"} {
		if _, err := os.Lstat(filepath.Join(dir, name)); !errors.Is(err, fs.ErrNotExist) {
			return false
		}
	}
	return true
}

// bundlePath makes the path of a bundle absolute, so that its own name can be told from it.
func bundlePath(dir string) (string, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	info, err := os.Stat(abs)
	if err != nil {
		return "", fmt.Errorf("opening the bundle: %w", err)
	}
	if !info.IsDir() {
		return "", fmt.Errorf("opening the bundle: %s is not a folder", dir)
	}
	return abs, nil
}
