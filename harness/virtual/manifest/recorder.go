package manifest

import (
	"encoding/json"
	"fmt"
	"io"
	"sync"
)

// MaxEntries bounds a recorder. What comes later is counted as dropped.
const MaxEntries = 200_000

// Recorder collects the entries of one phone. Its methods may be called from any goroutine; a nil Recorder records nothing.
type Recorder struct {
	mu       sync.Mutex
	manifest Manifest
}

// NewRecorder returns the recorder of a phone.
func NewRecorder(phone, personality string) *Recorder {
	return &Recorder{manifest: Manifest{Schema: Schema, Phone: phone, Personality: personality, Entries: []Entry{}, Acts: []Act{}, Uploads: []Upload{}}}
}

// Add records an entry and returns its sequence number, or 0 when it was dropped.
func (r *Recorder) Add(e Entry) int64 {
	if r == nil {
		return 0
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.manifest.Entries) >= MaxEntries {
		r.manifest.Dropped++
		return 0
	}
	e.Seq = int64(len(r.manifest.Entries)) + 1
	e.Chain = append([]string{}, e.Chain...)
	r.manifest.Entries = append(r.manifest.Entries, e)
	return e.Seq
}

// Act records what was done on the phone.
func (r *Recorder) Act(a Act) {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.manifest.Acts) >= MaxEntries {
		r.manifest.Dropped++
		return
	}
	r.manifest.Acts = append(r.manifest.Acts, a)
}

// Upload records an attempt at a batch. What it returns writes down when its connection was closed.
func (r *Recorder) Upload(u Upload) (closed func(us int64)) {
	if r == nil {
		return func(int64) {}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.manifest.Uploads) >= MaxEntries {
		r.manifest.Dropped++
		return func(int64) {}
	}
	at := len(r.manifest.Uploads)
	r.manifest.Uploads = append(r.manifest.Uploads, u)
	return func(us int64) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.manifest.Uploads[at].ClosedUS = us
	}
}

// Update changes the entry that Add numbered. Sequence numbers that do not exist are ignored.
func (r *Recorder) Update(seq int64, change func(*Entry)) {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if seq < 1 || seq > int64(len(r.manifest.Entries)) {
		return
	}
	e := &r.manifest.Entries[seq-1]
	change(e)
	e.Seq = seq
}

// Manifest returns a copy of what was recorded so far.
func (r *Recorder) Manifest() Manifest {
	if r == nil {
		return NewRecorder("", "").manifest
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	m := r.manifest
	m.Entries = append([]Entry{}, m.Entries...)
	m.Acts, m.Uploads = append([]Act{}, m.Acts...), append([]Upload{}, m.Uploads...)
	return m
}

// WriteTo writes the manifest as indented JSON.
func (r *Recorder) WriteTo(w io.Writer) (int64, error) {
	data, err := json.MarshalIndent(r.Manifest(), "", "  ")
	if err != nil {
		return 0, fmt.Errorf("writing leak manifest: %w", err)
	}
	n, err := w.Write(append(data, '\n'))
	if err != nil {
		return int64(n), fmt.Errorf("writing leak manifest: %w", err)
	}
	return int64(n), nil
}
