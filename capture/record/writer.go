package record

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/telltale-farm/telltale/capture/flow"
)

// flushBytes is how much may wait in memory before a caller writes it itself.
const flushBytes = 256 << 10

// Writer appends to one phone's recording. Its methods may be called from many goroutines at once.
type Writer struct {
	limits  Limits
	root    *os.Root // phones/<id>
	bodies  *os.Root
	certs   *os.Root
	file    *os.File
	epoch   time.Time
	offset  int64     // us since epoch at started
	started time.Time // carries the monotonic clock

	seq  atomic.Int64
	conn atomic.Int64
	sent atomic.Int64 // us of the last byte the phone sent

	mu     sync.Mutex // guards what follows
	young  starts     // flows that began since the last flush
	buf    []byte     // lines not yet in the file
	spare  []byte     // the other buffer, while none is being written
	armed  bool       // a flush is under way or timed
	rushed bool       // it is under way
	closed bool
	err    error // the first error that lost something; it stays

	writing sync.Mutex // held while buf goes to the file, so that lines keep their order
	timer   *time.Timer

	known knownBodies
	parts atomic.Int64 // numbers the unfinished body files
	chain knownChains
}

// Create makes dir, which is phones/<id> of a bundle, with an empty recording in it. A recording that is there already
// is not touched: it is an error.
func Create(dir string, limits Limits) (*Writer, error) {
	w, err := create(dir, limits.withDefaults())
	if err != nil {
		return nil, fmt.Errorf("creating the recording in %s: %w", dir, err)
	}
	return w, nil
}

func create(dir string, limits Limits) (_ *Writer, err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	w := &Writer{limits: limits, started: time.Now()}
	w.epoch = w.started
	defer func() {
		if err != nil {
			w.release()
		}
	}()
	if err := w.folders(dir); err != nil {
		return nil, err
	}
	w.file, err = w.root.OpenFile(flowsName, os.O_WRONLY|os.O_CREATE|os.O_EXCL|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	open := `{"rec":"` + recOpen + `","schema":` + strconv.Itoa(flow.Schema) +
		`,"epoch_utc":"` + w.epoch.UTC().Format("2006-01-02T15:04:05.000000Z") + `"}` + "\n"
	if _, err = w.file.WriteString(open); err != nil {
		return nil, err
	}
	w.startTimer()
	return w, nil
}

// startTimer makes the timer that flushes, stopped.
func (w *Writer) startTimer() {
	w.timer = time.AfterFunc(time.Hour, w.flush)
	w.timer.Stop()
}

func (w *Writer) folders(dir string) (err error) {
	if w.root, err = os.OpenRoot(dir); err != nil {
		return err
	}
	if w.bodies, err = subRoot(w.root, bodiesName); err != nil {
		return err
	}
	w.certs, err = subRoot(w.root, certsName)
	return err
}

func subRoot(root *os.Root, name string) (*os.Root, error) {
	if err := root.Mkdir(name, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return nil, err
	}
	return root.OpenRoot(name)
}

// Limits gives the limits in force.
func (w *Writer) Limits() Limits { return w.limits }

// Epoch gives the moment that offsets count from.
func (w *Writer) Epoch() time.Time { return w.epoch }

// NextConn numbers a new connection of the phone, from 1.
func (w *Writer) NextConn() int64 { return w.conn.Add(1) }

// LastSeq gives the seq of the youngest flow, 0 before the first.
func (w *Writer) LastSeq() int64 { return w.seq.Load() }

// Begin gives f its seq and records that it began. End becomes -1.
func (w *Writer) Begin(f *flow.Flow) {
	f.End = -1
	w.mu.Lock()
	defer w.mu.Unlock()
	f.Seq = w.seq.Add(1)
	w.young.add(f)
	w.line(w.buf)
}

// Update records what is now known of a flow that goes on: that a tunnel is opaque, say, while it is still open.
func (w *Writer) Update(f *flow.Flow) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.line(appendRecord(w.young.write(w.buf, f.Seq), recUpdate, f))
}

// End records that f is over. An End of -1 becomes now.
func (w *Writer) End(f *flow.Flow) {
	if f.End < 0 {
		f.End = w.Now()
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.young.drop(f.Seq)
	w.line(appendRecord(w.buf, recEnd, f))
}

// App says which app made a connection.
type App struct {
	Package    string // empty when only candidates are known
	UID        int
	By         flow.Attribution
	Candidates []string
}

// App records which app the connection conn belongs to; it holds for all its flows, earlier ones too.
func (w *Writer) App(conn int64, app App) {
	w.mu.Lock()
	defer w.mu.Unlock()
	b := append(w.buf, `{"rec":"`+recApp+`"`...)
	b = appendInt(b, `,"conn":`, conn)
	b = optStr(b, `,"app":`, app.Package)
	b = optStr(b, `,"app_by":`, string(app.By))
	b = optInt(b, `,"uid":`, int64(app.UID))
	b = optStrings(b, `,"candidates":`, app.Candidates)
	w.line(append(b, '}', '\n'))
}

// line takes the buffer that a line was appended to, and sees to it that it reaches the file. The caller holds mu.
func (w *Writer) line(b []byte) {
	if w.closed {
		w.fail(errors.New("a record came after the recording was closed"))
		return
	}
	w.buf = b
	if len(b)+w.young.bytes() >= flushBytes && !w.rushed {
		w.rushed = true
		w.timer.Stop()
		w.armed = true
		go w.flush()
		return
	}
	if !w.armed {
		w.armed = true
		w.timer.Reset(w.limits.Flush)
	}
}

// flush writes the waiting lines to the file.
func (w *Writer) flush() {
	w.writing.Lock()
	defer w.writing.Unlock()
	w.mu.Lock()
	b := w.young.writeAll(w.buf)
	w.buf, w.spare = w.spare[:0], nil
	w.armed, w.rushed = false, false
	w.mu.Unlock()
	if len(b) == 0 {
		return
	}
	_, err := w.file.Write(b)
	w.mu.Lock()
	defer w.mu.Unlock()
	if cap(b) <= 4*flushBytes {
		w.spare = b[:0]
	}
	if err != nil {
		w.fail(fmt.Errorf("writing %s: %w", flowsName, err))
	}
}

// fail keeps the first error. The caller holds mu.
func (w *Writer) fail(err error) {
	if w.err == nil {
		w.err = err
	}
}

func (w *Writer) failed(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.fail(err)
}

// Err gives the first error that lost a record, or nil. After one, nothing this recording says can support "clean".
func (w *Writer) Err() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.err
}

// Sync brings every record made so far to the file and the file to the disk, so that a reader sees all of it. After
// Close it does nothing.
func (w *Writer) Sync() error {
	w.mu.Lock()
	closed := w.closed
	w.mu.Unlock()
	if closed {
		return w.Err()
	}
	return w.sync()
}

func (w *Writer) sync() error {
	w.flush()
	if err := w.file.Sync(); err != nil {
		w.failed(fmt.Errorf("syncing %s: %w", flowsName, err))
	}
	return w.Err()
}

// Close records that the recording ended in order, and closes it. One that lost a record, on a full disk perhaps, did not:
// it stays open for whoever reads it. Whoever still writes gets an error from Err.
func (w *Writer) Close() error {
	w.mu.Lock()
	if w.closed {
		defer w.mu.Unlock()
		return w.err
	}
	w.buf = w.young.writeAll(w.buf)
	w.closed = true
	w.timer.Stop()
	w.mu.Unlock()
	err := w.sync()
	if err == nil {
		w.mu.Lock()
		w.buf = appendInt(append(w.buf, `{"rec":"`+recClose+`"`...), `,"end_us":`, w.Now())
		w.buf = append(w.buf, '}', '\n')
		w.mu.Unlock()
		err = w.sync()
	}
	w.release()
	return err
}

func (w *Writer) release() {
	if w.file != nil {
		_ = w.file.Close()
	}
	for _, r := range []*os.Root{w.bodies, w.certs, w.root} {
		if r != nil {
			_ = r.Close()
		}
	}
}
