package evidence

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/capture/flow/safe"
)

// Past is one phone in one run of a folder of bundles.
type Past struct {
	Run      string       `json:"run"`
	Phone    string       `json:"phone"`
	Kind     string       `json:"kind"`
	Model    string       `json:"model"`
	Firmware string       `json:"firmware"`
	Outcome  leak.Outcome `json:"outcome"`
	Leaked   int          `json:"leaked"` // cells
	Unclear  int          `json:"inconclusive"`
	Clean    int          `json:"clean"`
	Complete bool         `json:"complete"`
	Changed  string       `json:"unverified,omitempty"` // the first file whose sum does not hold, and how
	Problem  string       `json:"problem,omitempty"`    // why the run could not be read
}

// History lists what the bundles of a folder say, by phone, firmware and run. Nothing is judged again: it believes
// verdicts.json of a bundle whose sums hold, and marks one whose sums do not. `telltale verify` is for further doubts.
func History(out string) ([]Past, error) {
	if _, err := os.Lstat(filepath.Join(out, planName)); err == nil {
		return nil, fmt.Errorf("reading the runs in %s: it is a bundle itself; name the folder that it lies in", out)
	}
	if info, err := os.Stat(out); err == nil && !info.IsDir() {
		return nil, fmt.Errorf("reading the runs in %s: it is a file; name a folder of bundles, such as evidence", out)
	}
	entries, err := os.ReadDir(out)
	if err != nil {
		return nil, fmt.Errorf("reading the runs in %s: %w", out, err)
	}
	var past []Past
	for _, e := range entries {
		if !e.IsDir() {
			continue
		}
		rows, err := pastOf(filepath.Join(out, e.Name()))
		switch {
		case errors.Is(err, errNoBundle):
			continue
		case err != nil:
			rows = []Past{{Run: safe.Text(e.Name()), Problem: safe.Line(err.Error(), 200)}}
		}
		past = append(past, rows...)
	}
	slices.SortFunc(past, func(a, b Past) int {
		return slices.Compare([]string{a.Phone, a.Firmware, a.Run}, []string{b.Phone, b.Firmware, b.Run})
	})
	return past, nil
}

var errNoBundle = errors.New("not a bundle")

func pastOf(dir string) ([]Past, error) {
	if _, err := os.Lstat(filepath.Join(dir, planName)); errors.Is(err, fs.ErrNotExist) {
		return nil, errNoBundle
	}
	b, err := Open(dir)
	if err != nil {
		return nil, err
	}
	defer b.Release()
	v, err := b.stated()
	if err != nil {
		return nil, err
	}
	changed, err := b.changed()
	if err != nil {
		return nil, err
	}
	var out []Past
	for _, id := range b.phonesOf(v) {
		p := Past{Run: safe.Text(b.name), Changed: changed, Phone: id, Outcome: leak.Clean, Complete: v.Complete && !b.Partial()}
		lines, err := leak.ReadPhoneLines(b.FS(), id)
		if err != nil {
			return nil, err
		}
		if len(lines) > 0 {
			p.Model, p.Firmware = safe.Line(lines[0].Model, 60), safe.Line(lines[0].Firmware, 60)
		}
		for _, c := range v.Cells {
			if c.Phone != id {
				continue
			}
			p.Kind = c.Kind
			switch c.Outcome {
			case leak.Leaked:
				p.Leaked++
				p.Outcome = leak.Leaked
			case leak.Clean:
				p.Clean++
			default:
				p.Unclear++
				if p.Outcome != leak.Leaked {
					p.Outcome = leak.Inconclusive
				}
			}
		}
		out = append(out, p)
	}
	return out, nil
}

// changed names the first file of a closed bundle whose sum does not hold; empty if all do, or if it was never closed.
func (b *Bundle) changed() (string, error) {
	l, err := list(b.root)
	if err != nil {
		return "", err
	}
	problems := l.foreign
	bad := func(file, format string, args ...any) {
		problems = append(problems, Problem{file, fmt.Sprintf(format, args...)})
	}
	sums, err := readSums(b.root, sumsName)
	switch {
	case len(l.odd) > 0: // a pipe would keep us waiting
	case errors.Is(err, fs.ErrNotExist) && b.Partial():
	case errors.Is(err, fs.ErrNotExist):
		bad(sumsName, "it is missing")
	case err != nil:
		bad(sumsName, "%v", err)
	default:
		b.compareSums(l.files, sums, bad)
		if b.redacted() {
			b.checkRedacted(&Check{}, sums, bad)
		}
	}
	if len(problems) == 0 {
		return "", nil
	}
	first := slices.MinFunc(problems, func(x, y Problem) int { return strings.Compare(x.File, y.File) })
	first.Reason, _, _ = strings.Cut(first.Reason, ": ") // the digests say nothing in a list
	return safe.Line(first.String(), 200), nil
}

// HistoryText is the history for a terminal.
func HistoryText(past []Past) string {
	var b strings.Builder
	last := ""
	for _, p := range past {
		if p.Problem != "" {
			fmt.Fprintf(&b, "%s: %s\n", p.Run, p.Problem)
			continue
		}
		if head := p.Phone + "  " + p.Model + "  " + p.Firmware; head != last {
			kind := p.Kind
			if kind == leak.KindVirtual {
				kind = "VIRTUAL PHONE: proves the tool, not any vendor"
			}
			fmt.Fprintf(&b, "%s (%s)\n", head, kind)
			last = head
		}
		more := ""
		if !p.Complete {
			more = "  incomplete"
		}
		if p.Changed != "" {
			more += "  unverified: " + p.Changed
		}
		fmt.Fprintf(&b, "  %s  %-12s  %d leaked, %d inconclusive, %d clean%s\n", p.Run, p.Outcome, p.Leaked, p.Unclear, p.Clean, more)
	}
	return b.String()
}
