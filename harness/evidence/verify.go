package evidence

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/capture/flow/safe"
)

// State is what a check of a bundle comes to.
type State string

// The states of a bundle.
const (
	Genuine    State = "genuine"    // whole, as it was closed, and its verdicts follow from its files
	Incomplete State = "incomplete" // nothing is wrong with what is there, but the run did not reach its end
	Tampered   State = "tampered"
	Unjudged   State = "unjudged" // all is as it was closed, and its verdicts were made by other rules: whether they follow from its files only those can tell
)

// Problem is something that does not hold, with the file where it shows.
type Problem struct {
	File   string
	Reason string
}

func (p Problem) String() string { return safe.Text(p.File) + ": " + safe.Text(p.Reason) }

// Check is the result of Verify.
type Check struct {
	State    State
	Problems []Problem // sorted by file; for Incomplete, what is missing
	Redacted bool      // a copy to publish: its verdicts cannot be judged again
	Verdicts leak.Verdicts

	Uncovered []string  // files that were added after the bundle was closed, and that no sum and no verdict speaks of: answers of destinations
	Unchecked []string  // files that may hold a signature, which is not checked here
	Differs   []Problem // what no verdict rests on and says otherwise: derived files that are not as this telltale writes them, provisional verdicts, ginkgo.json
}

// sound says that nothing speaks against the bundle.
func (c Check) sound() bool { return c.State == Genuine || c.State == Incomplete }

// refusal says why what speaks against the bundle keeps it from being used: other rules are no tampering.
func (c Check) refusal(otherwise string) error {
	if c.State == Unjudged {
		otherwise = "it cannot be shown to be genuine"
	}
	return fmt.Errorf("%s: %s", otherwise, c.Problems[0])
}

// maxProblems bounds a list that a hostile bundle could make long.
const maxProblems = 1000

// Verify checks a bundle: that every file is there, is known, and has the sum it was closed with, that bodies are what their
// names say, that the journal's chain holds, and that the verdicts follow from the files. Without a signature this shows
// that the bundle is whole, not who made it. The error is for a bundle that cannot be read at all.
func Verify(dir string) (Check, error) {
	if info, err := os.Lstat(dir); err == nil && info.Mode()&fs.ModeSymlink != 0 {
		return Check{State: Tampered, Problems: []Problem{{dir, "the bundle's folder is a symbolic link"}}}, nil
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return Check{}, fmt.Errorf("verifying %s: %w", dir, err)
	}
	b := &Bundle{dir: strings.TrimRight(dir, "/"), root: root, name: strings.TrimSuffix(path.Base(dir), partial)}
	defer b.Release()
	c, err := b.verify()
	if err != nil {
		return c, fmt.Errorf("verifying %s: %w", dir, err)
	}
	return c, nil
}

func (b *Bundle) verify() (Check, error) {
	c := Check{State: Genuine}
	bad := func(file, format string, args ...any) {
		c.Problems = append(c.Problems, Problem{file, fmt.Sprintf(format, args...)})
	}
	l, err := list(b.root)
	if err != nil {
		return c, err
	}
	if len(l.files) == 0 && len(l.odd) == 0 { // nobody tampered with what never was one
		return c, errors.New("there is no file of a bundle in it: it is no evidence bundle; name the folder of a run")
	}
	open := b.Partial() && b.link(sumsName) == "" // never closed: there are no sums to compare with
	for _, p := range l.foreign {
		if !open || !halfWritten(p.File) {
			c.Problems = append(c.Problems, p)
		}
	}
	if len(l.odd) > 0 { // a pipe would keep us waiting, a link lead elsewhere: nothing is opened
		c.State = Tampered
		return c, nil
	}
	sums, err := readSums(b.root, sumsName)
	switch {
	case open:
	case errors.Is(err, fs.ErrNotExist):
		bad(sumsName, "it is missing, and the folder's name does not say that the bundle is open")
	case err != nil:
		bad(sumsName, "%v", err)
	default:
		b.compareSums(l.files, sums, bad)
	}
	c.Redacted = b.redacted()
	for _, name := range l.files {
		switch {
		case path.Base(path.Dir(name)) == bodiesName:
			b.checkBody(name, bad)
		case path.Base(path.Dir(name)) == certsName:
			b.checkCert(name, bad)
		case slices.Contains(signatures, name):
			c.Unchecked = append(c.Unchecked, name)
		}
	}
	b.checkRun(open, bad)
	b.checkPhones(l.files, open, c.Redacted, bad)
	b.checkAnswers(&c, l.files, bad)
	if c.Redacted {
		b.checkRedacted(&c, sums, bad)
		b.checkCopy(l.files, bad)
	} else {
		b.checkVerdicts(&c, open, bad)
	}
	if len(c.Problems) == 0 && !open {
		if c.Differs = b.differs(c.Verdicts, c.Redacted); len(c.Differs) > maxProblems {
			c.Differs = append(c.Differs[:maxProblems], Problem{".", "and more"})
		}
	}
	slices.SortStableFunc(c.Problems, func(x, y Problem) int { return strings.Compare(x.File, y.File) })
	if len(c.Problems) > maxProblems {
		c.Problems = append(c.Problems[:maxProblems], Problem{".", "and more"})
	}
	switch {
	case len(c.Problems) == 1 && c.State == Unjudged:
	case len(c.Problems) > 0:
		c.State = Tampered
	case open || !c.Verdicts.Complete:
		c.State = Incomplete
		c.Problems = b.lacking(c.Verdicts, open)
	}
	return c, nil
}

type complaint func(file, format string, args ...any)

func (b *Bundle) compareSums(files []string, sums map[string]string, bad complaint) {
	there := map[string]bool{}
	for _, name := range files {
		there[name] = true
		if !summed(name) {
			continue
		}
		want, ok := sums[name]
		if !ok {
			bad(name, "it is not in %s: it was added after the bundle was closed", sumsName)
			continue
		}
		got, err := digest(b.root, name)
		if err != nil {
			bad(name, "it cannot be read: %v", err)
		} else if got != want {
			bad(name, "its bytes changed: sha256 is %s, %s says %s", got, sumsName, want)
		}
	}
	for name := range sums {
		if !there[name] {
			bad(name, "%s lists it, and it is not there", sumsName)
		}
	}
}

// checkBody checks that a body's bytes are those that its name says.
func (b *Bundle) checkBody(name string, bad complaint) {
	if sum, err := digest(b.root, name); err != nil {
		bad(name, "it cannot be read: %v", err)
	} else if sum != path.Base(name) {
		bad(name, "its bytes are not those that its name says")
	}
}

// maxJournal bounds a journal's line and number of lines.
const (
	maxJournalLine  = 4 << 20
	maxJournalLines = 10_000_000
)

// followChain checks a journal from its first line to its last; half says whether that may be unfinished. It gives each line to see.
func followChain(r io.Reader, half bool, see func(JournalLine)) error {
	in := bufio.NewReaderSize(r, 64<<10)
	prev := ""
	for n := int64(1); ; n++ {
		line, err := readLine(in, maxJournalLine)
		if err == io.EOF && len(line) == 0 {
			return nil
		}
		if err == io.EOF && half {
			return nil
		}
		if err == io.EOF {
			return fmt.Errorf("line %d has no end", n)
		}
		if err != nil {
			return fmt.Errorf("line %d: %w", n, err)
		}
		var l JournalLine
		if err := strictly(line, &l); err != nil {
			return fmt.Errorf("line %d is no JSON of a journal: %w", n, err)
		}
		switch {
		case n > maxJournalLines:
			return fmt.Errorf("it has more than %d lines", maxJournalLines)
		case l.Schema != Schema:
			return fmt.Errorf("line %d: schema %d is unknown", n, l.Schema)
		case l.N != n:
			return fmt.Errorf("line %d says that it is line %d: lines were removed, added or moved", n, l.N)
		case l.Prev != prev:
			return fmt.Errorf("line %d does not follow from line %d: the chain is broken", n, n-1)
		}
		see(l)
		prev = sha256Hex(line)
	}
}

// readLine reads a line without its newline; with io.EOF it gives what stood after the last one.
func readLine(r *bufio.Reader, limit int) ([]byte, error) {
	var line []byte
	for {
		part, err := r.ReadSlice('\n')
		line = append(line, part...)
		switch {
		case len(line) > limit:
			return nil, fmt.Errorf("it is longer than %d bytes", limit)
		case err == nil:
			return line[:len(line)-1], nil
		case !errors.Is(err, bufio.ErrBufferFull):
			return line, err
		}
	}
}

// checkVerdicts judges again and compares.
func (b *Bundle) checkVerdicts(c *Check, open bool, bad complaint) {
	v, raw, err := b.judge()
	if err != nil {
		bad(fileOf(err), "the bundle cannot be judged: %v", err)
		return
	}
	c.Verdicts = v
	stored, err := b.read(verdictsName)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if !open {
			bad(verdictsName, "it is missing")
		}
	case err != nil:
		bad(verdictsName, "it cannot be read: %v", err)
	case string(stored) != string(raw):
		if was, err := leak.ParseVerdicts(stored); err == nil && was.Rules != v.Rules {
			bad(verdictsName, "it was judged by rules %d, and this telltale judges by rules %d: a telltale with those rules can tell if it is genuine", was.Rules, v.Rules)
			c.State = Unjudged
			return
		}
		bad(verdictsName, "the verdicts do not follow from the files")
	}
}

// checkRedacted checks what can be checked of a copy without secrets: that its verdicts are the original's.
func (b *Bundle) checkRedacted(c *Check, sums map[string]string, bad complaint) {
	original, err := readSums(b.root, originalName)
	if err != nil {
		bad(originalName, "%v", err)
		return
	}
	for name, sum := range sums {
		switch want, ok := original[name]; {
		case name == originalName:
		case !ok:
			bad(name, "the original has no such file")
		case want != sum && !slices.Contains(rewritten, name):
			bad(name, "it is not the file of the original")
		}
	}
	for name := range original {
		if _, ok := sums[name]; !ok && published(name) {
			bad(name, "the original has it, and it is not in the copy")
		}
	}
	stored, err := b.read(verdictsName)
	if err == nil {
		c.Verdicts, err = leak.ParseVerdicts(stored)
	}
	if err != nil {
		bad(verdictsName, "it cannot be read: %v", err)
	}
}

// fileOf guesses the file that an error of the judge speaks of; such errors name it first.
func fileOf(err error) string {
	text := err.Error()
	if rest, ok := strings.CutPrefix(text, "reading the recording of "); ok {
		id, _, _ := strings.Cut(rest, ":")
		return phonesName + "/" + id + "/" + flowsName
	}
	if rest, ok := strings.CutPrefix(text, "reading "); ok {
		for i, r := range rest {
			if r == ':' || r == ',' {
				return rest[:i]
			}
		}
	}
	return "."
}

// lacking says what an incomplete bundle lacks.
func (b *Bundle) lacking(v leak.Verdicts, open bool) (out []Problem) {
	if open {
		out = append(out, Problem{".", "the run was not closed"})
	}
	for _, c := range v.Cells {
		if c.Attempts == 0 {
			out = append(out, Problem{planName, "no attempt of " + c.Key.String()})
		}
	}
	if len(out) == 0 {
		out = append(out, Problem{phonesName, "a phone's files end before the run did"})
	}
	return out
}

// maxRead bounds a file of a bundle that is read as a whole.
const maxRead = 256 << 20

// read reads one of the bundle's own small files.
func (b *Bundle) read(name string) ([]byte, error) {
	if info, err := b.root.Lstat(name); err != nil {
		return nil, err
	} else if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is no regular file", name)
	}
	f, err := b.root.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	raw, err := io.ReadAll(io.LimitReader(f, maxRead+1))
	if err != nil {
		return nil, err
	}
	if len(raw) > maxRead {
		return nil, fmt.Errorf("%s is larger than %d bytes", name, maxRead)
	}
	return raw, nil
}
