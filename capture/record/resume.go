package record

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/telltale-farm/telltale/capture/flow"
)

// Resume goes on with the recording in dir, whether it was closed or cut off. Nothing in it is rewritten: a line that
// was cut off stays, and a "resume" record after it says so. Numbers and times go on from the last ones. Flows that were
// open when the recording stopped read as ended then, by a fault of the harness, but for tunnels whose requests are flows
// of their own. Bodies that were not finished are removed: no line speaks of them.
func Resume(dir string, limits Limits) (*Writer, error) {
	w, err := resume(dir, limits.withDefaults())
	if err != nil {
		return nil, fmt.Errorf("resuming the recording in %s: %w", dir, err)
	}
	return w, nil
}

func resume(dir string, limits Limits) (_ *Writer, err error) {
	w := &Writer{limits: limits, started: time.Now()}
	defer func() {
		if err != nil {
			w.release()
		}
	}()
	if err := w.folders(dir); err != nil {
		return nil, err
	}
	if err := w.dropParts(); err != nil {
		return nil, err
	}
	r, err := Open(w.root.FS())
	if err != nil {
		return nil, err
	}
	flows, err := r.Flows()
	if err != nil {
		return nil, err
	}
	w.epoch = r.Epoch()
	w.offset = max(w.started.Sub(w.epoch).Microseconds(), r.last+1)
	for i := range flows {
		f := &flows[i]
		w.seq.Store(max(w.seq.Load(), f.Seq))
		w.conn.Store(max(w.conn.Load(), f.Conn))
		w.offset = max(w.offset, f.Start+1, f.Sent+1, f.End+1)
	}
	for conn := range r.apps { // a connection may have an app and no flow yet, and a new one must not inherit that
		w.conn.Store(max(w.conn.Load(), conn))
	}
	if w.file, err = w.root.OpenFile(flowsName, os.O_RDWR|os.O_APPEND, 0o600); err != nil {
		return nil, err
	}
	line := `{"rec":"` + recResume + `","schema":` + strconv.Itoa(flow.Schema) + `,"end_us":` + strconv.FormatInt(w.offset, 10) + "}\n"
	info, err := w.file.Stat()
	if err != nil {
		return nil, err
	}
	var last [1]byte
	if _, err := w.file.ReadAt(last[:], info.Size()-1); err != nil {
		return nil, err
	}
	if last[0] != '\n' {
		line = "\n" + line
	}
	if _, err := w.file.WriteString(line); err != nil {
		return nil, err
	}
	w.startTimer()
	return w, nil
}

// GoOnBehind makes the next flow's number higher than one that is known to have been given. A flow whose line was lost
// then leaves a hole, which a reader sees. It is for a writer that has recorded nothing yet.
func (w *Writer) GoOnBehind(seq int64) { w.seq.Store(max(w.seq.Load(), seq)) }

// dropParts removes unfinished bodies.
func (w *Writer) dropParts() error {
	d, err := w.bodies.Open(".")
	if err != nil {
		return err
	}
	defer d.Close()
	names, err := d.Readdirnames(-1)
	if err != nil {
		return err
	}
	for _, n := range names {
		if strings.HasPrefix(n, ".") && strings.HasSuffix(n, ".part") {
			if err := w.bodies.Remove(n); err != nil {
				return err
			}
		}
	}
	return nil
}

// resumed reads a resume record: what was open has ended, and the recording goes on.
func (m *merger) resumed(at int64, schema int) error {
	if schema != flow.Schema {
		return fmt.Errorf("schema %d, this program reads schema %d", schema, flow.Schema)
	}
	if at < 0 {
		return errors.New("a resume without its time")
	}
	parents := map[int64]bool{}
	for _, f := range m.flows {
		parents[f.Parent] = true
	}
	for _, f := range m.flows {
		if f.End >= 0 {
			continue
		}
		f.End = max(at, f.Start)
		// A tunnel whose requests are flows of their own was read, and has merely ended. Of anything else nobody knows
		// what more it carried.
		if f.Kind != flow.KindTunnel || !parents[f.Seq] {
			f.Fault, f.Error = flow.FaultHarness, "the recording was cut off"
		}
	}
	m.closed, m.last, m.resumes = false, at, append(m.resumes, at)
	return nil
}
