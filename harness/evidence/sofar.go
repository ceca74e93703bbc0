package evidence

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/telltale-farm/telltale/assertions/leak"
	"github.com/telltale-farm/telltale/capture/record"
)

// SoFar is what a phone's folder holds already when a run goes on in it. The zero value is an empty folder.
type SoFar struct {
	Recorded bool                   // there is a recording
	Ended    bool                   // the recording was closed, after what the phone said of itself at the end
	Attempts int64                  // the highest id of an attempt
	Flow     int64                  // the highest flow that an attempt's window names
	Canaries int                    // the highest number in the id of a canary
	Minted   map[leak.Key]int       // canaries of a cell
	Cells    map[leak.Key]CellSoFar // what was made of each cell
}

// CellSoFar is what was made of one cell.
type CellSoFar struct {
	Made    map[int]bool  // repeats that were carried to their end, whatever they showed, and not cut off behind it (leak.CutOff)
	Faulted map[int]int64 // of the other repeats the last attempt, which a fault ended, or the stop of the run behind it
	Longest int64         // window that was carried to its end, µs
}

// Left lists the repeats of a cell, of so many, that have no attempt that was carried to its end.
func (p SoFar) Left(key leak.Key, repeats int) (out []int) {
	for n := 1; n <= repeats; n++ {
		if !p.Cells[key].Made[n] {
			out = append(out, n)
		}
	}
	return out
}

// ReadSoFar reads what phones/<id>, rooted at fsys, holds. An unfinished last line is no record.
func ReadSoFar(fsys fs.FS) (SoFar, error) {
	p := SoFar{Minted: map[leak.Key]int{}, Cells: map[leak.Key]CellSoFar{}}
	var attempts []leak.Attempt
	err := errors.Join(
		linesSoFar(fsys, attemptsName, func(a leak.Attempt) {
			attempts = append(attempts, a)
			p.Attempts, p.Flow = max(p.Attempts, a.ID), max(p.Flow, a.Window.Last)
			c, ok := p.Cells[a.Key]
			if !ok {
				c = CellSoFar{Made: map[int]bool{}, Faulted: map[int]int64{}}
				p.Cells[a.Key] = c
			}
			switch {
			case a.Fault == nil:
				c.Made[a.Repeat] = true
				delete(c.Faulted, a.Repeat)
				c.Longest = max(c.Longest, a.Window.End-a.Window.Start)
				p.Cells[a.Key] = c
			case !c.Made[a.Repeat]:
				c.Faulted[a.Repeat] = a.ID
			}
		}),
		linesSoFar(fsys, secretsName, func(s leak.Secret) {
			if s.Role == leak.SecretIdentifier {
				return
			}
			p.Minted[s.Key]++
			if n, err := strconv.Atoi(strings.TrimPrefix(s.ID, "c")); err == nil {
				p.Canaries = max(p.Canaries, n)
			}
		}),
		linesSoFar(fsys, phoneName, func(l leak.Phone) { p.Ended = l.At == leak.AtEnd }),
	)
	if err != nil {
		return p, err
	}
	r, err := record.Open(fsys)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		p.Ended = false
		return p, nil
	case err != nil:
		return p, err
	}
	p.Recorded = true
	if _, err := r.Flows(); err != nil {
		return p, err
	}
	p.Ended = p.Ended && r.Closed()
	p.cutOff(attempts, append(slices.Clone(r.Resumes()), math.MaxInt64))
	return p, nil
}

// cutOff has those attempts made again behind which the recording stopped too soon: by then nobody listens to what their apps
// held back.
func (p *SoFar) cutOff(attempts []leak.Attempt, stops []int64) {
	again := leak.CutOff(attempts, stops)
	last := map[leak.Key]map[int]int64{} // attempt that carried a repeat to its end
	for i := range attempts {
		if a := &attempts[i]; a.Fault == nil {
			if last[a.Key] == nil {
				last[a.Key] = map[int]int64{}
			}
			last[a.Key][a.Repeat] = a.ID
		}
	}
	for key, repeats := range last {
		for n, id := range repeats {
			if slices.Contains(again, id) {
				delete(p.Cells[key].Made, n)
				p.Cells[key].Faulted[n] = id
			}
		}
	}
}

// linesSoFar gives each whole line of a file that may not be there.
func linesSoFar[T any](fsys fs.FS, name string, each func(T)) error {
	f, err := fsys.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	lines := bufio.NewReaderSize(io.LimitReader(f, soFarLimit), 64<<10)
	for n := 1; ; n++ {
		line, err := lines.ReadBytes('\n')
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("reading %s: %w", name, err)
		}
		var v T
		if err := json.Unmarshal(line, &v); err != nil {
			return fmt.Errorf("reading %s: line %d: %w", name, n, err)
		}
		each(v)
	}
}

// soFarLimit bounds what is read of one file.
const soFarLimit = 1 << 30

// ReadRun reads run.json of a bundle as it stands there.
func ReadRun(dir string) (Run, error) {
	b, err := Open(dir)
	if err != nil {
		return Run{}, err
	}
	defer b.Release()
	raw, err := b.read(runName)
	if err != nil {
		return Run{}, fmt.Errorf("reading %s of %s: %w", runName, b.name, err)
	}
	var run Run
	if err := json.Unmarshal(raw, &run); err != nil {
		return run, fmt.Errorf("reading %s of %s: %w", runName, b.name, err)
	}
	if run.Schema != Schema {
		return run, fmt.Errorf("reading %s of %s: schema %d is unknown; this telltale reads schema %d", runName, b.name, run.Schema, Schema)
	}
	return run, nil
}
