package record

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"time"

	"github.com/telltale-farm/telltale/capture/flow"
)

// Reader reads one phone's recording, also while it is being written. It holds nothing open between calls.
type Reader struct {
	fsys       fs.FS
	epoch      time.Time
	incomplete bool
	closed     bool
	last       int64 // time of the last close or resume
	resumes    []int64
	apps       map[int64]App
}

// Open looks at the first line of the recording in fsys, which is rooted at phones/<id>.
func Open(fsys fs.FS) (*Reader, error) {
	r := &Reader{fsys: fsys}
	f, err := fsys.Open(flowsName)
	if err != nil {
		return nil, fmt.Errorf("opening the recording: %w", err)
	}
	defer f.Close()
	line, err := newLines(f).next()
	if err != nil {
		return nil, fmt.Errorf("reading the first line of %s: %w", flowsName, err)
	}
	if err := r.open(line); err != nil {
		return nil, fmt.Errorf("%s: line 1: %w", flowsName, err)
	}
	return r, nil
}

func (r *Reader) open(line []byte) error {
	var open struct {
		Rec    string    `json:"rec"`
		Schema int       `json:"schema"`
		Epoch  time.Time `json:"epoch_utc"`
	}
	if err := json.Unmarshal(line, &open); err != nil {
		return err
	}
	if open.Rec == recOpen && open.Schema == flow.Schema {
		if err := strict(line, &open); err != nil {
			return err
		}
	}
	if open.Rec != recOpen {
		return fmt.Errorf("want the record %q, got %q", recOpen, open.Rec)
	}
	if open.Schema != flow.Schema {
		return fmt.Errorf("schema %d, this program reads schema %d", open.Schema, flow.Schema)
	}
	r.epoch = open.Epoch
	return nil
}

// Epoch gives the moment that offsets count from.
func (r *Reader) Epoch() time.Time { return r.epoch }

// Incomplete says that the last Flows call found an unfinished last line: the writer was killed, or is writing. Where a
// recording went on behind a line that was cut off, the flows that had been open say so.
func (r *Reader) Incomplete() bool { return r.incomplete }

// Closed says that the last Flows call found the mark of a recording that ended in order.
func (r *Reader) Closed() bool { return r.closed }

// Resumes gives the times, in microseconds since the epoch, at which the last Flows call found the recording to go on after
// it had been closed or cut off.
func (r *Reader) Resumes() []int64 { return r.resumes }

// Flows gives every flow as last recorded, sorted by seq. Flows that had no end have End -1.
func (r *Reader) Flows() ([]flow.Flow, error) {
	f, err := r.fsys.Open(flowsName)
	if err != nil {
		return nil, fmt.Errorf("opening the recording: %w", err)
	}
	defer f.Close()
	r.incomplete, r.closed = false, false
	m := merger{flows: map[int64]*flow.Flow{}, apps: map[int64]App{}}
	lines := newLines(f)
	var torn error // of the line before: it was cut off if a resume follows
	for n := 1; ; n++ {
		line, err := lines.next()
		if torn != nil && (err != nil || !bytes.HasPrefix(line, []byte(`{"rec":"`+recResume+`"`))) {
			return nil, torn
		}
		torn = nil
		switch {
		case errors.Is(err, errUnfinished):
			r.incomplete, r.resumes, r.apps = true, m.resumes, m.apps
			return m.result(), nil
		case err == io.EOF:
			r.closed, r.last, r.resumes, r.apps = m.closed, m.last, m.resumes, m.apps
			return m.result(), nil
		case err != nil:
			return nil, fmt.Errorf("%s: line %d: %w", flowsName, n, err)
		case n == 1:
			err = r.open(line)
		default:
			err = m.add(line)
		}
		if err != nil {
			torn = fmt.Errorf("%s: line %d: %w", flowsName, n, err)
		}
	}
}

// merger turns records into flows.
type merger struct {
	flows  map[int64]*flow.Flow
	apps   map[int64]App
	closed bool
	last   int64 // time of the last close or resume

	resumes []int64
}

func (m *merger) add(line []byte) error {
	rec, err := recordName(line)
	if err != nil {
		return err
	}
	if m.closed && rec != recResume {
		return errors.New("a record after the recording was closed")
	}
	switch rec {
	case recClose, recResume:
		var mark struct {
			Rec    string `json:"rec"`
			Schema int    `json:"schema"`
			End    int64  `json:"end_us"`
		}
		if err := strict(line, &mark); err != nil {
			return err
		}
		if rec == recResume {
			return m.resumed(mark.End, mark.Schema)
		}
		m.closed, m.last = true, mark.End
		return nil
	case recApp:
		return m.app(line)
	case recStart, recUpdate, recEnd:
	default:
		return fmt.Errorf("unknown record %q", rec)
	}
	f := new(flow.Flow)
	record := struct {
		Rec string `json:"rec"`
		*flow.Flow
	}{Flow: f}
	if err := strict(line, &record); err != nil {
		return err
	}
	old := m.flows[f.Seq]
	switch {
	case f.Seq < 1:
		return fmt.Errorf("a flow with seq %d", f.Seq)
	case rec == recStart && old != nil:
		return fmt.Errorf("flow %d starts twice", f.Seq)
	case rec == recUpdate && old == nil:
		return fmt.Errorf("flow %d has an update but no start", f.Seq)
	case rec != recStart && old != nil && old.End >= 0:
		return fmt.Errorf("flow %d goes on after its end", f.Seq)
	case rec == recEnd && f.End < 0:
		return fmt.Errorf("the end of flow %d gives no time", f.Seq)
	case rec != recEnd:
		f.End = -1
	}
	m.flows[f.Seq] = f
	return nil
}

// recordName reads the value of "rec", which our writer puts first.
func recordName(line []byte) (string, error) {
	const head = `{"rec":"`
	rest, ok := bytes.CutPrefix(line, []byte(head))
	name, _, ok2 := bytes.Cut(rest, []byte{'"'})
	if !ok || !ok2 || len(name) > 16 {
		return "", fmt.Errorf("a line does not begin with %s", head)
	}
	return string(name), nil
}

func (m *merger) app(line []byte) error {
	var a struct {
		Rec        string           `json:"rec"`
		Conn       int64            `json:"conn"`
		App        string           `json:"app"`
		By         flow.Attribution `json:"app_by"`
		UID        int              `json:"uid"`
		Candidates []string         `json:"candidates"`
	}
	if err := strict(line, &a); err != nil {
		return err
	}
	m.apps[a.Conn] = App{Package: a.App, UID: a.UID, By: a.By, Candidates: a.Candidates}
	return nil
}

func (m *merger) result() []flow.Flow {
	out := make([]flow.Flow, 0, len(m.flows))
	for _, f := range m.flows {
		if a, ok := m.apps[f.Conn]; ok {
			f.App, f.AppBy, f.UID, f.Candidates = a.Package, a.By, a.UID, a.Candidates
		}
		out = append(out, *f)
	}
	slices.SortFunc(out, func(a, b flow.Flow) int { return int(min(1, max(-1, a.Seq-b.Seq))) })
	return out
}

var (
	errUnfinished = errors.New("the line is not finished")
	errLong       = fmt.Errorf("longer than %d bytes", maxLine)
	errMany       = fmt.Errorf("more than %d lines", maxLines)
)

// lines splits a file into lines of bounded length and number.
type lines struct {
	r    *bufio.Reader
	long []byte
	n    int
}

func newLines(r io.Reader) *lines { return &lines{r: bufio.NewReaderSize(r, 256<<10)} }

// next gives a line without its end, valid until the next call; io.EOF after the last, errUnfinished for a last line
// without an end.
func (l *lines) next() ([]byte, error) {
	if l.n++; l.n > maxLines {
		return nil, errMany
	}
	l.long = l.long[:0]
	for {
		part, err := l.r.ReadSlice('\n')
		if err == nil && len(l.long) == 0 {
			return part[:len(part)-1], nil
		}
		l.long = append(l.long, part...)
		switch {
		case len(l.long) > maxLine:
			return nil, errLong
		case err == nil:
			return l.long[:len(l.long)-1], nil
		case err == io.EOF && len(l.long) == 0:
			return nil, io.EOF
		case err == io.EOF:
			return nil, errUnfinished
		case err != bufio.ErrBufferFull:
			return nil, err
		}
	}
}
