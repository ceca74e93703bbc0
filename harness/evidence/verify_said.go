package evidence

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"

	"github.com/telltale-farm/telltale/assertions/leak"
)

// checkResults checks the provisional verdicts of a phone: each is one line of JSON, and speaks of a cell of this phone that
// was attempted before. What it says of the cell is as its telltale wrote it, and is compared with no form of today.
func (b *Bundle) checkResults(id string, attempts []leak.Attempt, bad complaint) {
	name := phonesName + "/" + id + "/" + resultsName
	err := b.eachResult(name, func(n int, key leak.Key, _ leak.Outcome) error {
		switch {
		case key.Phone != id:
			return fmt.Errorf("line %d speaks of phone %s", n, key.Phone)
		case !slices.ContainsFunc(attempts, func(a leak.Attempt) bool { return a.Key == key }):
			return fmt.Errorf("line %d speaks of %s, of which %s has no attempt", n, key, attemptsName)
		}
		return nil
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		bad(name, "%v", err)
	}
}

// eachResult reads results.jsonl. A last line without an end was being written when the run was killed.
func (b *Bundle) eachResult(name string, see func(n int, key leak.Key, o leak.Outcome) error) error {
	f, err := b.root.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	in := bufio.NewReaderSize(f, 64<<10)
	for n := 1; ; n++ {
		line, err := readLine(in, maxRead)
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("line %d: %w", n, err)
		}
		var l struct {
			Schema  int `json:"schema"`
			Verdict struct {
				leak.Key
				Outcome leak.Outcome `json:"outcome"`
			} `json:"verdict"`
		}
		if err := errors.Join(onceEach(line), json.Unmarshal(line, &l)); err != nil {
			return fmt.Errorf("line %d is no provisional verdict: %w", n, err)
		}
		if l.Schema != Schema {
			return fmt.Errorf("line %d: schema %d is unknown", n, l.Schema)
		}
		if err := see(n, l.Verdict.Key, l.Verdict.Outcome); err != nil {
			return err
		}
	}
}

// contradicted names what was said while the run lasted, or by ginkgo, and is otherwise in the verdicts. Neither decides
// anything: a provisional verdict is of the files as they were then, and gets worse when something comes late. It never gets
// better than leaked, except by other rules or where another phone tells that a value is no identifier.
func (b *Bundle) contradicted(v leak.Verdicts) (out []Problem) {
	for _, id := range b.phonesOf(v) {
		name := phonesName + "/" + id + "/" + resultsName
		_ = b.eachResult(name, func(n int, key leak.Key, was leak.Outcome) error { // what is wrong with the file is named
			i := slices.IndexFunc(v.Cells, func(c leak.CellVerdict) bool { return c.Key == key })
			if was == leak.Leaked && i >= 0 && v.Cells[i].Outcome != leak.Leaked {
				out = append(out, Problem{name, fmt.Sprintf("line %d said that %s leaked, and the verdict is %s", n, key, v.Cells[i].Outcome)})
			}
			return nil
		})
	}
	specs, err := b.specs(v)
	if err != nil {
		out = append(out, Problem{ginkgoName, fmt.Sprintf("it is no report of ginkgo: %v", err)})
	}
	for _, text := range slices.Concat(specs.Late, specs.Better) {
		out = append(out, Problem{ginkgoName, text})
	}
	for _, cell := range specs.Foreign {
		out = append(out, Problem{ginkgoName, cell + ": the verdicts have no such cell"})
	}
	return out
}
